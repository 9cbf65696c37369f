"""The faults, one function each: cause it, let it last, take it back."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from random import Random

import psycopg
from psycopg.rows import DictRow

from tests.chaos.load import Load, Trigger
from tests.chaos.own_postgres import DATABASE, SUPERUSER
from tests.chaos.pickups import Return, measure_return
from tests.chaos.worker_phases import PHASES, WorkerPhases
from tests.chaos.world import LEASE_SECONDS, LINGER_SECONDS, QUIET_PROVIDER, World

# SQLSTATEs a commit may fail with: conflict, disk full, read error, and one that is not transient.
COMMIT_ERRORS = ("40001", "53100", "58030", "XX000")

_SESSIONS = f"""
select pid from pg_catalog.pg_stat_activity
where usename <> '{SUPERUSER}' and backend_type = 'client backend' order by random()
"""
_TERMINATE = """
select pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where usename = %s
"""
_STATEMENTS = f"""
select pg_cancel_backend(pid) from pg_catalog.pg_stat_activity
where usename <> '{SUPERUSER}' and state = 'active' and random() < 0.7
"""


class Faults:
    """``away_seconds`` and ``measured_seconds``: how long Postgres is away, and then measured."""

    def __init__(
        self,
        world: World,
        worker_phases: WorkerPhases,
        load: Load,
        *,
        away_seconds: float,
        measured_seconds: float,
    ) -> None:
        self._world = world
        self._away_seconds = away_seconds
        self._measured_seconds = measured_seconds
        self._worker_phases = worker_phases
        self._load = load
        self.returns: list[Return] = []
        self.before = Return([])
        self.by_kind: Mapping[str, Callable[[Random], None]] = {
            "postgres restarts": self._restart,
            "postgres is away": self._away,
            "a backend is killed": self._kill_backend,
            "sessions are terminated": self._terminate,
            "statements are cancelled": self._cancel,
            "statements time out": self._time_out,
            "commits fail": self._fail_commits,
            "a worker is suspended": self._suspend,
            "a connection is half open": self._half_open,
            "providers hang": self._hang,
            "web is killed": self._kill_web,
            "workers are restarted": self._restart_workers,
            "a provider is disabled": self._disable,
            "a transaction is left open": self._leave_open,
        }

    def _restart(self, random: Random) -> None:
        # A killed worker would count as a slow pick-up.
        self._world.sparing.set()
        try:
            self._world.postgres.restart()
            self._measure()
        finally:
            self._world.sparing.clear()

    def _away(self, random: Random) -> None:
        mode = random.choice(("fast", "immediate"))
        self._world.say(f"stopped {mode}")
        self._world.postgres.stop(mode)
        time.sleep(self._away_seconds)
        self._world.postgres.start()
        self._measure()

    def _kill_backend(self, random: Random) -> None:
        sessions = self._world.execute(_SESSIONS)
        if any(self._world.postgres.kill_backend(session["pid"]) for session in sessions):
            time.sleep(0.2)
        self._world.postgres.wait_until_up()

    def _terminate(self, random: Random) -> None:
        for _ in range(random.randint(1, 4)):
            pids = [session["pid"] for session in self._world.execute(_SESSIONS)]
            pids = pids[: random.choice((1, 1, 2, len(pids)))]
            self._world.execute("select pg_terminate_backend(pid) from unnest(%s) as pid", pids)
            time.sleep(random.uniform(0, 1))

    def _cancel(self, random: Random) -> None:
        deadline = time.monotonic() + random.uniform(2, 4)
        with self._world.connect() as connection:
            while time.monotonic() < deadline:
                connection.execute(_STATEMENTS.encode())
                time.sleep(random.uniform(0, 0.05))

    def _time_out(self, random: Random) -> None:
        milliseconds = random.choice((20, 60, 150))
        self._world.execute(f"alter database {DATABASE} set statement_timeout = {milliseconds}")
        self._end_sessions()
        time.sleep(random.uniform(2, 4))
        self._world.execute(f"alter database {DATABASE} reset statement_timeout")
        self._end_sessions()

    def _fail_commits(self, random: Random) -> None:
        code = random.choice(COMMIT_ERRORS)
        self._world.say(f"commits fail with {code}")
        self._world.execute("update chaos.switches set commit_error = %s", code)
        time.sleep(random.uniform(2, 4))
        self._world.execute("update chaos.switches set commit_error = null")

    def _suspend(self, random: Random) -> None:
        # Mostly before it writes: a worker that resumes then is late and must be refused.
        phase = random.choice(("fetch", "parse", "fetch", "parse", *PHASES))
        services = self._world.services
        found = self._worker_phases.find(phase, services.is_up, seconds=2)
        name, phase = found or (random.choice(services.names("worker")), "idle")
        if not services.suspend(name):
            return
        self._world.say(f"{name} suspended in {phase}")
        try:
            # Its lease expires, and other workers have time to take over.
            time.sleep(LEASE_SECONDS + random.uniform(1.0, 3.0))
            if random.random() < 0.6:
                # No notification can tell the worker any more that its attempt was taken away.
                self._world.say(f"the sessions of {name} are terminated")
                self._world.execute(_TERMINATE, name)
        finally:
            services.resume(name)

    def _half_open(self, random: Random) -> None:
        name, services = random.choice(("worker-3", "worker-3", "web")), self._world.services
        proxy = self._world.proxies[name]
        if name != "web":
            phase = random.choice(PHASES)
            self._worker_phases.find(phase, lambda n: n == name and services.is_up(n), seconds=2)
        self._world.say(f"the connections of {name} are dead, unnoticed")
        proxy.freeze()
        self._world.services.note_dead_network(name)
        time.sleep(random.uniform(1, 2 * LEASE_SECONDS + 2))
        # Frozen connections stay dead; new ones work from here on.
        proxy.thaw()
        if random.random() < 0.3:
            proxy.cut()

    def _hang(self, random: Random) -> None:
        sites = self._world.sites
        sites.hanging = frozenset(random.sample(self._world.slugs, random.randint(1, 2)))
        self._world.say(f"{', '.join(sorted(sites.hanging))} hang")
        time.sleep(random.uniform(3, 9))
        sites.hanging = frozenset()

    def _kill_web(self, random: Random) -> None:
        self._world.services.kill("web")
        time.sleep(random.uniform(0, 1))

    def _restart_workers(self, random: Random) -> None:
        """Send SIGTERM to one worker after the other, as a rollout does."""
        for name in self._world.services.names("worker"):
            self._world.services.terminate(name)

    def _disable(self, random: Random) -> None:
        slug = random.choice(self._world.slugs)
        self._world.say(f"{slug} is disabled")
        switch = "update pricing_providers set enabled = %s where slug = %s"
        self._world.execute(switch, False, slug)
        time.sleep(random.uniform(0.5, 3))
        self._world.execute(switch, True, slug)

    def _leave_open(self, random: Random) -> None:
        """An idle session locks an open job or a provider."""
        with self._world.connect() as connection, connection.transaction(force_rollback=True):
            table, rows = random.choice(
                (
                    ("pricing_sync_jobs", "status in ('queued', 'running')"),
                    ("pricing_providers", "enabled"),
                )
            )
            connection.execute(
                f"select from {table} where {rows} order by random() limit 1 for update".encode()
            )
            self._world.say(f"a row of {table} is locked")
            time.sleep(random.uniform(2, 12))

    def _trigger_quiet(self, connection: psycopg.Connection[DictRow]) -> str | None:
        trigger = Trigger(f"chaos pick-up {uuid.uuid4()}", "sql", [QUIET_PROVIDER[0]])
        return self._load.trigger_by_sql(connection, trigger)

    def _end_sessions(self) -> None:
        pids = [session["pid"] for session in self._world.execute(_SESSIONS)]
        self._world.execute("select pg_terminate_backend(pid) from unnest(%s) as pid", pids)

    def measure_before(self) -> None:
        """Measure the same figures under the same load, before any fault."""
        self.before = self._measured(self._measured_seconds)

    def _measured(self, seconds: float) -> Return:
        # A transaction that lingers, so that kills can hit it, delays the next fetch.
        linger = "update chaos.switches set linger_seconds = %s"
        self._world.execute(linger, 0)
        try:
            return measure_return(self._world.postgres.superuser_url, self._trigger_quiet, seconds)
        finally:
            self._world.execute(linger, LINGER_SECONDS)

    def _measure(self) -> None:
        self._world.postgres.wait_until_up()
        self._world.say("Postgres is back")
        self._world.sparing.set()
        try:
            self.returns.append(self._measured(self._measured_seconds))
        except psycopg.Error as error:
            self._world.say(f"not measured: {error}")
        finally:
            self._world.sparing.clear()
