"""Triggers, cancels, retries and cleans up jobs, for commands and ``up``.

Each function calls the database function that it names.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg

from service.errors import DatabaseRefused
from service.postgres.connect import refusals
from service.postgres.rows import the_row
from service.postgres.timestamps import utc_text


def trigger_sync(
    connection: psycopg.Connection,
    providers: Sequence[str] | None,
    *,
    triggered_by: str,
    dry_run: bool = False,
    on_conflict: str = "queue",
) -> UUID:
    """Call ``trigger_pricing_sync``; returns the job's id. No ``providers``: all syncable ones."""
    with _rejections(), refusals():
        row = connection.execute(
            "select job_id from public.trigger_pricing_sync("
            "providers => %(providers)s::text[], triggered_by => %(triggered_by)s::text,"
            " dry_run => %(dry_run)s::boolean, on_conflict => %(on_conflict)s::text)",
            {
                "providers": None if providers is None else list(providers),
                "triggered_by": triggered_by,
                "dry_run": dry_run,
                "on_conflict": on_conflict,
            },
        ).fetchone()
    job_id: UUID = the_row(row)[0]
    return job_id


def cancel_sync(connection: psycopg.Connection, job_id: UUID, *, cancelled_by: str) -> None:
    """Call ``cancel_pricing_sync``."""
    with refusals():
        connection.execute(
            "select from public.cancel_pricing_sync(job_id => %s::uuid, cancelled_by => %s::text)",
            [job_id, cancelled_by],
        )


def retry_sync(connection: psycopg.Connection, job_id: UUID, *, retried_by: str) -> None:
    """Call ``retry_pricing_sync``."""
    with refusals():
        connection.execute(
            "select from public.retry_pricing_sync(job_id => %s::uuid, retried_by => %s::text)",
            [job_id, retried_by],
        )


@dataclass(frozen=True)
class Cleanup:
    """The stuck syncs that a clean-up found and expired; ``warnings``: the others."""

    stuck_syncs_found: int
    syncs_cleaned: int
    warnings: tuple[str, ...] = ()


def clean_up_stuck_syncs(connection: psycopg.Connection, timeout_minutes: int | None) -> Cleanup:
    """Call ``cleanup_stuck_pricing_syncs``; None: each provider's own timeout."""
    warnings: list[str] = []

    def keep(diagnostic: psycopg.errors.Diagnostic) -> None:
        if diagnostic.severity_nonlocalized == "WARNING":
            warnings.append(diagnostic.message_primary or "")

    connection.add_notice_handler(keep)
    with refusals():
        found, cleaned = the_row(
            connection.execute(
                "select stuck_syncs_found, syncs_cleaned"
                " from public.cleanup_stuck_pricing_syncs(timeout_minutes => %s::integer)",
                [timeout_minutes],
            ).fetchone()
        )
    return Cleanup(found, cleaned, tuple(warnings))


def tick_schedule(connection: psycopg.Connection) -> None:
    """Call ``tick_pricing_schedule`` as a worker does."""
    with refusals():
        connection.execute("select public.tick_pricing_schedule('worker')")


@contextmanager
def _rejections() -> Iterator[None]:
    """Add to a rejection when the provider was locked, which the error's detail says."""
    try:
        yield
    except DatabaseRefused as refused:
        cause = refused.__cause__
        detail = cause.diag.message_detail if isinstance(cause, psycopg.Error) else None
        locked_at = json.loads(detail or "{}").get("locked_at")
        if locked_at is not None:
            since = utc_text(datetime.fromisoformat(locked_at))
            refused.message += f", since {since}"
        raise
