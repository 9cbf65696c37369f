"""Limit log lines that clients or an outage can cause: log the first, count the others."""

from __future__ import annotations

import asyncio
import logging
from contextvars import Context

EVERY_SECONDS = 10.0
KINDS = 20
OTHERS = "others"


class RepeatedLines:
    """At most one line of a kind in ``EVERY_SECONDS``, and of ``KINDS`` kinds; used on the loop.

    Omitted lines are counted, and the count is logged after that time. Beyond KINDS all further
    kinds share one, so a flood from many addresses logs no more than one from a single address.
    """

    def __init__(self, logger: logging.Logger, every: float = EVERY_SECONDS) -> None:
        self._logger = logger
        self._every = every
        self._left_out: dict[str, int] = {}
        self._last: dict[str, tuple[int, str]] = {}

    def warn(self, kind: str, message: str) -> None:
        self.log(logging.WARNING, kind, message)

    def log(self, level: int, kind: str, message: str) -> None:
        if kind not in self._left_out and len(self._left_out) >= KINDS:
            kind = OTHERS
        if kind in self._left_out:
            self._left_out[kind] += 1
            self._last[kind] = level, message
            return
        self._logger.log(level, "%s", message)
        self._count(kind)

    def _count(self, kind: str) -> None:
        self._left_out[kind] = 0
        # A new context, because the count belongs to no single request.
        asyncio.get_running_loop().call_later(self._every, self._log_count, kind, context=Context())

    def _log_count(self, kind: str) -> None:
        count, last = self._left_out.pop(kind), self._last.pop(kind, None)
        if last is not None:
            level, message = last
            self._logger.log(
                level, "%s (%d like it in %g s, the last one shown)", message, count, self._every
            )
            self._count(kind)
