"""Find the phase in which each worker is now, as the database and the providers see it."""

from __future__ import annotations

import time
from collections.abc import Callable

import psycopg
from psycopg.rows import dict_row

from tests.chaos.provider_sites import ProviderSites

PHASES = ("fetch", "parse", "apply", "commit", "end")

_BY_NUMBER = {1: "apply", 2: "commit", 3: "end"}

_RUNNING = """
select w.name, l.provider_slug, extract(epoch from l.sync_started_at)::float8 as started_at
from public.pricing_sync_log l
join chaos.workers w on w.id = l.worker_id
where l.status = 'in_progress'
"""
# The furthest phase of a worker's sessions. A clean-up may end other workers' attempts.
_SESSIONS = """
select
    a.usename as name,
    a.query like '%%cleanup_%%' as cleans,
    max(l.objid::int) as number,
    a.query like any (array['%%apply_provider_list%%', '%%end_provider_sync%%']) as writes
from pg_catalog.pg_stat_activity a
left join pg_catalog.pg_locks l
    on l.pid = a.pid and l.locktype = 'advisory' and l.classid = 4711 and l.objsubid = 2
where a.usename like 'worker-%%' and a.state = 'active'
group by a.pid, a.usename, a.query
"""


class WorkerPhases:
    """``look`` returns each worker's phases, none while the database is away."""

    def __init__(self, url: str, sites: ProviderSites) -> None:
        self._url = url
        self._sites = sites
        self._connection: psycopg.Connection[dict[str, object]] | None = None
        # Whether the last look reached the database.
        self.is_there = True

    def look(self) -> dict[str, set[str]]:
        """Worker name to phases: ``start``, then those of ``PHASES``; ``cleanup`` beside them."""
        found: dict[str, set[str]] = {}
        try:
            connection = self._connected()
            sessions = connection.execute(_SESSIONS).fetchall()
            running = connection.execute(_RUNNING).fetchall()
        except psycopg.Error:
            self.close()
            self.is_there = False
            return found
        self.is_there = True
        writing = set()
        for row in sessions:
            name, number = str(row["name"]), row["number"]
            if row["writes"]:
                writing.add(name)
            if isinstance(number, int):
                phase = "cleanup" if row["cleans"] else _BY_NUMBER[number]
                found.setdefault(name, set()).add(phase)
        for row in running:
            name, started_at = str(row["name"]), row["started_at"]
            assert isinstance(started_at, float)
            if name not in writing:
                phase = self._sites.phase(str(row["provider_slug"]), started_at)
                found.setdefault(name, set()).add(phase)
        return found

    def find(
        self, phase: str, is_up: Callable[[str], bool], seconds: float
    ) -> tuple[str, str] | None:
        """Wait for a worker in this phase; when the time is over, return a worker in any phase."""
        deadline = time.monotonic() + seconds
        while True:
            there = {name: phases for name, phases in self.look().items() if is_up(name)}
            hits = [name for name, phases in there.items() if phase in phases]
            if hits:
                return hits[0], phase
            if time.monotonic() > deadline:
                others = [(name, min(phases)) for name, phases in there.items()]
                return others[0] if others else None
            time.sleep(0.01)

    def find_applied(self, seconds: float) -> str | None:
        """Wait for a commit of prices; returns its worker, which does not know of it yet."""
        try:
            with psycopg.connect(self._url, autocommit=True) as connection:
                connection.execute("listen chaos_applied")
                for notification in connection.notifies(timeout=seconds, stop_after=1):
                    return notification.payload
        except psycopg.Error:
            time.sleep(0.1)
        return None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> psycopg.Connection[dict[str, object]]:
        if self._connection is None:
            self._connection = psycopg.connect(
                self._url, autocommit=True, row_factory=dict_row, connect_timeout=2
            )
        return self._connection
