"""Retries statements until Postgres answers them or the shutdown deadline passes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import psycopg
from procrastinate.exceptions import ConnectorException

from service.postgres.sqlstates import (
    LOCK_TIMEOUT,
    REPAIRABLE,
    ROLLED_BACK,
    SESSION_ENDING_SEVERITIES,
    TRANSIENT,
    is_one_of,
)
from service.printable import one_line

logger = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_BACKOFF_SECONDS = 0.1
# Short: a try is cheap, and the sync that waits here keeps its provider's lock.
LONGEST_BACKOFF_SECONDS = 2.0
WARNING_SECONDS = 30.0


class LockTimeout(Exception):
    """Another session locks rows that a statement needs, and the statement's lock wait is over."""


class RetryExpired(Exception):
    """Shutdown ended the retries; when the lease is over, another worker redoes the work."""


def is_transient(error: BaseException) -> bool:
    """Whether the same statement may succeed later: for a lost connection, not a bad argument."""
    cause = _cause(error)
    if isinstance(cause, psycopg.Error) and cause.sqlstate is None:
        # libpq's own: no connection. Other errors without a code are about the argument.
        return isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)
    return _has_code(cause, TRANSIENT) or _ended_the_session(cause)


def is_repairable(error: BaseException) -> bool:
    """Whether it is transient, or goes away when an operator restores an object or a right."""
    return is_transient(error) or _has_code(_cause(error), REPAIRABLE)


def is_lock_timeout(error: BaseException) -> bool:
    """Whether the statement did not get a lock in time."""
    return _has_code(_cause(error), (LOCK_TIMEOUT,))


def is_rolled_back(error: BaseException) -> bool:
    """Whether the server has rolled the statement back, so that it may be sent again at once."""
    return _has_code(_cause(error), ROLLED_BACK)


def _cause(error: BaseException) -> BaseException | None:
    return error.__cause__ if isinstance(error, ConnectorException) else error


def _has_code(error: BaseException | None, codes: tuple[str, ...]) -> bool:
    return isinstance(error, psycopg.Error) and is_one_of(error.sqlstate, codes)


def _ended_the_session(error: BaseException | None) -> bool:
    return (
        isinstance(error, psycopg.Error)
        and error.diag.severity_nonlocalized in SESSION_ENDING_SEVERITIES
    )


class ThrottledWarning:
    """Logs a warning at once, then at most once every WARNING_SECONDS."""

    def __init__(self) -> None:
        self._logged_at = 0.0

    def warn(self, text: str, *arguments: object) -> None:
        now = time.monotonic()
        if not self._logged_at or now - self._logged_at >= WARNING_SECONDS:
            logger.warning(text, *arguments)
            self._logged_at = now


class Retry:
    """Repeats statements; ``expire()`` abandons the pending ones at the shutdown deadline."""

    def __init__(self) -> None:
        self._expired = asyncio.Event()

    @property
    def is_expired(self) -> bool:
        return self._expired.is_set()

    def expire(self) -> None:
        self._expired.set()

    async def until_done(
        self,
        statement: Callable[[], Awaitable[T]],
        what: str,
        is_retryable: Callable[[BaseException], bool] = is_transient,
    ) -> T:
        """Send a statement again until Postgres answers it, and return the answer.

        ``what`` names the statement in warnings. Raises an error that is not retryable as it is,
        and RetryExpired after ``expire()``.
        """
        backoff = FIRST_BACKOFF_SECONDS
        warning = ThrottledWarning()
        expired = asyncio.ensure_future(self._expired.wait())
        try:
            while not self.is_expired:
                attempt = asyncio.ensure_future(statement())
                try:
                    await asyncio.wait({attempt, expired}, return_when=asyncio.FIRST_COMPLETED)
                    if not attempt.done():
                        break
                    return attempt.result()
                except Exception as error:
                    if not is_retryable(error):
                        raise
                    warning.warn(
                        "Retrying %s until Postgres takes it: %s",
                        what,
                        one_line(error.__cause__ or error),
                    )
                finally:
                    await _cancel(attempt)
                await asyncio.wait({expired}, timeout=backoff)
                backoff = min(backoff * 2, LONGEST_BACKOFF_SECONDS)
        finally:
            expired.cancel()
        raise RetryExpired(f"shutdown ended the retries of {what}")

    async def until_done_or_locked(
        self,
        statement: Callable[[], Awaitable[T]],
        what: str,
        is_retryable: Callable[[BaseException], bool] = is_transient,
    ) -> T:
        """The same, but raises LockTimeout when another session locks what the statement needs."""
        try:
            return await self.until_done(
                statement, what, lambda error: is_retryable(error) and not is_lock_timeout(error)
            )
        except ConnectorException as error:
            if is_lock_timeout(error):
                raise LockTimeout(f"Another session locks what {what} needs") from error
            raise


async def _cancel(task: asyncio.Future[T]) -> None:
    """Cancel a task that still runs, and wait until it has released its connection."""
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
    if not task.cancelled():
        # Retrieve the exception so that asyncio does not warn.
        task.exception()
