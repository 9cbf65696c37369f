"""What happens now: what `watch` shows, read once a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from time import monotonic, sleep

import psycopg

from service.calls.jobs import (
    LONGEST_OUTAGE_SECONDS,
    RECONNECT_SECONDS,
    Waiting,
    provider_syncs,
    read_waiting,
    workers_alive,
)
from service.cli.command_lists import SYNCS
from service.cli.list_rows import read_list
from service.cli.queries import Row
from service.database_address.address import DatabaseAddress
from service.errors import DatabaseUnavailable
from service.lists.price_lists import CHANGES
from service.postgres.connect import connect

REFRESH_SECONDS = 1.0
OPEN_JOBS = 10


@dataclass(frozen=True)
class Wanted:
    """How much to read: the changes since a time, and the jobs that have ended since a time."""

    changes_since: datetime
    changes: int
    jobs: int
    ended_since: datetime | None = None


@dataclass(frozen=True)
class Activity:
    """``syncs``: those of open jobs, and of the last ended ones, each with the id of its job."""

    workers: int
    open_jobs: int
    syncs: list[Row]
    changes: list[Row]
    waiting: Waiting


def follow_activity(
    address: DatabaseAddress,
    wanted: Wanted,
    while_away: Callable[[DatabaseUnavailable], None],
) -> Iterator[Activity]:
    """Yield what happens, once a second and without end.

    Waits LONGEST_OUTAGE_SECONDS for a database that is away; then raises DatabaseUnavailable.
    """
    lost_at: float | None = None
    while True:
        try:
            with connect(address, autocommit=True) as connection:
                while True:
                    activity = _read(connection, wanted)
                    lost_at = None
                    yield activity
                    sleep(REFRESH_SECONDS)
        except DatabaseUnavailable as away:
            lost_at = lost_at or monotonic()
            if monotonic() - lost_at > LONGEST_OUTAGE_SECONDS:
                raise
            while_away(away)
            sleep(RECONNECT_SECONDS)


def _read(connection: psycopg.Connection, wanted: Wanted) -> Activity:
    open_jobs = list(read_list(connection, SYNCS, {"open": "yes"}, limit=OPEN_JOBS))
    ended = read_list(connection, SYNCS, {"ended": "yes"}, limit=wanted.jobs)
    since = wanted.ended_since
    shown = [job for job in ended if since is None or job["completed_at"] >= since]
    changes = {"since": wanted.changes_since}
    return Activity(
        workers=workers_alive(connection),
        open_jobs=len(open_jobs),
        syncs=[
            {**vars(sync), "job_id": job["job_id"]}
            for job in [*open_jobs, *shown]
            for sync in provider_syncs(connection, job["job_id"])
        ],
        changes=list(read_list(connection, CHANGES, changes, limit=wanted.changes)),
        waiting=read_waiting(connection),
    )
