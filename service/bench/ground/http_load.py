"""Clients that each ask again as soon as they are answered, over a connection that they keep."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from service.errors import BenchFailed

END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"content-length:"


def http_load(port: int, request: bytes, clients: int, seconds: float) -> list[float]:
    """Milliseconds of each answer. BenchFailed for an answer that is no success."""
    return asyncio.run(_load(port, request, clients, seconds))


def http_request(
    path: str, *, method: str = "GET", key: str | None = None, body: bytes = b""
) -> bytes:
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if key is not None:
        lines.append(f"Authorization: Bearer {key}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class _Client(asyncio.Protocol):
    request: bytes
    until: float
    done: asyncio.Future[None]
    times: list[float] = field(default_factory=list)
    received: bytes = b""
    started: float = 0.0
    transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self.transport = transport
            self._ask()

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, found, body = self.received.partition(END_OF_HEAD)
        if not found or len(body) < _length(head):
            return
        self.times.append((time.perf_counter() - self.started) * 1000)
        if not head.split(b" ", 2)[1].startswith(b"2"):
            self._end(BenchFailed(f"An answer was {head.splitlines()[0].decode()}."))
        elif time.perf_counter() < self.until:
            self._ask()
        else:
            self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(BenchFailed("A connection was closed.") if not self.done.done() else None)

    def _ask(self) -> None:
        self.received, self.started = b"", time.perf_counter()
        if self.transport is not None:
            self.transport.write(self.request)

    def _end(self, failure: BenchFailed | None) -> None:
        if self.done.done():
            return
        self.done.set_exception(failure) if failure else self.done.set_result(None)
        if self.transport is not None:
            self.transport.close()


async def _load(port: int, request: bytes, clients: int, seconds: float) -> list[float]:
    loop = asyncio.get_running_loop()
    until = time.perf_counter() + seconds
    all_clients = [_Client(request, until, loop.create_future()) for _ in range(clients)]
    for client in all_clients:
        await loop.create_connection(lambda each=client: each, "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*(client.done for client in all_clients))
    return [taken for client in all_clients for taken in client.times]


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(LENGTH):
            return int(line[len(LENGTH) :])
    return 0
