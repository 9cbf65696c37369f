"""Run a blocking query in a daemon thread, with a deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Generic, TypeVar

import psycopg

from service.errors import DatabaseRefused, PricingError
from service.postgres.connect import refusals
from service.postgres.sqlstates import QUERY_CANCELED

T = TypeVar("T")

# Advice when a statement ran out of time, or got no answer.
_BUSY = (
    "select pid, state, wait_event_type, query from pg_stat_activity where state <> 'idle'"
    " order by xact_start;  -- no answer to this either: the network, or a pooler in between"
)


class Deadline:
    """A number of seconds from now, on the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        return max(0.0, self._end - time.monotonic())


class BackgroundQuery(Generic[T]):
    """Starts at once, in its own thread.

    In a thread, because neither a name look-up nor a dead connection can be interrupted; in a
    daemon thread, so that a query that still waits does not delay the exit.
    """

    def __init__(self, ask: Callable[[], T]) -> None:
        self._future: Future[T] = Future()
        threading.Thread(target=self._run, args=[ask], daemon=True).start()

    def result(self, deadline: Deadline) -> T:
        """The result; a PricingError says why there is none."""
        try:
            with refusals():
                return self._future.result(deadline.left)
        except TimeoutError:
            raise PricingError(
                f"No answer within {deadline.seconds:g} s.", hint=_BUSY, code="no_answer"
            ) from None
        except DatabaseRefused as refused:
            if refused.code == QUERY_CANCELED:
                refused.hint = _BUSY
            raise
        except psycopg.Error as error:
            said = error.diag.message_primary or str(error).strip() or type(error).__name__
            raise PricingError(said.splitlines()[0], code=error.sqlstate) from error

    def _run(self, ask: Callable[[], T]) -> None:
        try:
            answer = ask()
        except BaseException as error:
            with suppress(Exception):
                self._future.set_exception(error)
        else:
            self._future.set_result(answer)
