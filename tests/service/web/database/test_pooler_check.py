"""The probe for a pooler takes no lost and no slow connection for one."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable

import asyncpg
import psycopg
import pytest

from service.web.database import pooler_check as sessions
from service.web.database.database_errors import CONNECTION_ERRORS
from service.web.database.pooler_check import Connection, has_sessions
from tests.service.web.running import running_web, settings_for
from tests.support.postgres import Cluster
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import wait_until


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.mark.anyio
async def test_a_server_that_is_only_slow_is_heard(
    migrated_cluster: Cluster, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if migrated_cluster.kind not in ("server", "embedded"):
        pytest.skip("the server's processes are not ours to stop")
    monkeypatch.setattr(sessions, "PROBE_SECONDS", 0.2)
    pids: list[int] = []

    async def connect() -> Connection:
        connection = await asyncpg.connect(database)
        if pids:
            # The other connection listens already; it continues after a second.
            os.kill(pids[0], signal.SIGSTOP)
            asyncio.get_running_loop().call_later(1, os.kill, pids[0], signal.SIGCONT)
        pids.append(connection.get_server_pid())
        return connection

    assert await has_sessions(connect)


@pytest.mark.anyio
async def test_the_silence_of_a_lost_connection_is_no_answer(database: str) -> None:
    made: list[Connection] = []

    async def connect() -> Connection:
        if made:
            # The first connection listens already, and no notification was sent yet.
            with psycopg.connect(database, autocommit=True) as other:
                pid = made[0].get_server_pid()
                other.execute("select pg_terminate_backend(%s, 5000)", [pid])
        made.append(await asyncpg.connect(database))
        return made[-1]

    with pytest.raises((*CONNECTION_ERRORS, asyncpg.PostgresError)):
        await has_sessions(connect)
    assert [connection.is_closed() for connection in made] == [True, True]


@pytest.mark.anyio
async def test_who_is_cancelled_leaves_no_connection_behind(proxy: TcpProxy, database: str) -> None:
    """At once: an orderly close that is not answered would take seconds."""
    proxy.freeze_at(b"notify")
    url = proxy.url_of(database)
    probing = asyncio.create_task(has_sessions(lambda: asyncpg.connect(url)))
    await until(lambda: proxy.frozen_clients == 2)

    probing.cancel()

    with pytest.raises(asyncio.CancelledError):
        await probing
    await until(lambda: proxy.frozen_clients == 0)


def test_the_process_ends_while_it_looks_for_a_pooler(
    proxy: TcpProxy, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.freeze_at(b"notify")
    with (
        caplog.at_level(logging.WARNING, "asyncio"),
        running_web(settings_for(proxy.url_of(database)), listening=False),
    ):
        wait_until(lambda: proxy.frozen_clients == 2, what="nobody answers the probe")
    # asyncio warns of no task whose exception was not retrieved.
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []
