"""The worker's pool bounds each wait for an answer and lends no dead connection twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from service.postgres.pool import (
    ANSWER_SECONDS,
    ROOM_SECONDS,
    BoundedConnection,
    ConnectionPool,
    answer_within,
)
from tests.support.syncing import Queue
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import wait_until

OURS = (
    "select pid from pg_stat_activity"
    " where application_name = 'bounded' and datname = current_database()"
)


@pytest.fixture
async def pool(database: str, proxy: TcpProxy) -> AsyncIterator[ConnectionPool]:
    """A pool of two connections through the proxy."""

    async def connect() -> BoundedConnection:
        return await BoundedConnection.connect(
            proxy.url_of(database), autocommit=True, connect_timeout=10, application_name="bounded"
        )

    pool = ConnectionPool(connect, size=2)
    yield pool
    await pool.close()


async def sleeping(queue: Queue, connections: int) -> None:
    """Wait until so many connections are in the middle of a statement."""
    async with asyncio.timeout(30):
        while len(queue.rows(f"{OURS} and wait_event = 'PgSleep'")) < connections:
            await asyncio.sleep(0.01)


async def ask(pool: ConnectionPool, statement: str = "select 1") -> object:
    async with pool.connection() as connection:
        row = await (await connection.execute(statement.encode())).fetchone()
        return row[0] if row else None


@pytest.mark.anyio
async def test_connections_are_used_again(pool: ConnectionPool, queue: Queue) -> None:
    pids = {await ask(pool, "select pg_backend_pid()") for _ in range(5)}
    assert len(pids) == 1
    await asyncio.gather(*(ask(pool, "select pg_sleep(0.05)") for _ in range(6)))
    assert len(queue.rows(OURS)) == 2


@pytest.mark.anyio
async def test_an_answer_that_does_not_come_is_given_up_and_the_next_statement_works(
    pool: ConnectionPool, proxy: TcpProxy
) -> None:
    await asyncio.gather(*(ask(pool, "select pg_sleep(0.05)") for _ in range(2)))
    proxy.freeze()
    proxy.thaw()
    started = time.monotonic()
    with answer_within(0.3), pytest.raises(psycopg.OperationalError, match="no answer within"):
        await ask(pool)
    # The pool does not lend the other connection, idle and dead too: it would cost the same again.
    assert await ask(pool) == 1
    assert time.monotonic() - started < ANSWER_SECONDS / 2


@pytest.mark.anyio
async def test_a_statement_may_have_more_time_than_the_others(pool: ConnectionPool) -> None:
    with answer_within(0.2):
        with pytest.raises(psycopg.OperationalError, match="no answer within"):
            await ask(pool, "select pg_sleep(0.5)")
        with answer_within(ANSWER_SECONDS):
            await ask(pool, "select pg_sleep(0.5)")


@pytest.mark.anyio
async def test_who_is_cancelled_in_a_dead_connection_goes_at_once(
    pool: ConnectionPool, proxy: TcpProxy
) -> None:
    """psycopg sends a cancel and waits 10 s for it, as long as a whole stop may take."""
    await ask(pool)
    proxy.freeze()
    task = asyncio.create_task(ask(pool))
    # The statement is sent in the task's first step.
    await asyncio.sleep(0.1)
    started = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - started < ANSWER_SECONDS / 2


@pytest.mark.anyio
async def test_a_cancelled_statement_leaves_a_connection_that_lives_on(
    pool: ConnectionPool, queue: Queue
) -> None:
    before = await ask(pool, "select pg_backend_pid()")
    task = asyncio.create_task(ask(pool, "select pg_sleep(60)"))
    # A cancel that arrives before the statement has no effect.
    await sleeping(queue, 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    # Longer than a cancel may take: the cancel's timer must not hit the next statement.
    assert await ask(pool, "select pg_backend_pid() from pg_sleep(2.5)") == before


@pytest.mark.anyio
async def test_connections_that_the_server_ended_are_not_lent(
    pool: ConnectionPool, proxy: TcpProxy, queue: Queue
) -> None:
    await asyncio.gather(*(ask(pool, "select pg_sleep(0.05)") for _ in range(2)))
    queue.rows(f"select pg_terminate_backend(pid, 5000) from ({OURS}) as ours")
    wait_until(lambda: proxy.connections == 0, what="the end is passed on")
    assert await ask(pool) == 1


@pytest.mark.anyio
async def test_a_server_that_was_demoted_is_left(pool: ConnectionPool) -> None:
    before = await ask(pool, "select pg_backend_pid()")
    await ask(pool, "select set_config('default_transaction_read_only', 'on', false)")
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        await ask(pool, "create table written ()")
    assert await ask(pool, "select pg_backend_pid()") != before


@pytest.mark.anyio
async def test_all_waits_can_be_ended_at_once(pool: ConnectionPool, queue: Queue) -> None:
    asking = [asyncio.create_task(ask(pool, "select pg_sleep(60)")) for _ in range(2)]
    await sleeping(queue, 2)
    pool.shut_down("enough")
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert ["enough" in str(answer) for answer in answers] == [True, True]


@pytest.mark.anyio
async def test_a_heartbeat_does_not_wait_until_a_connection_is_free(
    pool: ConnectionPool, queue: Queue
) -> None:
    with answer_within(60):
        asking = [asyncio.create_task(ask(pool, "select pg_sleep(60)")) for _ in range(2)]
    await sleeping(queue, 2)
    with answer_within(5, waits_for_connection=False):
        async with asyncio.timeout(ROOM_SECONDS / 2):
            assert await ask(pool) == 1
    assert not any(task.done() for task in asking)
    pool.shut_down("enough")
    await asyncio.gather(*asking, return_exceptions=True)


@pytest.mark.anyio
async def test_periodic_statements_leave_the_connection_of_the_others_alone(
    pool: ConnectionPool,
) -> None:
    pid = "select pg_backend_pid()"
    usual = await ask(pool, pid)
    with answer_within(ANSWER_SECONDS, is_periodic=True):
        periodic = {await ask(pool, pid) for _ in range(3)}
    assert len(periodic) == 1 and usual not in periodic
    assert await ask(pool, pid) == usual
    # Rather than a new one, either takes the other's.
    async with pool.connection():
        assert {await ask(pool, pid)} == periodic


@pytest.mark.anyio
async def test_periodic_statements_take_any_connection_where_there_is_no_room(
    database: str,
) -> None:
    async def connect() -> BoundedConnection:
        return await BoundedConnection.connect(database, autocommit=True)

    small = ConnectionPool(connect, size=1)
    pid = "select pg_backend_pid()"
    usual = await ask(small, pid)
    with answer_within(ANSWER_SECONDS, is_periodic=True):
        assert await ask(small, pid) == usual
    await small.close()


@pytest.mark.anyio
async def test_a_connection_that_listens_and_hears_nothing_sets_one_timer(
    pool: ConnectionPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    timers: list[float] = []
    call_at = loop.call_at

    def count(when: float, *arguments: Any, **more: Any) -> asyncio.TimerHandle:
        timers.append(when)
        return call_at(when, *arguments, **more)

    async with pool.connection() as connection:
        await connection.execute("listen news")
        monkeypatch.setattr(loop, "call_at", count)
        assert [each async for each in connection.notifies(timeout=1.0)] == []
    assert len(timers) <= 3
