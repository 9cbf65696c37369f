"""Reads jobs, providers and counts, and follows a job to its end, for commands and ``up``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from service.database_address.address import DatabaseAddress
from service.errors import DatabaseUnavailable, PricingError
from service.postgres.connect import connect, refusals

FOLLOW_SECONDS = 0.2
# While the database is away: the pause between two connects, and the longest wait.
RECONNECT_SECONDS = 1.0
LONGEST_OUTAGE_SECONDS = 60.0

_JOB = """
select job_id, status, outcome, finished, triggered_by, triggered_at, started_at, completed_at,
       duration_seconds::float8, dry_run, providers_total, providers_synced, providers_failed,
       models_fetched, models_updated, models_skipped, total_errors, error_message, progress_percent
from public.pricing_sync_progress
"""

_PROVIDER_SYNCS = """
select provider, status, attempt, models_fetched, models_updated, models_unchanged, models_held,
       models_skipped, errors, error_kind, error_message, duration_ms, sync_started_at,
       differences_total, differences, models_rejected
from public.pricing_provider_syncs
where job_id = %(job_id)s
order by provider
"""


@dataclass(frozen=True)
class Job:
    """One row of ``pricing_sync_progress``; ``providers_*`` as there."""

    job_id: UUID
    status: str
    outcome: str | None
    finished: bool
    triggered_by: str
    triggered_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    duration_seconds: float | None
    dry_run: bool
    providers_total: int
    providers_synced: list[str]
    providers_failed: list[str]
    models_fetched: int
    models_updated: int
    models_skipped: int
    total_errors: int
    error_message: str | None
    progress_percent: int


@dataclass(frozen=True)
class ProviderSync:
    """One provider's part of a job: its newest attempt. ``differences`` only in a dry run.

    ``models_held`` includes ``models_rejected``: changes that a person has rejected earlier.
    """

    provider: str
    status: str
    attempt: int = 1
    models_fetched: int = 0
    models_updated: int = 0
    models_unchanged: int = 0
    models_held: int = 0
    models_skipped: int = 0
    errors: int = 0
    error_kind: str | None = None
    error_message: str | None = None
    duration_ms: float | None = None
    sync_started_at: datetime | None = None
    differences_total: int | None = None
    differences: list[dict[str, Any]] | None = None
    models_rejected: int = 0


def read_job(connection: psycopg.Connection, job_id: UUID) -> Job | None:
    jobs = _read_jobs(connection, "where job_id = %(job_id)s", {"job_id": job_id})
    return jobs[0] if jobs else None


def open_jobs(connection: psycopg.Connection) -> list[Job]:
    """The queued and running jobs, oldest first."""
    return _read_jobs(
        connection, "where status in ('queued', 'running') order by triggered_at, job_id", {}
    )


def last_jobs(connection: psycopg.Connection, limit: int) -> list[Job]:
    """The last ended jobs, newest first."""
    return _read_jobs(
        connection,
        "where status not in ('queued', 'running') order by triggered_at desc, job_id"
        " limit %(limit)s",
        {"limit": limit},
    )


def jobs_between(connection: psycopg.Connection, first: UUID, last: UUID) -> list[UUID]:
    """At most two job ids of this range: enough to tell none, one and several apart."""
    with refusals():
        rows = connection.execute(
            "select job_id from public.pricing_sync_progress where job_id between %s and %s"
            " order by job_id limit 2",
            [first, last],
        ).fetchall()
    return [row[0] for row in rows]


def provider_syncs(connection: psycopg.Connection, job_id: UUID) -> list[ProviderSync]:
    """The provider syncs of a job, by provider."""
    with refusals(), connection.cursor(row_factory=class_row(ProviderSync)) as cursor:
        return cursor.execute(_PROVIDER_SYNCS, {"job_id": job_id}).fetchall()


def syncable_providers(connection: psycopg.Connection) -> list[str]:
    """The slugs that a trigger without a list would sync, sorted."""
    with refusals():
        rows = connection.execute(
            "select slug from public.pricing_syncable_providers order by slug"
        ).fetchall()
    return [row[0] for row in rows]


def missing_credentials(connection: psycopg.Connection) -> list[tuple[str, str]]:
    """The providers that are not synced for want of a credential, each with its variable."""
    with refusals():
        return connection.execute(
            "select slug, credential_variable from public.pricing_missing_credentials order by slug"
        ).fetchall()


@dataclass(frozen=True)
class Waiting:
    """What waits for a person; ``rejected``: what was rejected and is still listed."""

    held: int
    rejected: int
    oldest_held_seconds: int | None
    standing_still: list[str]


def read_waiting(connection: psycopg.Connection) -> Waiting:
    with refusals(), connection.cursor(row_factory=class_row(Waiting)) as cursor:
        row = cursor.execute(
            "select held, rejected, oldest_held_seconds, standing_still"
            " from public.pricing_waiting_summary()"
        ).fetchone()
    return Waiting(0, 0, None, []) if row is None else row


def workers_alive(connection: psycopg.Connection) -> int:
    with refusals():
        row = connection.execute("select public.pricing_workers_alive()").fetchone()
    return 0 if row is None else int(row[0])


def follow_job(
    address: DatabaseAddress | str, job_id: UUID, while_away: Callable[[], None] | None = None
) -> Iterator[tuple[Job, list[ProviderSync]]]:
    """Yield the job and its provider syncs every FOLLOW_SECONDS, and last as it ended.

    Waits LONGEST_OUTAGE_SECONDS for a database that is away, and calls ``while_away`` about once a
    second meanwhile; then raises DatabaseUnavailable. PricingError if the job was pruned.
    """
    lost_at: float | None = None
    while True:
        try:
            with connect(address, autocommit=True) as connection:
                while True:
                    job = read_job(connection, job_id)
                    lost_at = None
                    if job is None:
                        raise PricingError(f"Job {job_id} is gone: it was pruned.")
                    yield job, provider_syncs(connection, job_id)
                    if job.finished:
                        return
                    time.sleep(FOLLOW_SECONDS)
        except DatabaseUnavailable:
            lost_at = lost_at or time.monotonic()
            if time.monotonic() - lost_at > LONGEST_OUTAGE_SECONDS:
                raise
            if while_away is not None:
                while_away()
            time.sleep(RECONNECT_SECONDS)


def _read_jobs(
    connection: psycopg.Connection, condition: str, arguments: dict[str, Any]
) -> list[Job]:
    with refusals(), connection.cursor(row_factory=class_row(Job)) as cursor:
        return cursor.execute((_JOB + condition).encode(), arguments).fetchall()
