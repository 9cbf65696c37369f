"""Time that passes without anybody waiting for it."""

from __future__ import annotations

from tests.db.pricing import Pricing

# What is counted from a moment; next_sync_at and next_allowed_at are agreed moments, and stay.
_MOMENTS = {
    "public.pricing_sync_jobs": ("triggered_at", "started_at", "completed_at", "stopped_at"),
    "public.pricing_sync_log": ("queued_at", "sync_started_at", "sync_completed_at", "applied_at"),
    "public.pricing_idempotency_keys": ("used_at",),
    "public.pricing_scheduler_ticks": ("last_tick_at", "last_enqueued_at", "last_pruned_at"),
    "procrastinate.procrastinate_events": ("at",),
}


def time_passes(pricing: Pricing, interval: str, *, workers_live: bool = True) -> None:
    """Let all that has happened be this much longer ago.

    Heartbeats only with ``workers_live=False``: nobody has shown himself since.
    """
    moments = dict(_MOMENTS)
    if not workers_live:
        moments["procrastinate.procrastinate_workers"] = ("last_heartbeat",)
    with pricing.connection.transaction():
        # Past the triggers: nothing happens but that time passes.
        pricing.do("set local session_replication_role = replica")
        for table, columns in moments.items():
            shifted = ", ".join(f"{column} = {column} - %s::interval" for column in columns)
            pricing.do(f"update {table} set {shifted}", *[interval] * len(columns))
