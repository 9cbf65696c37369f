"""uvicorn's server without ten ticks a second: it wakes for its connections, and to stop.

A tick looks whether to stop, and ends overdue connections. Without a connection there is nothing
to do: a new one, or ``should_exit``, wakes the loop.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from email.utils import formatdate

import uvicorn
from uvicorn.server import ServerState

TICK_SECONDS = 0.5
# A signal that comes as the loop falls asleep runs its handler when the loop wakes.
LONGEST_SLEEP_SECONDS = 5

Headers = list[tuple[bytes, bytes]]


class WakingServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()
        self._sleeps = False
        self._is_to_exit = False
        super().__init__(config)
        self.server_state = _DatedState()

    @property
    def should_exit(self) -> bool:
        return self._is_to_exit

    @should_exit.setter
    def should_exit(self, value: bool) -> None:
        """Set by uvicorn's handler of signals, and by other threads."""
        self._is_to_exit = value
        if value and self._loop is not None:
            # A closed loop has stopped already.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._woken.set)

    def wake(self) -> None:
        """A connection has been added to the set of the server."""
        if self._sleeps:
            self._woken.set()

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        counter = 0
        while True:
            self._woken.clear()
            if await self.on_tick(counter):
                return
            counter += 1
            self._sleeps = not self.server_state.connections
            with suppress(TimeoutError):
                longest = LONGEST_SLEEP_SECONDS if self._sleeps else TICK_SECONDS
                async with asyncio.timeout(longest):
                    await self._woken.wait()
            self._sleeps = False


class _DatedState(ServerState):
    """``default_headers`` have the time of the answer: the last tick may be hours ago."""

    def __init__(self) -> None:
        self._second = 0
        self._headers: Headers = []
        super().__init__()

    @property
    def default_headers(self) -> Headers:
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._headers = [(b"date", formatdate(second, usegmt=True).encode())]
        return self._headers

    @default_headers.setter
    def default_headers(self, headers: Headers) -> None:
        """uvicorn's, of a tick."""
