"""The worker sets up its sessions; behind a transaction-mode pooler it only checks them.

There the worker is refused, or has a login role of its own.
"""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import psycopg
import pytest

from service.postgres import sessions
from service.postgres.connect import connect
from service.postgres.pool import BoundedConnection
from service.postgres.sessions import WorkerSessions
from tests.service.conftest import through
from tests.service.web.running import running_web, settings_for
from tests.support.postgres import Cluster
from tests.support.processes import Processes
from tests.support.provider_server import ProviderServer
from tests.support.syncing import Queue
from tests.support.waiting import wait_until


def test_the_owners_url_through_it_is_refused(
    pooler: int, database: str, processes: Processes
) -> None:
    worker = processes.service("worker", DATABASE_URL=through(pooler, database))
    assert worker.wait() != 0
    assert "Behind a transaction-mode pooler the worker needs a login role" in worker.output
    assert "PRICING_WORKER_DATABASE_URL" in worker.output


def test_with_a_login_role_it_works_by_polling_and_says_so(
    pooler: int,
    login: tuple[str, str],
    database: str,
    processes: Processes,
    queue: Queue,
    providers: ProviderServer,
) -> None:
    providers.fill("openrouter", 3)
    worker = processes.service(
        "worker", PRICING_WORKER_DATABASE_URL=through(pooler, database, login)
    )
    worker.wait_for_output("LISTEN receives nothing")
    wait_until(lambda: queue.workers() == 1, 60, "the worker registers")
    job = queue.wait_for_end(queue.trigger("openrouter"), timeout=60)
    assert job["outcome"] == "success"


@pytest.mark.anyio
async def test_a_server_that_is_only_slow_is_taken_for_no_pooler(
    migrated_cluster: Cluster,
    database: str,
    clean_environment: pytest.MonkeyPatch,
) -> None:
    if migrated_cluster.kind not in ("server", "embedded"):
        pytest.skip("the server's processes are not ours to stop")
    clean_environment.setenv("DATABASE_URL", database)
    clean_environment.setattr(sessions, "PROBE_SECONDS", 0.2)
    connect = BoundedConnection.connect
    pids: list[int] = []

    async def connect_and_stop(*arguments: Any, **options: Any) -> BoundedConnection:
        connection = await connect(*arguments, **options)
        if pids:
            # The other session listens already; it continues after a second.
            os.kill(pids[0], signal.SIGSTOP)
            asyncio.get_running_loop().call_later(1, os.kill, pids[0], signal.SIGCONT)
        pids.append(connection.info.backend_pid)
        return connection

    clean_environment.setattr(BoundedConnection, "connect", connect_and_stop)
    made = WorkerSessions()
    connection = await made.connect()
    connection.pgconn.finish()
    assert made.keeps_session


@pytest.mark.anyio
async def test_a_short_time_for_statements_of_its_login_role_is_not_the_worker_s(
    migrated_cluster: Cluster,
    database: str,
    login: tuple[str, str],
    clean_environment: pytest.MonkeyPatch,
) -> None:
    """A clean-up is one transaction: if each were cut short, none would expire anything."""
    user, password = login
    migrated_cluster.execute("alter role {} set statement_timeout = '1s'", user)
    url = migrated_cluster.url_of(database.rpartition("/")[2], user=user, password=password)
    clean_environment.setenv("PRICING_WORKER_DATABASE_URL", url)
    connection = await WorkerSessions().connect()
    try:
        await connection.execute("select pg_sleep(1.5)")
        cursor = await connection.execute("show statement_timeout")
        assert await cursor.fetchone() == ("1min",)
        # A table that is locked before a function of ours begins does not block it without end
        # either.
        cursor = await connection.execute("show lock_timeout")
        assert await cursor.fetchone() == ("5s",)
    finally:
        connection.pgconn.finish()


@pytest.mark.anyio
async def test_its_transactions_are_read_committed_whatever_the_database_s_are(
    migrated_cluster: Cluster, database: str, clean_environment: pytest.MonkeyPatch
) -> None:
    """The worker's functions refuse other levels: they decide by what they read after locking."""
    name = database.rpartition("/")[2]
    migrated_cluster.execute(
        "alter database {} set default_transaction_isolation = 'serializable'", name
    )
    clean_environment.setenv("DATABASE_URL", database)
    connection = await WorkerSessions().connect()
    try:
        await connection.execute("select public.tick_pricing_schedule('worker')")
    finally:
        connection.pgconn.finish()
    with running_web(settings_for(database)) as web:
        assert web.trigger(on_conflict="reject").status_code == 202
    with connect(database, autocommit=True) as commands:
        commands.execute("select public.trigger_pricing_sync(on_conflict => 'coalesce')")


@pytest.mark.anyio
async def test_a_statement_that_was_given_up_waits_for_no_lock_any_more(
    database: str, queue: Queue, clean_environment: pytest.MonkeyPatch
) -> None:
    if "linux" not in queue.row("select version()")["version"]:
        pytest.skip("only a server on Linux looks for its client")
    clean_environment.setenv("DATABASE_URL", database)
    connection = await WorkerSessions().connect()
    waiting = "select from pg_stat_activity where pid = %s and wait_event_type = 'Lock'"
    pid = connection.info.backend_pid
    with psycopg.connect(database) as person:
        person.execute("lock table pricing_settings")
        given_up = asyncio.create_task(connection.execute("select from public.pricing_settings"))
        async with asyncio.timeout(30):
            while not queue.rows(waiting, pid):
                await asyncio.sleep(0.02)
        connection.shut_down("enough")
        with pytest.raises(psycopg.OperationalError, match="enough"):
            await given_up
        there = "select from pg_stat_activity where pid = %s"
        wait_until(lambda: not queue.rows(there, pid), 30, "its server process ends")
        person.rollback()
