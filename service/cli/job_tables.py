"""The tables of jobs."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from service.calls.jobs import Job
from service.cli.queries import PREFIX_LENGTH
from service.terminal.output import (
    NOTHING,
    Column,
    Terminal,
    shown_count,
    shown_seconds,
    shown_time,
)


def show_jobs(terminal: Terminal, jobs: Sequence[Job]) -> None:
    columns = (
        Column("job"),
        Column("status"),
        Column("outcome"),
        Column("triggered"),
        Column("by", fixed=False),
        Column("seconds", right=True, optional=True),
        Column("providers", right=True, optional=True),
        Column("updated", right=True, optional=True),
        Column("skipped", right=True, optional=True),
    )
    terminal.table(
        columns,
        [
            (
                shown_job(terminal, job.job_id),
                job.status,
                job.outcome or NOTHING,
                shown_time(job.triggered_at),
                job.triggered_by,
                shown_seconds(job.duration_seconds),
                f"{len(job.providers_synced)}/{job.providers_total}",
                shown_count(job.models_updated),
                shown_count(job.models_skipped),
            )
            for job in jobs
        ],
    )


def shown_job(terminal: Terminal, job_id: UUID | None) -> str:
    """A job's id: its first digits on a terminal, which ``status`` takes; whole in a pipe."""
    if job_id is None:
        return NOTHING
    return str(job_id)[:PREFIX_LENGTH] if terminal.is_live else str(job_id)
