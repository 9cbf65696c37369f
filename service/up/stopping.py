"""Turn SIGINT, SIGTERM and SIGHUP into an exception, so that the program can clean up."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(KeyboardInterrupt):
    """A signal asked to stop. A KeyboardInterrupt: psycopg ends a running query on those."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_status = 128 + number


class StopSignals:
    """Raise StopRequested in the main thread: once, and not while ``deferred``."""

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self._is_deferred = False
        self._is_stopping = False
        self._pending: int | None = None
        self._requested: StopRequested | None = None

    def __enter__(self) -> Self:
        for number in NUMBERS:
            # nohup and cron have SIGHUP ignored on purpose.
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Let a short step finish first, so that a process that it starts is not lost.

        A second signal is not deferred.
        """
        self._is_deferred = True
        try:
            yield
        finally:
            self._is_deferred = False
            if self._pending is not None and not self._is_stopping:
                # Hides an error of the step, such as a program that Ctrl-C has ended.
                raise self._stop(self._pending) from None

    def require_going_on(self) -> None:
        """Raise StopRequested again where a clean-up after it has failed with another error."""
        if self._requested is not None:
            raise self._requested from None

    def ignore(self) -> None:
        """From now on signals do nothing: the program is stopping."""
        self._is_stopping = True

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self._is_stopping:
            return
        if self._is_deferred and self._pending is None:
            self._pending = number
            return
        raise self._stop(number)

    def _stop(self, number: int) -> StopRequested:
        self._is_stopping = True
        self._requested = StopRequested(number)
        return self._requested
