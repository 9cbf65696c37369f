"""Without a connection the server does not tick; it dates its answers and stops all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from service.web.http_server import waking_server
from service.web.http_server.web_server import WebServer
from tests.service.web.raw_http import HEALTH, connected
from tests.service.web.running import Web, running_web, settings_for
from tests.support.waiting import wait_until

SHORT, LONG = 0.001, 3600.0


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[WebServer]]:
    """The server of each tick: others may run in this process, for other tests."""
    counted: list[WebServer] = []
    on_tick = WebServer.on_tick

    async def noted(self: WebServer, counter: int) -> bool:
        counted.append(self)
        return await on_tick(self, counter)

    monkeypatch.setattr(WebServer, "on_tick", noted)
    yield counted


def ticks_of_a_moment(web: Web, ticks: list[WebServer]) -> int:
    """The ticks while the server's loop waits for as long as 50 short ones take."""
    loop = web.server._loop
    assert loop is not None
    before = ticks.count(web.server)
    asyncio.run_coroutine_threadsafe(asyncio.sleep(50 * SHORT), loop).result(30)
    return ticks.count(web.server) - before


def test_it_ticks_only_while_there_are_connections(
    untouched_database: str, ticks: list[WebServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waking_server, "TICK_SECONDS", SHORT)
    with running_web(settings_for(untouched_database)) as web:
        # The connection of the first probe may still be open.
        wait_until(lambda: ticks_of_a_moment(web, ticks) == 0, what="it sleeps")
        with connected(web.url) as connection:
            wait_until(lambda: ticks_of_a_moment(web, ticks) > 5, what="it ticks")
            connection.sendall(HEALTH)
            assert connection.recv(9) == b"HTTP/1.1 "
        wait_until(lambda: ticks_of_a_moment(web, ticks) == 0, what="it sleeps again")
        assert web.client.get("/health").status_code == 200


def test_answers_have_the_date_of_their_second_and_a_stop_needs_no_tick(
    untouched_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waking_server, "TICK_SECONDS", LONG)
    with running_web(settings_for(untouched_database)) as web:
        for now, date in (
            (1_000_000_000, "Sun, 09 Sep 2001 01:46:40 GMT"),
            (1_000_000_001.9, "Sun, 09 Sep 2001 01:46:41 GMT"),
        ):
            clock = SimpleNamespace(time=lambda now=now: now)
            monkeypatch.setattr(waking_server, "time", clock)
            assert web.client.get("/health").headers["date"] == date
