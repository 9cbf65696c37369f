"""A LISTEN connection that fails or loses a probe is replaced."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import pytest

from service.postgres import listener
from service.postgres.pool import BoundedConnection
from tests.support.syncing import Queue
from tests.support.tcp_proxy import TcpProxy


class Ear:
    """A listener on the channel ``news``, through the proxy."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.heard: list[str] = []
        self.losses = 0
        self.connections: list[BoundedConnection] = []
        self.task = asyncio.create_task(
            listener.listen_forever(self._connect, ["news"], self._on, self._on_lost)
        )

    async def _connect(self) -> BoundedConnection:
        connection = await BoundedConnection.connect(self._url, autocommit=True, connect_timeout=4)
        self.connections.append(connection)
        return connection

    async def _on(self, *, channel: str, payload: str) -> None:
        if payload == "nonsense":
            raise ValueError(payload)
        self.heard.append(payload)

    def _on_lost(self) -> None:
        self.losses += 1

    async def until(self, condition: Callable[[], object], what: str) -> None:
        async with asyncio.timeout(60):
            while not condition():
                assert not self.task.done(), self.task
                await asyncio.sleep(0.01)
        assert condition(), what


@pytest.fixture
def probe_answer_seconds() -> float:
    """The deadline of a probe's answer, long enough for a busy machine."""
    return 2.0


@pytest.fixture
async def ear(
    database: str, proxy: TcpProxy, probe_answer_seconds: float, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Ear]:
    monkeypatch.setattr(listener, "PROBE_ANSWER_SECONDS", probe_answer_seconds)
    monkeypatch.setattr(listener, "PROBE_EVERY_SECONDS", 0.2)
    ear = Ear(proxy.url_of(database))
    await ear.until(lambda: ear.heard, "a new LISTEN is news")
    yield ear
    ear.task.cancel()
    with suppress(asyncio.CancelledError):
        await ear.task


@pytest.mark.parametrize("probe_answer_seconds", [30.0])
@pytest.mark.anyio
async def test_notifications_are_heard_and_probes_are_not(ear: Ear, queue: Queue) -> None:
    # During a probe, between two probes, and during the next one.
    for number in range(10):
        queue.rows("select pg_notify('news', %s)", str(number))
        await asyncio.sleep(0.3)
    wanted = [listener.NEW_WORK, *"0123456789"]
    await ear.until(lambda: ear.heard == wanted, "in order, and nothing else")
    assert ear.losses == 0


@pytest.mark.anyio
async def test_a_notification_by_hand_is_news_whatever_it_says(ear: Ear, queue: Queue) -> None:
    queue.rows("select pg_notify('news', 'nonsense')")
    await ear.until(lambda: ear.heard == [listener.NEW_WORK] * 2, "as if a job had been inserted")


@pytest.mark.anyio
async def test_a_connection_that_is_cut_is_replaced(ear: Ear, proxy: TcpProxy) -> None:
    proxy.cut()
    await ear.until(lambda: len(ear.heard) == 2, "a renewed LISTEN is news")
    assert ear.losses == 1


@pytest.mark.parametrize("probe_answer_seconds", [0.5])
@pytest.mark.anyio
async def test_a_connection_that_a_network_has_forgotten_is_replaced(
    ear: Ear, proxy: TcpProxy, queue: Queue
) -> None:
    proxy.freeze()
    await ear.until(lambda: ear.losses > 0, "nothing is heard of the probe")
    before = len(ear.heard)
    proxy.thaw()
    await ear.until(lambda: len(ear.heard) > before, "a renewed LISTEN is news")
    queue.rows("select pg_notify('news', 'again')")
    await ear.until(lambda: ear.heard[-1] == "again", "it hears")


@pytest.mark.anyio
async def test_a_session_that_listens_no_more_is_replaced(ear: Ear, queue: Queue) -> None:
    """As after a reset by a session pooler: the connection lives, but receives nothing."""
    await ear.connections[0].execute("unlisten *")
    await ear.until(lambda: len(ear.heard) == 2, "a renewed LISTEN is news")
    assert ear.losses == 1
    queue.rows("select pg_notify('news', 'again')")
    await ear.until(lambda: ear.heard[-1] == "again", "it hears")
