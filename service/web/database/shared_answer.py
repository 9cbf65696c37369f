"""One query for all requests that come while it runs, and for a moment afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")


class SharedAnswer(Generic[Answer]):
    """``kept_seconds``: for how long after its end an answer is given to further requests."""

    def __init__(
        self, ask: Callable[[], Coroutine[Any, Any, Answer]], *, kept_seconds: float = 0.0
    ) -> None:
        self._ask = ask
        self._kept_seconds = kept_seconds
        self._asked: asyncio.Task[Answer] | None = None
        self._asked_at = 0.0
        self._ended_at = 0.0

    async def get(self, seconds: float) -> Answer | None:
        """The answer, or what asking for it raised; None if it takes longer than this."""
        loop = asyncio.get_running_loop()
        if self._asked is None or self._is_over(loop.time()):
            # A new context, because the query belongs to no single request.
            self._asked = loop.create_task(self._timed(), context=Context())
            self._asked_at = loop.time()
        asked = self._asked
        left = self._asked_at + seconds - loop.time()
        done, _ = await asyncio.wait({asked}, timeout=max(left, 0))
        return asked.result() if done else None

    async def stop(self) -> None:
        if self._asked is not None:
            self._asked.cancel()
            await asyncio.gather(self._asked, return_exceptions=True)

    def _is_over(self, now: float) -> bool:
        asked = self._asked
        if asked is None or not asked.done():
            return False
        has_failed = asked.cancelled() or asked.exception() is not None
        return has_failed or now - self._ended_at >= self._kept_seconds

    async def _timed(self) -> Answer:
        try:
            return await self._ask()
        finally:
            self._ended_at = asyncio.get_running_loop().time()
