"""The lists of jobs."""

from __future__ import annotations

from service.lists.list_query import Filter, ListQuery, Sort, SortColumn

NEWEST_JOB: Sort = (
    SortColumn("triggered_at", "timestamptz", descending=True),
    SortColumn("job_id", "uuid", descending=True),
)

SYNCS = ListQuery(
    view="pricing_sync_progress",
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
