"""A question that nobody waits for longer than wanted, however dead the other end is."""

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

# For a statement that was cut short, or got no answer at all.
_BUSY = (
    "select pid, state, wait_event_type, query from pg_stat_activity where state <> 'idle'"
    " order by xact_start;  -- no answer to this either: the network, or a pooler in between"
)


class Deadline:
    """A moment from now, by a clock that nobody sets."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        return max(0.0, self._end - time.monotonic())


class BackgroundQuery(Generic[T]):
    """Asked at once, in a thread of its own.

    A thread, because neither the look-up of a name nor a connection that swallows everything can
    be given up from within; a daemon, so that one still waiting does not hold the exit.
    """

    def __init__(self, ask: Callable[[], T]) -> None:
        self._future: Future[T] = Future()
        threading.Thread(target=self._run, args=[ask], daemon=True).start()

    def result(self, deadline: Deadline) -> T:
        """The answer; a PricingError says why there is none."""
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
