"""Lend pooled connections in the order in which requests ask for them.

asyncpg's pool lends a connection that comes back to the next request that asks, before those that
wait: under load some wait for hundreds of milliseconds while others do not wait at all. It also
spends a task and two timers on each loan.
"""

from __future__ import annotations

import asyncio
from typing import Any, TypeAlias

import asyncpg

ACQUIRE_SECONDS = 5.0
# How long cancelling an abandoned statement may take before its connection is dropped.
RELEASE_SECONDS = 1.0
# asyncpg's pool closes connections that are long unused, of those that it has.
KEEP_SECONDS = 30.0

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"


class FairPool:
    """asyncpg's pool, which opens, checks, cancels and closes, behind a queue of our own.

    A connection whose statement succeeded is kept for the next request; any other goes back to
    asyncpg's pool.
    """

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], size: int) -> None:
        self._pool = pool
        # Serves its waiters in order.
        self._places = asyncio.Semaphore(size)
        self._kept: list[Connection] = []
        self._is_closing = False
        self._giving_back: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    async def take(self) -> Connection:
        """A connection for one statement; TimeoutError if all are in use for too long."""
        if not self._places.locked():
            # There is a place, so this does not wait.
            await self._places.acquire()
            if (kept := self._take_kept()) is not None:
                return kept
            self._places.release()
        async with asyncio.timeout(ACQUIRE_SECONDS):
            await self._places.acquire()
            try:
                return self._take_kept() or await self._pool.acquire()
            except BaseException:
                self._places.release()
                raise

    def put_back(self, connection: Connection) -> None:
        """Its statement has succeeded."""
        if self._is_closing:
            self._give_back([connection])
        else:
            self._kept.append(connection)
            if self._giving_back is None:
                loop = asyncio.get_running_loop()
                self._giving_back = loop.call_later(KEEP_SECONDS, self._give_kept_back)
        self._places.release()

    async def give_up(self, connection: Connection) -> None:
        """Its statement has failed, or was abandoned."""
        try:
            await self._pool.release(connection, timeout=RELEASE_SECONDS)
        finally:
            self._places.release()

    async def close(self) -> None:
        """Close the connections once their statements have ended."""
        self._is_closing = True
        self._give_kept_back()
        await self._pool.close()

    def terminate(self) -> None:
        self._is_closing = True
        self._pool.terminate()

    def _take_kept(self) -> Connection | None:
        while self._kept:
            connection = self._kept.pop()
            if not _is_lost(connection):
                return connection
            self._give_back([connection])
        return None

    def _give_kept_back(self) -> None:
        if self._giving_back is not None:
            self._giving_back.cancel()
            self._giving_back = None
        kept, self._kept = self._kept, []
        self._give_back(kept)

    def _give_back(self, connections: list[Connection]) -> None:
        for each in connections:
            task = asyncio.create_task(self._pool.release(each, timeout=RELEASE_SECONDS))
            self._tasks.add(task)
            task.add_done_callback(self._end_release)

    def _end_release(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            # A connection that could not be released is closed already.
            task.exception()


def _is_lost(connection: Connection) -> bool:
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        # asyncpg takes a connection back when the server closes it.
        return True
