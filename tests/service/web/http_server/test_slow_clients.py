"""Connections of clients that keep the server waiting end; those of waiting clients do not."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import httpx2
import psycopg
import pytest
import uvicorn
from psycopg.rows import DictRow
from starlette.applications import Starlette
from uvicorn.server import ServerState

from service.web.http_server.protocol import TIMEOUTS, BoundedProtocol, Timeouts
from service.web.http_server.repeated_lines import RepeatedLines
from tests.service.web.raw_http import (
    HEAD,
    HEALTH,
    connected,
    error_of,
    having_sent,
    is_over,
    read_to_end,
    statuses,
)
from tests.service.web.running import TRIGGER, Web, half_sent, running_web, settings_for
from tests.support.processes import ADMIN_KEY
from tests.support.waiting import wait_until

SHORT = Timeouts(idle=1, head=0.8, body=0.8, unread=0.8, slowest=1_000_000, closing=0.8)
KEY = f"Authorization: Bearer {ADMIN_KEY}\r\n".encode()
TRIGGER_HEAD = f"POST {TRIGGER} HTTP/1.1\r\nHost: test\r\n".encode() + KEY
HALF: dict[str, bytes] = {
    "nothing": b"",
    "half a first line": b"GET /hea",
    "half the headers": HEAD,
    "half a body": TRIGGER_HEAD + b"Content-Length: 100\r\n\r\n{}",
    "chunks without an end": TRIGGER_HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    "half a chunk": TRIGGER_HEAD + b"Transfer-Encoding: chunked\r\n\r\nFF\r\n{",
    "a body that nobody reads": b"POST /health HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\n1",
    "a body without a key": b"POST /admin HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\n",
    "a request, then half of one": HEALTH + HEAD,
    "nothing after a request": HEALTH,
}
TOLD = ("half a first line", "half the headers", "half a body", "half a chunk")


@pytest.fixture(scope="module")
def impatient(untouched_database: str) -> Iterator[Web]:
    with running_web(settings_for(untouched_database), timeouts=SHORT) as web:
        # The server would end a kept connection while the client is about to use it.
        limits = httpx2.Limits(max_keepalive_connections=0)
        headers = web.client.headers
        with httpx2.Client(base_url=web.url, headers=headers, timeout=30, limits=limits) as client:
            yield replace(web, client=client)


@pytest.mark.parametrize("kind", HALF)
def test_what_stays_half_sent_is_ended(impatient: Web, kind: str) -> None:
    with having_sent(impatient.url, HALF[kind]) as connection:
        received = read_to_end(connection)
    if kind in TOLD:
        assert statuses(received) == [408]
        assert error_of(received)["code"] == "request_timeout"


@pytest.mark.parametrize("dripped", ["a header", "a body", "chunks"])
def test_a_byte_now_and_then_is_not_enough(impatient: Web, dripped: str) -> None:
    begin, piece = {
        "a header": (HEAD + b"X: ", b"y"),
        "a body": (TRIGGER_HEAD + b"Content-Length: 60000\r\n\r\n", b" "),
        "chunks": (TRIGGER_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    }[dripped]
    with having_sent(impatient.url, begin) as connection:

        def dripping() -> bool:
            with suppress(OSError):
                connection.setblocking(True)
                connection.sendall(piece)
            return is_over(connection)

        wait_until(dripping, 60, "it is ended", every=0.05)


def test_answers_that_are_not_read_are_dropped(impatient: Web) -> None:
    asked = b"GET /openapi.json HTTP/1.1\r\nHost: test\r\n" + KEY + b"\r\n"
    with connected(impatient.url) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        # Until the server reads no more, because the client reads none of the responses.
        connection.settimeout(0.5)
        with suppress(TimeoutError, OSError):
            while True:
                connection.sendall(asked * 1000)
        assert impatient.client.get("/health").status_code == 200
        client = connection.getsockname()
        wait_until(lambda: client not in impatient.clients(), 60, "it is dropped")


def test_who_is_made_to_wait_is_waited_for(impatient: Web) -> None:
    """A long poll lasts longer than each of the deadlines, and is answered."""
    job_id = impatient.triggered(providers=["catalogue"], dry_run=True)
    try:
        answer = impatient.sync(job_id, wait=3)
        assert answer.status_code == 200 and not answer.json()["finished"]
        assert answer.elapsed.total_seconds() >= 3 > 3 * SHORT.body
    finally:
        impatient.client.post(f"/admin/pricing/sync/{job_id}/cancel")


def test_a_full_server_makes_room_by_closing_who_waits_longest(untouched_database: str) -> None:
    settings = settings_for(untouched_database, PRICING_MAX_CONNECTIONS="16")
    with running_web(settings) as web:
        halves = [half_sent(web.url) if n % 2 else connected(web.url) for n in range(40)]
        with connected(web.url) as late:
            late.sendall(HEAD + b"Connection: close\r\n\r\n")
            assert statuses(read_to_end(late)) == [200]
        # The server has closed the oldest; the deadlines of the others are not over.
        assert is_over(halves[0]) and not is_over(halves[-1])
        assert len(web.answering()) <= 16
        for each in halves:
            each.close()


def test_where_all_are_being_answered_others_hear_503(untouched_database: str) -> None:
    settings = settings_for(untouched_database, PRICING_MAX_CONNECTIONS="16")
    with running_web(settings) as web:
        job_id = web.triggered(providers=["catalogue"], dry_run=True)
        poll = f"GET /admin/pricing/sync/{job_id}?wait=60 HTTP/1.1\r\nHost: test\r\n".encode() + KEY
        polls = [connected(web.url) for _ in range(16)]
        for each in polls:
            each.sendall(poll + b"\r\n")
        wait_until(lambda: len(web.answering()) == 16, what="all wait for the job")
        with having_sent(web.url, HEALTH) as late:
            received = read_to_end(late)
        assert statuses(received) == [503]
        assert b"\r\nRetry-After: " in received
        assert error_of(received)["code"] == "busy"
        # As soon as one poll has ended, other requests are served; the server cut off none of the
        # polls.
        polls.pop().close()
        wait_until(lambda: web.client.get("/health").status_code == 200, what="there is room")
        web.client.post(f"/admin/pricing/sync/{job_id}/cancel")
        for each in polls:
            assert each.recv(12) == b"HTTP/1.1 200"
            each.close()


def test_a_large_answer_has_longer_to_go_out() -> None:
    """A slow but honest line needs this time, also when the connection ends after the response."""

    class Transport(asyncio.Transport):
        unsent, has_ended, closing = 100_000, False, False

        def get_write_buffer_size(self) -> int:
            return self.unsent

        def is_closing(self) -> bool:
            return self.closing

        def abort(self) -> None:
            self.has_ended = True

    async def go() -> None:
        config = uvicorn.Config(Starlette(), log_config=None, ws="none")
        timeouts = Timeouts(unread=20, slowest=1000, closing=2)
        for closing in (False, True):
            transport = Transport()
            transport.closing = closing
            protocol = BoundedProtocol(
                config,
                ServerState(),
                {},
                timeouts=timeouts,
                lines=RepeatedLines(logging.getLogger("test")),
                on_connected=lambda: None,
            )
            protocol.connection_made(transport)
            now = asyncio.get_running_loop().time()
            for later in (1, 60, 119):
                protocol.end_if_overdue(now + later)
            assert not transport.has_ended
            assert protocol.evictable_since() == now + 1
            protocol.end_if_overdue(now + 122)
            assert transport.has_ended

    asyncio.run(go())


@pytest.mark.long
def test_a_list_is_sent_as_slowly_as_it_is_read(
    database: str, connection: psycopg.Connection[DictRow]
) -> None:
    """Its reader is never as quick as the server, so that bytes always wait to be sent."""
    connection.execute(
        "insert into model_pricing (provider_slug, model_id, pricing_source, listed_by) select"
        " 'openrouter', 'm' || n, 'api:openrouter', 'openrouter' from generate_series(1, 4000) n"
    )
    # Some 500 KB a second are read below.
    patient = replace(SHORT, slowest=150_000)
    with running_web(settings_for(database), timeouts=patient) as web:
        with connected(web.url) as reader:
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
            reader.sendall(
                b"GET /admin/pricing/models HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
                b"Accept: application/x-ndjson\r\n" + KEY + b"\r\n"
            )
            received = bytearray()
            began = time.monotonic()
            while data := reader.recv(16_384):
                received += data
                time.sleep(max(0.0, began + len(received) / 500_000 - time.monotonic()))
        assert time.monotonic() - began > 5, "it was read too quickly to show anything"
        assert received.count(b'"model_id"') == 4000
        assert received.endswith(b"0\r\n\r\n")


def test_an_answer_arrives_although_the_body_was_too_large(untouched_web: Web) -> None:
    """Bytes that are still on their way to the server do not reset the connection."""
    head = TRIGGER_HEAD + b"Content-Length: 8000000\r\n\r\n"
    with having_sent(untouched_web.url, head + b" " * 1_000_000) as connection:
        # When the server responds, the whole body has arrived, read or not.
        assert statuses(read_to_end(connection)) == [413]


def test_the_deadlines_of_the_server_that_is_shipped() -> None:
    assert max(TIMEOUTS.head, TIMEOUTS.body, TIMEOUTS.closing) <= 15
    assert TIMEOUTS.unread <= 30
    # Otherwise proxies would send requests into connections that are being closed.
    assert 60 < TIMEOUTS.idle < 120


def wait_out(seconds: float) -> None:
    over = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() > over, seconds + 5, "it is over")


def is_healthy(connection: socket.socket) -> bool:
    """Read one response to ``HEALTH``; its head and body may arrive apart."""
    received = b""
    while not received.endswith(b"}") and (data := connection.recv(65536)):
        received += data
    return statuses(received) == [200]


def test_an_idle_connection_may_rest_and_half_a_request_on_it_may_not(
    untouched_database: str,
) -> None:
    timeouts = replace(SHORT, idle=60)
    with (
        running_web(settings_for(untouched_database), timeouts=timeouts) as web,
        having_sent(web.url, HEALTH) as connection,
    ):
        for _ in range(2):
            assert is_healthy(connection)
            wait_out(3 * SHORT.head)
            connection.sendall(HEALTH)
        assert is_healthy(connection)
        connection.sendall(HEAD)
        assert statuses(read_to_end(connection)) == [408]


def test_clients_that_come_all_at_once_are_all_answered(untouched_web: Web) -> None:
    answers: list[list[int]] = []

    def ask() -> None:
        with having_sent(untouched_web.url, HEAD + b"Connection: close\r\n\r\n") as connection:
            answers.append(statuses(read_to_end(connection)))

    threads = [threading.Thread(target=ask) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == [[200]] * 100
