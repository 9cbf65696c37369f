"""Let time pass in the database without waiting."""

from __future__ import annotations

from tests.db.pricing import Pricing

# Times that things are counted from; next_sync_at and next_allowed_at are fixed moments and stay.
_MOMENTS = {
    "public.pricing_sync_jobs": ("triggered_at", "started_at", "completed_at", "stopped_at"),
    "public.pricing_sync_log": ("queued_at", "sync_started_at", "sync_completed_at", "applied_at"),
    "public.pricing_idempotency_keys": ("used_at",),
    "public.pricing_scheduler_ticks": ("last_tick_at", "last_enqueued_at", "last_pruned_at"),
    "public.pricing_low_water_mark": ("checked_at",),
    "procrastinate.procrastinate_events": ("at",),
}


def time_passes(pricing: Pricing, interval: str, *, workers_live: bool = True) -> None:
    """Move every recorded time this far into the past.

    With ``workers_live=False`` heartbeats too, as if no worker had sent one since.
    """
    moments = dict(_MOMENTS)
    if not workers_live:
        moments["procrastinate.procrastinate_workers"] = ("last_heartbeat",)
    with pricing.connection.transaction():
        # Triggers are off: only time passes.
        pricing.do("set local session_replication_role = replica")
        for table, columns in moments.items():
            shifted = ", ".join(f"{column} = {column} - %s::interval" for column in columns)
            pricing.do(f"update {table} set {shifted}", *[interval] * len(columns))
