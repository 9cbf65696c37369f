"""What must be written is written: again and again while Postgres is away, until a stop ends it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import psycopg
from procrastinate.exceptions import ConnectorException

logger = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_BACKOFF_SECONDS = 0.1
# Short: a try is cheap, and what waits here holds a provider's lock.
LONGEST_BACKOFF_SECONDS = 2.0
# How often a process that waits says so.
REMINDER_SECONDS = 30.0
# What the same statement may not meet again: a lost connection (08), a rolled back transaction
# (40, deadlocks among them), a server out of something (53), a lock not had (55P03), a statement
# cut short or a server going down (57), a disk (58), a server that was demoted (25006).
_PASSING = ("08", "40", "53", "55P03", "57", "58", "25006")
# What a person mends: a function, a table or a right that is missing (42), a schema (3F).
_MENDABLE = ("42", "3F")


_FATAL = ("FATAL", "PANIC")
# A lock not had: waited for as long as the statement says.
_HELD = "55P03"
# The server undid the statement, for sure: a transaction rolled back, or a statement cancelled.
# Nobody need have cancelled it: of two sessions that wait for one row with a lock_timeout, Postgres
# tells the second so when its time is over at the moment at which the first one goes.
_UNDONE = ("40", "57014")


class Held(Exception):
    """Somebody holds what a write needs, and it was waited for long enough."""


class Unwritten(Exception):
    """The process ends before Postgres has answered; the lease gives the work to another worker."""


def is_passing(error: BaseException) -> bool:
    """Whether the same statement may succeed later: the connection was lost, not the argument."""
    cause = _cause(error)
    if isinstance(cause, psycopg.Error) and cause.sqlstate is None:
        # libpq's own: no connection. Other errors without a code are about the argument.
        return isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)
    return _has_code(cause, _PASSING) or _ended_the_connection(cause)


def is_mendable(error: BaseException) -> bool:
    """The same, or it succeeds when somebody has put back what is missing."""
    return is_passing(error) or _has_code(_cause(error), _MENDABLE)


def is_held(error: BaseException) -> bool:
    """Whether somebody else holds what the statement needs."""
    return _has_code(_cause(error), (_HELD,))


def is_undone(error: BaseException) -> bool:
    """Whether the server has undone the statement, which may be asked again at once."""
    return _has_code(_cause(error), _UNDONE)


def _cause(error: BaseException) -> BaseException | None:
    return error.__cause__ if isinstance(error, ConnectorException) else error


def _has_code(error: BaseException | None, codes: tuple[str, ...]) -> bool:
    return isinstance(error, psycopg.Error) and (error.sqlstate or "").startswith(codes)


def _ended_the_connection(error: BaseException | None) -> bool:
    """What a pooler calls that is its own: Supavisor says XX000."""
    return isinstance(error, psycopg.Error) and error.diag.severity_nonlocalized in _FATAL


class Reminder:
    """Says once that something waits, and again now and then; not at every try."""

    def __init__(self) -> None:
        self._said = 0.0

    def warn(self, text: str, *arguments: object) -> None:
        now = time.monotonic()
        if not self._said or now - self._said >= REMINDER_SECONDS:
            logger.warning(text, *arguments)
            self._said = now


class Writer:
    """Repeats writes. ``expire`` is a stop's last word: what is not written by then is left."""

    def __init__(self) -> None:
        self._expired = asyncio.Event()

    @property
    def is_expired(self) -> bool:
        return self._expired.is_set()

    def expire(self) -> None:
        self._expired.set()

    async def until_written(
        self,
        write: Callable[[], Awaitable[T]],
        what: str,
        passes: Callable[[BaseException], bool] = is_passing,
    ) -> T:
        """Repeat a write until Postgres has answered it.

        Raises what does not pass, and Unwritten when the process has to end first.
        """
        backoff = FIRST_BACKOFF_SECONDS
        reminder = Reminder()
        expired = asyncio.ensure_future(self._expired.wait())
        try:
            while not self.is_expired:
                attempt = asyncio.ensure_future(write())
                try:
                    await asyncio.wait({attempt, expired}, return_when=asyncio.FIRST_COMPLETED)
                    if not attempt.done():
                        break
                    return attempt.result()
                except Exception as error:
                    if not passes(error):
                        raise
                    reminder.warn(
                        "Postgres has not taken %s, trying again: %s",
                        what,
                        " ".join(str(error.__cause__ or error).split()),
                    )
                finally:
                    await _ended(attempt)
                await asyncio.wait({expired}, timeout=backoff)
                backoff = min(backoff * 2, LONGEST_BACKOFF_SECONDS)
        finally:
            expired.cancel()
        raise Unwritten(f"Postgres has not taken {what}")


async def _ended(task: asyncio.Future[T]) -> None:
    """Cancel what still runs, and wait until it has let go of its connection."""
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
    if not task.cancelled():
        # Whoever was cancelled meanwhile takes no answer: nor may asyncio complain that nobody did.
        task.exception()
