"""Fixtures: a real Postgres, a database for each test, real processes."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

from service.bench.ground.large_database import Scale, prepare
from tests.db.pricing import Pricing
from tests.support.postgres import Cluster, running_cluster, stop_schedule
from tests.support.processes import Process, Processes, Run
from tests.support.provider_server import ProviderServer, running_provider_server
from tests.support.recordings import require_recordings
from tests.support.recycling import RecycledDatabases, recycled_databases
from tests.support.syncing import Queue, StartWorker
from tests.support.waiting import wait_until

# Of the database `large`.
LARGE = Scale(models=1_000, jobs=6_000, history=20_000)

Owner = Literal["superuser", "createrole", "plain"]
DatabaseFactory = Callable[..., str]


def pytest_report_header() -> str:
    return "postgres: TEST_DATABASE_URL or TEST_WITH=docker|server|embedded; else what is there"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the texts that passed tests record by ``record_property("terminal_summary", text)``."""
    for report in terminalreporter.getreports("passed"):
        for name, text in report.user_properties:
            if name == "terminal_summary":
                terminalreporter.section(str(text).partition("\n")[0], "-")
                terminalreporter.write_line(str(text).partition("\n")[2])


def pytest_configure() -> None:
    """Processes of the tests heed Ctrl-C, also where a script started pytest in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """``@pytest.mark.anyio`` runs on asyncio, as the service does."""
    return "asyncio"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The server of this run."""
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def migrated_cluster(cluster: Cluster) -> Iterator[Cluster]:
    """The server, with a template database that is migrated once and copied for each test."""
    from service.migrations.migrate import migrate

    with cluster.migrated_template(migrate):
        yield cluster


@pytest.fixture
def empty_database(cluster: Cluster) -> Iterator[str]:
    """The URL of a fresh, empty database, as a superuser."""
    with cluster.database() as name:
        yield cluster.url_of(name)


@pytest.fixture(scope="session")
def recycled(migrated_cluster: Cluster) -> Iterator[RecycledDatabases]:
    with recycled_databases(migrated_cluster) as databases:
        yield databases


@pytest.fixture
def database(recycled: RecycledDatabases) -> Iterator[str]:
    """The URL of a migrated database, as a superuser; a test may change anything in it."""
    with recycled.database() as url:
        yield url


@pytest.fixture
def database_factory(cluster: Cluster) -> Iterator[DatabaseFactory]:
    """``database_factory(owner_is="plain")``: the URL of an empty database as its owner."""
    with ExitStack() as stack:

        def make(owner_is: Owner = "superuser") -> str:
            if owner_is == "superuser":
                return cluster.url_of(stack.enter_context(cluster.database()))
            role = cluster.login_role(can_create_roles=owner_is == "createrole")
            user, password = stack.enter_context(role)
            name = stack.enter_context(cluster.database(owner=user))
            return cluster.url_of(name, user=user, password=password)

        yield make


@pytest.fixture(scope="session")
def large(migrated_cluster: Cluster) -> Iterator[Pricing]:
    """A database with thousands of rows, for tests of how many of them a statement reads.

    Its tests write in transactions that they roll back.
    """
    with migrated_cluster.database(template=migrated_cluster.template) as name:
        url = migrated_cluster.url_of(name)
        prepare(url, LARGE)
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
            # In these few rows reading all is as cheap; in many more it is not.
            connection.execute("set enable_seqscan = off")
            # What cannot be read otherwise then looks so dear that its query would be compiled.
            connection.execute("set jit = off")
            yield Pricing(connection)


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection[DictRow]]:
    """A connection to ``database``: autocommit, rows as dicts."""
    with psycopg.connect(database, autocommit=True, row_factory=dict_row) as connection:
        yield connection


@pytest.fixture
def empty_cron_database(cluster: Cluster) -> Iterator[str]:
    """The URL of the database in which pg_cron runs, with the extension and nothing else."""
    if cluster.cron_database is None:
        reason = f"pg_cron cannot be had on this Postgres ({cluster.kind})"
        if os.environ.get("PRICING_TEST_REQUIRE_PG_CRON") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with cluster.clean_cron_database() as url:
        yield url


@pytest.fixture
def cron_database(empty_cron_database: str) -> str:
    """The URL of that database, migrated: pg_cron runs our jobs in it, and the schedule is off."""
    from service.migrations.migrate import migrate

    migrate(empty_cron_database)
    stop_schedule(empty_cron_database)
    with psycopg.connect(empty_cron_database, autocommit=True) as connection:
        # A minute may have begun in between.
        under_way = "select 1 from cron.job_run_details where end_time is null limit 1"
        wait_until(lambda: connection.execute(under_way).fetchone() is None, what="pg_cron rests")
        connection.execute("delete from procrastinate.procrastinate_jobs")
        connection.execute("delete from pricing_sync_jobs")
        connection.execute("update pricing_providers set next_sync_at = null")
    return empty_cron_database


@pytest.fixture
def processes(database: str, tmp_path: Path) -> Iterator[Processes]:
    """Start real processes on ``database`` and end them; a traceback fails the test."""
    processes = Processes(tmp_path, {"DATABASE_URL": database})
    yield processes
    processes.end()


@pytest.fixture
def run(processes: Processes) -> Run:
    """``run("status", "--json")``: run a command to its end, with stdout and stderr apart."""
    return processes.run


@pytest.fixture
def open_path() -> Iterator[Path]:
    """A directory that every user may enter, unlike ``tmp_path``, for a server started by root."""
    path = Path(tempfile.mkdtemp(prefix="open-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Remove our variables and libpq's, which the shell may have set."""
    names: list[Any] = [name for name in os.environ if name.startswith(("PRICING_", "PG"))]
    for name in [*names, "DATABASE_URL"]:
        monkeypatch.delenv(name, raising=False)
    # Variables that this process has removed from its environment earlier.
    monkeypatch.setattr("service.database_address.libpq_environment._taken", {})
    return monkeypatch


@pytest.fixture(scope="session")
def recorded_bodies() -> None:
    """For ``needs_recordings``: without the folder of recordings the test is skipped or fails.

    Before fixtures of a module, which read a recording.
    """
    require_recordings()


@pytest.fixture
def queue(connection: psycopg.Connection[DictRow]) -> Queue:
    return Queue(connection)


@pytest.fixture
def providers(connection: psycopg.Connection[DictRow]) -> Iterator[ProviderServer]:
    """A real HTTP server from which the live providers of this database are fetched."""
    with running_provider_server() as server:
        for slug in ("openrouter", "deepinfra"):
            connection.execute(
                "update pricing_providers set base_url = %s where slug = %s",
                [server.base_url(slug), slug],
            )
        yield server


@pytest.fixture
def start_worker(processes: Processes, queue: Queue) -> StartWorker:
    """``start_worker()``: a worker process that has registered."""
    newest = "select coalesce(max(id), 0) as id from procrastinate.procrastinate_workers"

    def start(*options: str) -> Process:
        # By id, not by count: a starting worker prunes silent ones before it registers.
        before = queue.row(newest)["id"]
        worker = processes.service("worker", *options)
        wait_until(
            lambda: queue.row(newest)["id"] > before or not worker.is_running,
            60,
            "the worker registers",
        )
        assert worker.is_running, worker.output
        return worker

    return start
