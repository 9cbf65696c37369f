"""Fixtures: a Postgres that a test may stop, and workers on it, started by either command line."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

from service.migrations.migrate import migrate
from tests.chaos.own_postgres import OwnPostgres, own_postgres
from tests.support.postgres import accept_every_change, stop_schedule
from tests.support.processes import Process, Processes
from tests.support.provider_server import ProviderServer, running_provider_server
from tests.support.syncing import Queue
from tests.support.waiting import wait_until

# Our supervisor runs the worker, whichever command line starts it.
PROGRAMS: dict[str, Callable[..., Process]] = {
    "pricing-sync worker": lambda processes, **more: processes.service("worker", **more),
    "procrastinate worker": lambda processes, **more: processes.procrastinate("worker", **more),
}


SHIPPED_SETTINGS = """
update pricing_settings set heartbeat_interval = default, lease = default, max_attempts = default
"""


class Installation:
    """A migrated database on a server of its own, a test provider, and processes."""

    def __init__(self, server: OwnPostgres, processes: Processes) -> None:
        self.server = server
        self.processes = processes
        self.providers: ProviderServer
        self._connection: psycopg.Connection[DictRow] | None = None
        self.connect()

    def connect(self) -> Queue:
        """Make a new connection for the test: the old one ends with the server."""
        self.close()
        self._connection = psycopg.connect(
            self.server.superuser_url, autocommit=True, row_factory=dict_row
        )
        self.queue = Queue(self._connection)
        return self.queue

    def clear(self) -> None:
        """Restore the database to its first state."""
        self.connect()
        self.queue.connection.execute(SHIPPED_SETTINGS.encode())
        with self.queue.connection.transaction():
            self.queue.connection.execute("set local pricing.maintenance = 'on'")
            self.queue.connection.execute(
                "truncate pricing_sync_jobs, pricing_sync_log, procrastinate.procrastinate_jobs,"
                " procrastinate.procrastinate_workers, model_pricing cascade"
            )

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def start_worker(self, program: str = "pricing-sync worker", **more: str) -> Process:
        before = self._newest_worker()
        # The engine's command line prints the traceback of errors that its worker survives.
        worker = PROGRAMS[program](self.processes, may_fail=True, **more)
        # Compare numbers, not counts: the new worker may prune another one.
        wait_until(lambda: self._newest_worker() > before, 60, "the worker registers")
        return worker

    def wait_for_pickups_at_once(self, within: float = 30) -> None:
        """Wait until three triggers in a row start at once: by LISTEN, not by the next poll.

        Polling every 5 s alone would achieve this in one of a hundred tries.
        """
        deadline = time.monotonic() + within
        while True:
            waited = [self._pickup() for _ in range(3)]
            if max(waited) < 1:
                return
            assert time.monotonic() < deadline, waited

    def _newest_worker(self) -> int:
        newest = "select coalesce(max(id), 0) as id from procrastinate.procrastinate_workers"
        return int(self.queue.row(newest)["id"])

    def _pickup(self) -> float:
        job_id = self.queue.trigger("openrouter")
        self.queue.wait_for_end(job_id)
        log = self.queue.attempts(job_id)[-1]
        return float((log["sync_started_at"] - log["queued_at"]).total_seconds())


@pytest.fixture(scope="session")
def migrated_server() -> Iterator[OwnPostgres]:
    with own_postgres() as server:
        migrate(server.url())
        stop_schedule(server.url())
        accept_every_change(server.url())
        yield server


@contextmanager
def _installation(server: OwnPostgres, directory: Path) -> Iterator[Installation]:
    with ExitStack() as stack:
        providers = stack.enter_context(running_provider_server())
        processes = Processes(directory, {"DATABASE_URL": server.url()})
        installation = Installation(server, processes)
        installation.providers = providers
        providers.fill("openrouter", 3)
        installation.queue.connection.execute(
            "update pricing_providers set base_url = %s where slug = 'openrouter'",
            [providers.base_url("openrouter")],
        )
        # Run in reverse order, each even if those before it failed.
        stack.callback(installation.close)
        stack.callback(installation.clear)
        stack.callback(processes.end)
        stack.callback(_start_again, server)
        yield installation


@pytest.fixture
def installation(migrated_server: OwnPostgres, tmp_path: Path) -> Iterator[Installation]:
    """An installation on a server that only this test may stop; it has to run again at the end."""
    with _installation(migrated_server, tmp_path) as installation:
        yield installation


def _start_again(server: OwnPostgres) -> None:
    try:
        psycopg.connect(server.superuser_url, connect_timeout=2).close()
    except psycopg.OperationalError:
        server.start()
