"""Filters the notifications that a worker receives: any login may send one, so it is only a hint.

A hint of new work makes the worker query the queue, at a bounded rate. A hint to abort a running
sync is checked in the database first.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

from procrastinate.jobs import Notification

from service.postgres.retry import ThrottledWarning
from service.printable import one_line

# The engine's own have 70 bytes at most; a longer one is not parsed.
LONGEST_PAYLOAD = 200
LARGEST_ID = 2**63 - 1

# Queries of the queue: so many at once, then one per interval. A busy worker never reaches the
# limit: while it finds work, it queries without a notification.
NEW_WORK_BURST = 100
NEW_WORK_INTERVAL_SECONDS = 0.01
# A genuine abort among forged ones is delayed by this at most.
ABORT_LOOKUP_INTERVAL_SECONDS = 1.0

NEW_WORK: Notification = {"type": "job_inserted", "job_id": 0}


def read_notification(payload: str) -> Notification | None:
    """Parse a payload of the engine; None for anything else."""
    if len(payload) > LONGEST_PAYLOAD:
        return None
    try:
        found = json.loads(payload)
    except Exception:
        return None
    if not isinstance(found, dict):
        return None
    kind, job_id = found.get("type"), found.get("job_id")
    # A boolean is an int as well.
    if type(job_id) is not int or not 0 <= job_id <= LARGEST_ID:
        return None
    if kind == "job_inserted":
        return {"type": "job_inserted", "job_id": job_id}
    if kind == "abort_job_requested":
        return {"type": "abort_job_requested", "job_id": job_id}
    return None


class NotificationFilter:
    """Forwards received notifications to the worker, at a bounded rate.

    ``deliver`` passes a notification to the worker. ``is_running`` tells whether this worker runs a
    queue row. ``list_aborts`` returns the running queue rows whose abort the database has.
    """

    def __init__(
        self,
        deliver: Callable[[Notification], Awaitable[None]],
        is_running: Callable[[int], bool],
        list_aborts: Callable[[], Awaitable[Iterable[int]]],
        *,
        new_work_burst: int = NEW_WORK_BURST,
        new_work_interval_seconds: float = NEW_WORK_INTERVAL_SECONDS,
        abort_lookup_interval_seconds: float = ABORT_LOOKUP_INTERVAL_SECONDS,
    ) -> None:
        self._deliver = deliver
        self._is_running = is_running
        self._list_aborts = list_aborts
        self._rate_limit = RateLimit(new_work_burst, new_work_interval_seconds)
        self._abort_lookup_interval_seconds = abort_lookup_interval_seconds
        self._new_work = asyncio.Event()
        self._aborts = asyncio.Event()

    async def receive(self, *, channel: str, payload: str) -> None:
        """Record one notification; cheap, and raises nothing."""
        notification = read_notification(payload)
        if notification is None or notification["type"] == "job_inserted":
            # Also for an unknown payload: an operator can NOTIFY by hand.
            self._new_work.set()
        elif self._is_running(notification["job_id"]):
            self._aborts.set()

    async def forward(self) -> None:
        """Deliver to the worker within the rate limits; only cancellation ends it."""
        tasks = [
            asyncio.create_task(self._forward_new_work(), name="new work"),
            asyncio.create_task(self._look_up_aborts(), name="aborts"),
        ]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _forward_new_work(self) -> None:
        warning = ThrottledWarning()
        while True:
            await self._new_work.wait()
            self._new_work.clear()
            try:
                await self._deliver(NEW_WORK)
            except Exception as error:
                warning.warn(
                    "New work could not be announced; the worker finds it at its next poll: %s",
                    one_line(error),
                )
            await self._rate_limit.wait()

    async def _look_up_aborts(self) -> None:
        warning = ThrottledWarning()
        while True:
            await self._aborts.wait()
            self._aborts.clear()
            try:
                for job_id in await self._list_aborts():
                    await self._deliver({"type": "abort_job_requested", "job_id": job_id})
            except Exception as error:
                warning.warn(
                    "Aborts could not be looked up; the worker repeats it at its next poll: %s",
                    one_line(error),
                )
            await asyncio.sleep(self._abort_lookup_interval_seconds)


class RateLimit:
    """Allows ``burst`` calls at once, then one per ``interval_seconds``."""

    def __init__(self, burst: int, interval_seconds: float) -> None:
        self._interval = interval_seconds
        self._reserve = burst * interval_seconds
        self._spent_until = float("-inf")

    async def wait(self) -> None:
        """Wait until the next call is allowed."""
        now = time.monotonic()
        self._spent_until = max(self._spent_until, now - self._reserve) + self._interval
        if self._spent_until > now:
            await asyncio.sleep(self._spent_until - now)
