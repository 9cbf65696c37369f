"""Record when keys were last used, after the response."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from service.web.database.web_database import WebDatabase
from service.web.responses.error_responses import HttpError

TOUCH = "select public.touch_pricing_api_key($1)"
# The database records no more often either.
PAUSE_SECONDS = 60.0


class KeyUses:
    def __init__(self, database: WebDatabase) -> None:
        self._database = database
        self._asked_at: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def record(self, key_id: str) -> None:
        now = time.monotonic()
        if now - self._asked_at.get(key_id, -PAUSE_SECONDS) < PAUSE_SECONDS:
            return
        self._asked_at[key_id] = now
        task = asyncio.create_task(self._touch(key_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _touch(self, key_id: str) -> None:
        # A missed record must not fail a request.
        with suppress(HttpError):
            await self._database.row(TOUCH, key_id)
