"""A fetch ends at a deadline when a provider sends without end, over real sockets."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain, repeat

import pytest

from service.errors import FetchError
from service.fetch.client import LONGEST_WAIT, TRIES, fetch, make_client
from service.fetch.deadlines import DEADLINES, Deadlines
from service.settings import Settings
from tests.support.waiting import wait_until

# Each byte arrives well within the allowed silence, so only the other deadlines end a fetch.
PATIENCE = Deadlines(connect=5, silence=5, headers=0.4, one_try=0.8, fetch=30)
CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ENDLESS: dict[str, tuple[bytes, bytes]] = {
    "chunks of one byte": (CHUNKS, b"1\r\n \r\n"),
    "one byte at a time": (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b" "),
    "a chunk extension": (CHUNKS + b"1;", b"x"),
    "103 after 103": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n"),
    "100 after 100": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a header line": (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    "header lines": (b"HTTP/1.1 200 OK\r\n", b"x: y\r\n"),
    "a status line": (b"HTTP/1.1 200 ", b"x"),
    # The first bytes of a handshake message of 16 KB.
    "a tls handshake": (bytes.fromhex("160303 3fff 02 003ffb"), b"\0"),
}


class RawServer:
    """Sends ``first`` on each connection, then ``again`` every 20 ms while the client reads."""

    def __init__(self, first: bytes, again: bytes) -> None:
        self._pieces = (first, again)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.tries = 0
        self._threads: list[threading.Thread] = []

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self.tries += 1
                thread = threading.Thread(target=self._drip, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _drip(self, connection: socket.socket) -> None:
        first, again = self._pieces
        with connection, suppress(OSError):
            connection.recv(65536)
            for piece in chain([first], repeat(again)):
                connection.sendall(piece)
                time.sleep(0.02)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(30)


@contextmanager
def raw_server(first: bytes, again: bytes) -> Iterator[RawServer]:
    server = RawServer(first, again)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join(30)


def failure(url: str, deadlines: Deadlines) -> FetchError:
    async def go() -> None:
        async with make_client(Settings(allow_private_hosts=True)) as client:
            await fetch(
                client,
                url,
                max_bytes=1_000_000,
                allow_private_hosts=True,
                backoff_seconds=0.01,
                deadlines=deadlines,
            )

    with pytest.raises(FetchError) as failed:
        asyncio.run(asyncio.wait_for(go(), 60))
    return failed.value


@pytest.mark.parametrize("kind", ENDLESS)
def test_an_endless_answer_is_a_timeout(kind: str) -> None:
    with raw_server(*ENDLESS[kind]) as server:
        scheme = "https" if kind == "a tls handshake" else "http"
        deadlines = Deadlines(connect=0.4) if scheme == "https" else PATIENCE
        error = failure(f"{scheme}://127.0.0.1:{server.port}/", deadlines)
        assert error.code == "timeout", error.message
        assert "127.0.0.1" in error.message
        # The system has connected each try; the server may accept the last one late.
        wait_until(lambda: server.tries >= TRIES, what="all tries arrive")


def test_all_tries_together_have_an_end() -> None:
    with raw_server(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n") as server:
        deadlines = Deadlines(headers=5, one_try=5, fetch=0.5)
        error = failure(f"http://127.0.0.1:{server.port}/", deadlines)
        assert error.code == "timeout"
        wait_until(lambda: server.tries, what="the try arrives")
        assert server.tries == 1


def test_the_deadlines_leave_a_sync_most_of_its_time() -> None:
    """Each try ends within 30 s, all tries well before the provider's timeout of 10 minutes."""
    assert max(DEADLINES.connect, DEADLINES.silence, DEADLINES.headers) <= 15
    assert DEADLINES.one_try <= 30
    assert TRIES * DEADLINES.one_try <= DEADLINES.fetch <= 600 / 2
    assert LONGEST_WAIT.total_seconds() < DEADLINES.fetch
    # A provider with a short timeout of its own.
    assert DEADLINES.within(20).fetch == DEADLINES.within(20).one_try == 10
    assert DEADLINES.within(None) == DEADLINES.within(3600) == DEADLINES
