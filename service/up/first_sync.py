"""The first sync of ``up``: one job for the providers that are due, then one for the catalogue.

The schedule of the worker that ``up`` starts does not enqueue the same syncs again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import psycopg

from service.calls.job_actions import tick_schedule, trigger_sync
from service.calls.jobs import last_jobs, open_jobs, provider_syncs, read_job, syncable_providers
from service.calls.providers import read_providers
from service.errors import DatabaseRefused
from service.postgres.sqlstates import REJECTED
from service.postgres.timestamps import utc_text
from service.providers.adapter import CATALOGUE

TRIGGERED_BY = "up"

# How many of the last jobs are looked at.
LOOKED_AT = 20


def first_groups(connection: psycopg.Connection, *, only_due: bool) -> list[list[str]]:
    """The providers of each job; the catalogue last, because it fills in what others lack."""
    providers = syncable_providers(connection)
    if only_due:
        now = datetime.now(UTC)
        waiting = {
            row["provider"]
            for row in read_providers(connection)
            if row["next_sync_at"] is not None and row["next_sync_at"] > now
        }
        providers = [provider for provider in providers if provider not in waiting]
    others = [provider for provider in providers if provider != CATALOGUE]
    last = [provider for provider in providers if provider == CATALOGUE]
    return [group for group in (others, last) if group]


def told_next_sync(connection: psycopg.Connection) -> str:
    """A sentence for a start at which nothing is due."""
    syncable = syncable_providers(connection)
    due = [
        (row["next_sync_at"], row["provider"])
        for row in read_providers(connection)
        if row["provider"] in syncable and row["next_sync_at"] is not None
    ]
    if not due:
        return "No provider is to be synced: `providers` shows why, `providers enable` enables one."
    at, provider = min(due)
    return f"No sync is due; the next is that of {provider}, at {utc_text(at)}."


def trigger_group(
    connection: psycopg.Connection, providers: list[str], *, after: UUID | None = None
) -> UUID:
    """The job that syncs these providers: a new one, or an equivalent one that exists.

    ``after``: the job before it. The schedule may have enqueued the catalogue when that ended.
    """
    if providers == [CATALOGUE]:
        job_id = _only_sync(connection, CATALOGUE, after)
    else:
        # A job that still waits from an interrupted run is joined.
        job_id = _trigger(connection, providers, on_conflict="coalesce")
    # Mark their slots as served, also for a sync that ends before the worker ticks.
    tick_schedule(connection)
    return job_id


def _only_sync(connection: psycopg.Connection, provider: str, after: UUID | None) -> UUID:
    job_id = _as_good(connection, provider, after)
    if job_id is not None:
        return job_id
    try:
        return _trigger(connection, [provider], on_conflict="reject")
    except DatabaseRefused as refused:
        if refused.code != REJECTED:
            raise
    # Another sync came in between, or a dry run is in the way.
    job_id = _as_good(connection, provider, after)
    return job_id or _trigger(connection, [provider], on_conflict="coalesce")


def _as_good(connection: psycopg.Connection, provider: str, after: UUID | None) -> UUID | None:
    """A job with a sync of the provider that waits, or was triggered later than ``after``."""
    jobs = open_jobs(connection)
    before = None if after is None else read_job(connection, after)
    if before is not None:
        found = [*jobs, *last_jobs(connection, LOOKED_AT)]
        jobs = [
            job for job in found if job.status == "queued" or job.triggered_at > before.triggered_at
        ]
    for job in jobs:
        names = [sync.provider for sync in provider_syncs(connection, job.job_id)]
        if provider in names and not job.dry_run:
            return job.job_id
    return None


def _trigger(connection: psycopg.Connection, providers: list[str], *, on_conflict: str) -> UUID:
    return trigger_sync(connection, providers, triggered_by=TRIGGERED_BY, on_conflict=on_conflict)
