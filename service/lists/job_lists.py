"""The lists of jobs."""

from __future__ import annotations

from service.lists.list_query import Filter, ListQuery, Sort, SortColumn

NEWEST_JOB: Sort = (
    SortColumn("triggered_at", "timestamptz", descending=True),
    SortColumn("job_id", "uuid", descending=True),
)

SYNCS = ListQuery(
    view="pricing_sync_progress",
    row_id="job_id",
    columns=(
        "job_id",
        "status",
        "outcome",
        "finished",
        "provider_slug",
        "triggered_by",
        "triggered_at",
        "started_at",
        "completed_at",
        "duration_seconds",
        "dry_run",
        "providers_total",
        "providers_synced",
        "providers_failed",
        "models_fetched",
        "models_updated",
        "models_skipped",
        "models_held",
        "total_errors",
        "error_message",
        "progress_percent",
    ),
    filters={
        "provider": Filter("Only jobs that sync this provider.", "providers @> array[{value}]"),
        "status": Filter(
            "Only jobs in this state; active: queued or in progress.",
            choices={
                "queued": "status = 'queued'",
                "in_progress": "status = 'running'",
                "active": "status in ('queued', 'running')",
                "completed": "status = 'completed'",
                "success": "status = 'completed'",
                "failed": "status = 'failed'",
                "cancelled": "status = 'cancelled'",
            },
        ),
        "outcome": Filter(
            "Only jobs that ended so.",
            choices={
                word: f"outcome = '{word}'"
                for word in ("success", "partial", "failed", "cancelled")
            },
        ),
        "since": Filter(
            "Only jobs triggered from this time on.", "triggered_at >= {value}", "timestamptz"
        ),
        "until": Filter(
            "Only jobs triggered before this time.", "triggered_at < {value}", "timestamptz"
        ),
    },
    sorts={"newest": NEWEST_JOB},
)

PROVIDERS = ListQuery(
    view="pricing_provider_status",
    columns=(
        "provider",
        "name",
        "adapter",
        "base_url",
        "enabled",
        "state",
        "credential_variable",
        "has_credential",
        "price_api",
        "interval_seconds",
        "timeout_seconds",
        "sync_jitter",
        "review_first",
        "guards_enabled",
        "guard_large_ratio",
        "guard_unit_ratio",
        "guard_lowest_per_1m",
        "guard_highest_per_1m",
        "next_sync_at",
        "next_allowed_at",
        "last_success_at",
        "last_changed_at",
        "due_at",
        "is_stale",
        "why",
        "consecutive_failures",
        "last_sync_at",
        "last_sync_status",
        "last_error_kind",
        "last_error_message",
        "last_job_id",
        "open_sync_status",
        "open_job_id",
        "models",
        "models_priced",
        "models_held",
        "models_rejected",
        "oldest_held_at",
        "stands_still",
        "unknown_keys",
    ),
    filters={
        "provider": Filter("Only this provider.", "provider = {value}"),
        "state": Filter(
            "Only in this state; stale: not confirmed in time; held: changes wait.",
            choices={
                **{
                    word: f"state = '{word}'"
                    for word in ("ok", "failing", "no_credentials", "no_price_api", "disabled")
                },
                "stale": "is_stale",
                "held": "models_held > 0",
            },
        ),
    },
    sorts={"name": (SortColumn("provider"),)},
)

WORKERS = ListQuery(
    view="pricing_workers",
    columns=("worker_id", "last_heartbeat", "is_alive", "lease_ends_at", "running"),
    sorts={"worker": (SortColumn("worker_id", "bigint"),)},
    documents=frozenset({"running"}),
)
