"""Accept connections up to a limit, and pause after a failure to accept.

asyncio's own loop accepts a whole backlog before connections can be counted, and logs each one
that fails for want of a descriptor.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from service.web.http_server.protocol import BoundedProtocol
from service.web.http_server.protocol_errors import raw_error_response
from service.web.http_server.repeated_lines import RepeatedLines

BACKLOG = 1024
# In one turn of the loop: connections that are evicted in it free their descriptors after it.
AT_ONCE = 16
# Where other processes accept from the same socket, so that each gets its share.
AT_ONCE_SHARED = 1
PAUSE_SECONDS = 1.0


class LimitedAcceptor:
    """Replaces uvicorn's ``asyncio.Server`` for one listening socket.

    ``connections`` is the server's own set. At ``limit``, a new connection evicts one: the one that
    has waited longest for its client, or for a response without having shown a key. If all are
    answering requests with keys, the new one gets 503.
    """

    def __init__(
        self,
        listening: socket.socket,
        make_protocol: Callable[[], BoundedProtocol],
        connections: set[Any],
        limit: int,
        lines: RepeatedLines,
        *,
        is_shared: bool = False,
    ) -> None:
        self._listening = listening
        self._make_protocol = make_protocol
        self._connections = connections
        self._limit = limit
        self._lines = lines
        self._at_once = AT_ONCE_SHARED if is_shared else AT_ONCE
        self._loop = asyncio.get_running_loop()
        self._pause: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        listening.setblocking(False)
        listening.listen(BACKLOG)
        self._go_on()

    def close(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._listening)

    async def wait_closed(self) -> None:
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _go_on(self) -> None:
        self._pause = None
        self._loop.add_reader(self._listening, self._accept)

    def _accept(self) -> None:
        for _ in range(self._at_once):
            try:
                accepted, _ = self._listening.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionAbortedError:
                continue
            except OSError as error:
                # The others wait in the backlog; accepting again at once would fail again.
                self._lines.warn(
                    "accept", f"accepting no connections for {PAUSE_SECONDS:g} s: {error}"
                )
                self._loop.remove_reader(self._listening)
                self._pause = self._loop.call_later(PAUSE_SECONDS, self._go_on)
                return
            if len(self._connections) < self._limit or self._evict_one():
                self._serve(accepted)
            else:
                _reject(accepted)

    def _evict_one(self) -> bool:
        waiting = [
            (since, each)
            for each in self._connections
            if (since := each.evictable_since()) is not None
        ]
        if not waiting:
            self._lines.warn(
                "full", f"all {self._limit} connections are in use: answering new ones with 503"
            )
            return False
        _, longest = min(waiting, key=lambda each: each[0])
        self._lines.warn(
            "room", f"all {self._limit} connections are in use: closing idle ones for new ones"
        )
        self._connections.discard(longest)
        longest.evict()
        return True

    def _serve(self, accepted: socket.socket) -> None:
        accepted.setblocking(False)
        protocol = self._make_protocol()
        # Counted towards the limit from now on.
        self._connections.add(protocol)
        task = self._loop.create_task(self._connect(protocol, accepted))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, protocol: BoundedProtocol, accepted: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(lambda: protocol, accepted)
        except OSError:
            # The client has gone already.
            accepted.close()
            self._connections.discard(protocol)


def _reject(accepted: socket.socket) -> None:
    with accepted, suppress(OSError):
        accepted.setblocking(False)
        accepted.send(raw_error_response(503, "All connections are in use."))
        accepted.shutdown(socket.SHUT_WR)
        # A connection closed with unread bytes is reset, and loses the response.
        accepted.recv(65536)
