"""A connection that bounds each wait for an answer, and a pool of such connections.

A network that drops a connection may still acknowledge what is sent, and deliver no answer. Neither
libpq nor psycopg ends such a wait, and cancelling a statement uses the same network. So each wait
has a deadline, after which the socket is shut down and the idle connections are dropped as well.
"""

from __future__ import annotations

import asyncio
import os
import select
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.rows import TupleRow

T = TypeVar("T")

ANSWER_SECONDS = 10.0
# The deadline once another connection has missed its own.
SUSPECT_SECONDS = 5.0
# How long a cancelled statement may take to end.
CANCEL_SECONDS = 1.0
ROOM_SECONDS = 30.0
IDLE_SECONDS = 600.0
# psycopg's default.
_INTERVAL = 0.1


@dataclass(frozen=True)
class AnswerLimit:
    """The longest wait for one answer, and for which connection.

    Without ``waits_for_connection`` it waits for none to be free. ``is_periodic`` statements have a
    connection of their own.
    """

    seconds: float = ANSWER_SECONDS
    waits_for_connection: bool = True
    is_periodic: bool = False


_DEFAULT_LIMIT = AnswerLimit()
_answer_limit: ContextVar[AnswerLimit] = ContextVar("answer_limit", default=_DEFAULT_LIMIT)


@contextmanager
def answer_within(
    seconds: float, *, waits_for_connection: bool = True, is_periodic: bool = False
) -> Iterator[None]:
    """Limit how long Postgres may take to answer each statement inside the block.

    Without ``waits_for_connection`` a statement exceeds the pool's size rather than waiting.
    With ``is_periodic`` it leaves the connections of the other statements alone, if there is room
    for one more: a session plans a function's statements at its first calls, which takes ten times
    as long as the calls after them.
    """
    token = _answer_limit.set(AnswerLimit(seconds, waits_for_connection, is_periodic))
    try:
        yield
    finally:
        _answer_limit.reset(token)


class BoundedConnection(psycopg.AsyncConnection[TupleRow]):
    """Shuts itself down when an answer takes too long; the statement raises OperationalError."""

    shut_down_reason: str | None = None
    is_periodic = False
    _waiting: asyncio.TimerHandle | None = None
    _cancelling: asyncio.TimerHandle | None = None

    def shut_down(self, reason: str) -> None:
        """End the wait for an answer at once, with or without the network."""
        if self.shut_down_reason is None and not self.closed:
            self.shut_down_reason = reason
            with suppress(OSError), socket.socket(fileno=_duplicate(self)) as own:
                own.shutdown(socket.SHUT_RDWR)

    async def wait(
        self, gen: PQGen[T], interval: float = _INTERVAL, timeout: float | None = None
    ) -> T:
        # LISTEN names a timeout: it waits for notifications, not for an answer.
        if timeout is None:
            self._wait_at_most(_answer_limit.get().seconds)
        else:
            # psycopg's own would wake an idle worker ten times a second.
            interval = max(timeout, _INTERVAL)
        try:
            return await super().wait(gen, interval, timeout)
        except psycopg.OperationalError as error:
            if self.shut_down_reason is None:
                raise
            raise psycopg.OperationalError(
                f"{self.shut_down_reason}; the connection is dropped"
            ) from error
        finally:
            for handle in (self._waiting, self._cancelling):
                if handle is not None:
                    handle.cancel()
            self._waiting = self._cancelling = None

    def shorten_wait(self, seconds: float) -> None:
        """Shorten the current wait, if there is one, to ``seconds`` from now."""
        if self._waiting is not None:
            left = self._waiting.when() - asyncio.get_running_loop().time()
            if left > seconds:
                self._waiting.cancel()
                self._wait_at_most(seconds)

    def _wait_at_most(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self._waiting = loop.call_later(seconds, self.shut_down, f"no answer within {seconds:g} s")

    async def cancel_safe(self, *, timeout: float = CANCEL_SECONDS) -> None:
        # psycopg calls this when the waiting task is cancelled, and then waits for the answer.
        if self.shut_down_reason is None:
            self._cancelling = asyncio.get_running_loop().call_later(
                2 * CANCEL_SECONDS, self.shut_down, "cancelled, and no answer"
            )
            await super().cancel_safe(timeout=min(timeout, CANCEL_SECONDS))


class ConnectionPool:
    """Connections for single statements, made on demand.

    Nothing reconnects in the background: the first caller after an outage gets the new connection
    or the error.
    """

    def __init__(self, connect: Callable[[], Awaitable[BoundedConnection]], size: int) -> None:
        self._connect = connect
        self._size = size
        self._room = asyncio.Semaphore(size)
        self._idle: list[tuple[float, BoundedConnection]] = []
        self._busy: set[BoundedConnection] = set()
        self._closed = False

    @asynccontextmanager
    async def connection(self, timeout: float = ROOM_SECONDS) -> AsyncIterator[BoundedConnection]:
        """Lend one connection; OperationalError when none is free in time or none can be made."""
        waits = _answer_limit.get().waits_for_connection
        if waits:
            try:
                async with asyncio.timeout(timeout):
                    await self._room.acquire()
            except TimeoutError:
                raise psycopg.OperationalError("all connections are in use") from None
        try:
            async with self._lent() as connection:
                yield connection
        finally:
            if waits:
                self._room.release()

    def drop_idle(self) -> None:
        """Close the idle connections: they share the network of one that failed."""
        idle, self._idle = self._idle, []
        for _, connection in idle:
            connection.pgconn.finish()

    def shut_down(self, reason: str) -> None:
        """End all waits for answers at once."""
        for connection in self._busy:
            connection.shut_down(reason)

    async def close(self) -> None:
        """Close the idle connections now, and the lent ones when they are returned."""
        self._closed = True
        self.drop_idle()

    @asynccontextmanager
    async def _lent(self) -> AsyncIterator[BoundedConnection]:
        is_periodic = _answer_limit.get().is_periodic
        connection = self._take_idle(is_periodic)
        if connection is None:
            connection = await self._connect()
            connection.is_periodic = is_periodic
        self._busy.add(connection)
        try:
            yield connection
        except psycopg.errors.ReadOnlySqlTransaction:
            # A demoted server keeps its sessions, so this one would stay read-only.
            connection.shut_down("the server is read-only")
            raise
        finally:
            self._busy.discard(connection)
            if connection.shut_down_reason is not None:
                self._suspect_others()
            self._take_back(connection)

    def _suspect_others(self) -> None:
        # A network drops all connections at once. A statement that is merely slow is retried.
        self.drop_idle()
        for connection in self._busy:
            connection.shorten_wait(SUSPECT_SECONDS)

    def _take_idle(self, is_periodic: bool) -> BoundedConnection | None:
        while (index := self._next_idle(is_periodic)) is not None:
            _, connection = self._idle.pop(index)
            if _is_quiet(connection):
                return connection
            connection.pgconn.finish()
        return None

    def _next_idle(self, is_periodic: bool) -> int | None:
        """The place of the connection to lend: of the same kind, and the last used of those."""
        places = range(len(self._idle) - 1, -1, -1)
        for place in places:
            if self._idle[place][1].is_periodic == is_periodic:
                return place
        if is_periodic and len(self._idle) + len(self._busy) < self._size:
            return None
        return next(iter(places), None)

    def _take_back(self, connection: BoundedConnection) -> None:
        now = time.monotonic()
        is_usable = (
            connection.shut_down_reason is None
            and connection.pgconn.transaction_status == psycopg.pq.TransactionStatus.IDLE
        )
        if is_usable and not self._closed:
            self._idle.append((now, connection))
        else:
            connection.pgconn.finish()
        while self._idle and self._idle[0][0] < now - IDLE_SECONDS:
            self._idle.pop(0)[1].pgconn.finish()


def _is_quiet(connection: BoundedConnection) -> bool:
    """Whether nothing arrived: a server writes to an idle connection only to end it.

    A query would cost a round trip.
    """
    if connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    return not poll.poll(0)


def _duplicate(connection: BoundedConnection) -> int:
    return os.dup(connection.pgconn.socket)
