"""Statements of operators in the SQL editor: cancel, retry, mark as failed, release locks."""

from __future__ import annotations

from collections import Counter
from random import Random

import psycopg
from psycopg.rows import DictRow

_OPEN_JOB = """
select job_id from public.pricing_sync_jobs
where status in ('queued', 'running') order by random() limit 1
"""
_ENDED_JOB = """
select job_id from public.pricing_sync_jobs
where status in ('failed', 'cancelled') or outcome = 'partial'
order by triggered_at desc limit 1
"""
_RUNNING_ROW = """
select id from procrastinate.procrastinate_jobs
where task_name = 'sync_provider' and status = 'doing' order by random() limit 1
"""

MAKE_DUE = "make a provider due"

# A query that finds a row, and the statement run on it: operators paste some, programs call others.
_STATEMENTS: dict[str, tuple[str | None, str]] = {
    "cancel": (_OPEN_JOB, "select public.cancel_pricing_sync(%s)"),
    "retry": (_ENDED_JOB, "select public.retry_pricing_sync(%s)"),
    "mark as failed": (
        _OPEN_JOB,
        "update pricing_sync_jobs set status = 'failed', completed_at = now(),"
        " error_message = 'Manually marked as failed - appeared stuck' where job_id = %s",
    ),
    "mark as cancelled": (
        _OPEN_JOB,
        "update pricing_sync_jobs set status = 'cancelled' where job_id = %s",
    ),
    "release a lock": (
        "select lock_key from pricing_sync_lock order by random() limit 1",
        "delete from pricing_sync_lock where lock_key = %s",
    ),
    MAKE_DUE: (
        "select slug from pricing_providers where enabled order by random() limit 1",
        "update pricing_providers set next_sync_at = now() where slug = %s",
    ),
    "clean up": (None, "select * from public.cleanup_stuck_pricing_syncs()"),
    "clean up locks": (None, "select public.cleanup_expired_pricing_locks()"),
    "clean up all over 5 minutes": (None, "select * from public.cleanup_stuck_pricing_syncs(5)"),
    "abort by the engine": (
        _RUNNING_ROW,
        "select procrastinate.procrastinate_cancel_job_v1(%s, true, false)",
    ),
}
STATEMENTS = tuple(_STATEMENTS)

# Refusals: another session was faster or has the lock, or there is nothing to do.
REFUSALS = ("PT404", "PT409", "PT422", "PT429", "55P03")


def run_statement(
    connection: psycopg.Connection[DictRow], name: str, slots: Counter[str]
) -> str | None:
    """Run one statement; returns what happened, None when no row was found.

    ``slots`` counts how often each provider was made due.
    """
    find, statement = _STATEMENTS[name]
    arguments: list[object] = []
    if find is not None:
        found = connection.execute(find.encode()).fetchone()
        if found is None:
            return None
        arguments = list(found.values())
    if name == MAKE_DUE:
        # Counted first: after a lost connection the outcome is unknown.
        slots[str(arguments[0])] += 1
    try:
        done = connection.execute(statement.encode(), arguments)
    except psycopg.Error as error:
        if error.sqlstate not in REFUSALS:
            raise
        return f"{name} {arguments}: {error.sqlstate}"
    return f"{name} {arguments}: {done.rowcount}"


def draw_statement(random: Random) -> str:
    return random.choice(STATEMENTS)


def open_syncs(connection: psycopg.Connection[DictRow]) -> int:
    """Count the provider syncs and jobs that have not ended, and the providers that are due."""
    row = connection.execute(
        "select (select count(*) from procrastinate.procrastinate_jobs"
        " where task_name = 'sync_provider' and status in ('todo', 'doing'))"
        " + (select count(*) from pricing_sync_jobs where status in ('queued', 'running'))"
        " + (select count(*) from pricing_providers where enabled and next_sync_at <= now()) as n"
    ).fetchone()
    assert row is not None
    return int(row["n"])
