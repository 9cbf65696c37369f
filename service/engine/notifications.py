"""What a NOTIFY may make a worker do. Any login may send one, so it is a hint and no more.

A hint of new work costs one question to the queue, and a flood of hints a bounded number of them.
A hint that a running sync is to be aborted is looked up in the database before it is obeyed.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

from procrastinate.jobs import Notification

from service.postgres.retry import ThrottledWarning

# The engine's own have 70 at most; a longer one is not parsed.
LONGEST_PAYLOAD = 200
LARGEST_ID = 2**63 - 1

# Questions to the queue: so many at once, then one each so often. A worker with much to do never
# gets there: while it finds work, it asks without being told.
NEW_WORK_BURST = 100
NEW_WORK_INTERVAL_SECONDS = 0.01
# Looking up aborts. A real one among made-up ones is obeyed this much later at most.
ABORT_LOOKUP_INTERVAL_SECONDS = 1.0

NEW_WORK: Notification = {"type": "job_inserted", "job_id": 0}


def read_notification(payload: str) -> Notification | None:
    """The notification, if it is one that the engine sends; None for anything else."""
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
    """Turns what is heard into what a worker is told.

    ``tell`` passes on to the worker. ``is_running`` says whether this worker runs a job.
    ``list_aborts`` asks the database for the running jobs whose abort was requested.
    """

    def __init__(
        self,
        tell: Callable[[Notification], Awaitable[None]],
        is_running: Callable[[int], bool],
        list_aborts: Callable[[], Awaitable[Iterable[int]]],
        *,
        new_work_burst: int = NEW_WORK_BURST,
        new_work_interval_seconds: float = NEW_WORK_INTERVAL_SECONDS,
        abort_lookup_interval_seconds: float = ABORT_LOOKUP_INTERVAL_SECONDS,
    ) -> None:
        self._deliver = tell
        self._is_running = is_running
        self._list_aborts = list_aborts
        self._rate_limit = RateLimit(new_work_burst, new_work_interval_seconds)
        self._abort_lookup_interval_seconds = abort_lookup_interval_seconds
        self._new_work = asyncio.Event()
        self._aborts = asyncio.Event()

    async def receive(self, *, channel: str, payload: str) -> None:
        """Take note of one notification; cheap, and never an error."""
        notification = read_notification(payload)
        if notification is None or notification["type"] == "job_inserted":
            # One that is not understood may be news as well: a person can NOTIFY by hand.
            self._new_work.set()
        elif self._is_running(notification["job_id"]):
            self._aborts.set()

    async def forward(self) -> None:
        """Tell the worker, as often as is allowed; ends by cancellation only, whatever fails."""
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
                # The worker asks the queue by itself every few seconds.
                warning.warn("The worker could not be told of new work: %s", _problem(error))
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
                # The worker asks by itself every few seconds.
                warning.warn("Aborts could not be looked up: %s", _problem(error))
            await asyncio.sleep(self._abort_lookup_interval_seconds)


def _problem(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


class RateLimit:
    """So many times at once, and later once each so many seconds."""

    def __init__(self, at_once: int, every_seconds: float) -> None:
        self._every = every_seconds
        self._reserve = at_once * every_seconds
        self._spent_until = float("-inf")

    async def wait(self) -> None:
        """Wait until another time is allowed."""
        now = time.monotonic()
        self._spent_until = max(self._spent_until, now - self._reserve) + self._every
        if self._spent_until > now:
            await asyncio.sleep(self._spent_until - now)
