"""The worker's way to Postgres: a connection that never waits for ever, and a few of them.

A network that forgets a connection keeps acknowledging what is sent and answers nothing. Neither
libpq nor psycopg ends such a wait, and cancelling a statement waits for the same network. So each
wait has an end, after which the socket is shut down, and what was idle beside it is dropped too.
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
# When another connection has just been given up.
SUSPECT_SECONDS = 5.0
# What a cancelled statement may still take: whoever cancels it wants to go.
CANCEL_SECONDS = 1.0
ROOM_SECONDS = 30.0
IDLE_SECONDS = 600.0
# psycopg's own, between two looks at whether it was interrupted.
_INTERVAL = 0.1


@dataclass(frozen=True)
class AnswerLimit:
    """How long one answer may take, and whether to wait until a connection is free for it."""

    seconds: float = ANSWER_SECONDS
    waits_for_connection: bool = True


_DEFAULT_LIMIT = AnswerLimit()
_answer_limit: ContextVar[AnswerLimit] = ContextVar("answer_limit", default=_DEFAULT_LIMIT)


@contextmanager
def answer_within(seconds: float, *, waits_for_connection: bool = True) -> Iterator[None]:
    """For the statements inside: how long Postgres may take to answer each."""
    token = _answer_limit.set(AnswerLimit(seconds, waits_for_connection))
    try:
        yield
    finally:
        _answer_limit.reset(token)


class BoundedConnection(psycopg.AsyncConnection[TupleRow]):
    """Gives itself up when an answer takes too long: an OperationalError, as if it were cut."""

    shut_down_reason: str | None = None
    _waiting: asyncio.TimerHandle | None = None
    _cancelling: asyncio.TimerHandle | None = None

    def shut_down(self, reason: str) -> None:
        """End whatever waits for an answer, now, with or without the network's help."""
        if self.shut_down_reason is None and not self.closed:
            self.shut_down_reason = reason
            with suppress(OSError), socket.socket(fileno=_duplicate(self)) as own:
                own.shutdown(socket.SHUT_RDWR)

    async def wait(
        self, gen: PQGen[T], interval: float = _INTERVAL, timeout: float | None = None
    ) -> T:
        # Who names a timeout (LISTEN does) waits for news, not for an answer.
        if timeout is None:
            self._wait_at_most(_answer_limit.get().seconds)
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
        """The answer that is waited for, if any, has only so much time left."""
        if self._waiting is not None:
            left = self._waiting.when() - asyncio.get_running_loop().time()
            if left > seconds:
                self._waiting.cancel()
                self._wait_at_most(seconds)

    def _wait_at_most(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self._waiting = loop.call_later(seconds, self.shut_down, f"no answer within {seconds:g} s")

    async def cancel_safe(self, *, timeout: float = CANCEL_SECONDS) -> None:
        # psycopg calls it when the task that waits is cancelled, and waits for the answer then.
        if self.shut_down_reason is None:
            self._cancelling = asyncio.get_running_loop().call_later(
                2 * CANCEL_SECONDS, self.shut_down, "cancelled, and no answer"
            )
            await super().cancel_safe(timeout=min(timeout, CANCEL_SECONDS))


class ConnectionPool:
    """Connections for single statements, made when they are needed.

    Nothing is mended in the background: whoever asks first after an outage has the new connection,
    or the error at once.
    """

    def __init__(self, connect: Callable[[], Awaitable[BoundedConnection]], size: int) -> None:
        self._connect = connect
        self._room = asyncio.Semaphore(size)
        self._idle: list[tuple[float, BoundedConnection]] = []
        self._busy: set[BoundedConnection] = set()
        self._closed = False

    @asynccontextmanager
    async def connection(self, timeout: float = ROOM_SECONDS) -> AsyncIterator[BoundedConnection]:
        """One connection; OperationalError when none can be had."""
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
        """What leads to the same place as a dead one is not lent again."""
        idle, self._idle = self._idle, []
        for _, connection in idle:
            connection.pgconn.finish()

    def shut_down(self, reason: str) -> None:
        """End all waits for answers, now."""
        for connection in self._busy:
            connection.shut_down(reason)

    async def close(self) -> None:
        """Close those that are idle now, and the others when they come back."""
        self._closed = True
        self.drop_idle()

    @asynccontextmanager
    async def _lent(self) -> AsyncIterator[BoundedConnection]:
        connection = self._take_idle() or await self._connect()
        self._busy.add(connection)
        try:
            yield connection
        except psycopg.errors.ReadOnlySqlTransaction:
            # A server that was demoted keeps its sessions.
            connection.shut_down("the server is read-only")
            raise
        finally:
            self._busy.discard(connection)
            if connection.shut_down_reason is not None:
                self._suspect_others()
            self._take_back(connection)

    def _suspect_others(self) -> None:
        # A network forgets all of them at once. A statement that is merely slow is repeated.
        self.drop_idle()
        for connection in self._busy:
            connection.shorten_wait(SUSPECT_SECONDS)

    def _take_idle(self) -> BoundedConnection | None:
        while self._idle:
            _, connection = self._idle.pop()
            if _is_quiet(connection):
                return connection
            connection.pgconn.finish()
        return None

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
    """Nobody speaks on an idle connection but a server that ends it; asking would cost a trip."""
    if connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    return not poll.poll(0)


def _duplicate(connection: BoundedConnection) -> int:
    return os.dup(connection.pgconn.socket)
