"""Measure, by the database's clock, how soon a trigger is picked up once Postgres is back."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from psycopg.rows import DictRow, dict_row

PAUSE_SECONDS = 0.25
QUICK_MS = 50.0

_STARTED = """
select status, extract(epoch from sync_started_at - queued_at)::float8 * 1000 as ms
from pricing_sync_log where job_id = %s and attempt = 1
"""


@dataclass(frozen=True)
class Pickup:
    """A trigger, the seconds since the return, and the milliseconds until ``in_progress``."""

    seconds_after_return: float
    ms: float


@dataclass(frozen=True)
class Return:
    """One return of Postgres; only this measurement syncs the provider of ``pickups``."""

    pickups: list[Pickup]

    @property
    def quick_after_seconds(self) -> float | None:
        """How long after the return the first quickly picked up trigger was made."""
        quick = [p.seconds_after_return for p in self.pickups if p.ms <= QUICK_MS]
        return min(quick, default=None)

    @property
    def quick_share(self) -> float:
        """The share of quick pick-ups from that one on; other load on the machine slows some."""
        first = self.quick_after_seconds
        since = [p for p in self.pickups if first is not None and p.seconds_after_return >= first]
        return sum(p.ms <= QUICK_MS for p in since) / len(since) if since else 0.0


def measure_return(
    url: str,
    trigger: Callable[[psycopg.Connection[DictRow]], str | None],
    seconds: float,
    slowest: float = 20.0,
) -> Return:
    """Trigger repeatedly from now, the moment of the return, and wait for each start."""
    returned_at = time.monotonic()
    pickups = []
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
        while (after := time.monotonic() - returned_at) < seconds:
            job_id = trigger(connection)
            ms = _wait_for_start(connection, job_id, slowest)
            if ms is not None:
                pickups.append(Pickup(after, ms))
            # The next one must not wait for the lock of this one.
            _wait_for_end(connection, job_id, slowest)
            time.sleep(PAUSE_SECONDS)
    return Return(pickups)


def _wait_for_end(
    connection: psycopg.Connection[DictRow], job_id: str | None, slowest: float
) -> None:
    deadline = time.monotonic() + slowest
    is_open = "select 1 from pricing_sync_jobs where job_id = %s and outcome is null"
    while connection.execute(is_open, [job_id]).fetchone() and time.monotonic() < deadline:
        time.sleep(0.01)


def _wait_for_start(
    connection: psycopg.Connection[DictRow], job_id: str | None, slowest: float
) -> float | None:
    """Milliseconds; None for a sync that was cancelled by hand before it could start."""
    deadline = time.monotonic() + slowest
    while time.monotonic() < deadline:
        row = connection.execute(_STARTED, [job_id]).fetchone()
        if row is None or (row["ms"] is None and row["status"] != "queued"):
            return None
        if row["ms"] is not None:
            return float(row["ms"])
        time.sleep(0.01)
    return slowest * 1000
