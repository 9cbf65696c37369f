"""The tables of jobs."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from service.cli.queries import PREFIX_LENGTH, Row
from service.terminal.output import (
    NOTHING,
    Terminal,
    shown_count,
    shown_seconds,
    shown_time,
)
from service.terminal.table_layout import Column


def show_jobs(terminal: Terminal, jobs: Sequence[Row]) -> None:
    columns = (
        Column("job"),
        Column("status"),
        Column("outcome"),
        Column("triggered"),
        Column("provider"),
        Column("held", right=True),
        Column("by", fixed=False, optional=True),
        Column("seconds", right=True, optional=True),
        Column("updated", right=True, optional=True),
        Column("skipped", right=True, optional=True),
        Column("error", fixed=False, optional=True),
    )
    terminal.table(
        columns,
        [
            (
                shown_job(terminal, job["job_id"]),
                job["status"],
                job["outcome"] or NOTHING,
                shown_time(job["triggered_at"]),
                _shown_providers(job),
                shown_count(job["models_held"]),
                job["triggered_by"],
                shown_seconds(job["duration_seconds"]),
                shown_count(job["models_updated"]),
                shown_count(job["models_skipped"]),
                job["error_message"] or NOTHING,
            )
            for job in jobs
        ],
    )


def _shown_providers(job: Row) -> str:
    """The one provider of a job, or how many of them have succeeded."""
    if job["providers_total"] == 1:
        return str(job["provider_slug"])
    return f"{len(job['providers_synced'])} of {job['providers_total']}"


def shown_job(terminal: Terminal, job_id: UUID | None) -> str:
    """A job's id: its first digits on a terminal, which ``status`` takes; whole in a pipe."""
    if job_id is None:
        return NOTHING
    return str(job_id)[:PREFIX_LENGTH] if terminal.is_live else str(job_id)
