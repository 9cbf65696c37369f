"""Wake requests that wait for a job when it changes, by one LISTEN connection."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from service.web.database.web_database import WebDatabase

logger = logging.getLogger(__name__)

CHANNEL = "pricing_sync_job"
PROBE_EVERY_SECONDS = 10.0
PROBE_ANSWER_SECONDS = 5.0
FIRST_BACKOFF_SECONDS = 0.25
LONGEST_BACKOFF_SECONDS = 10.0
# Ours have about 100 characters; longer ones are not parsed.
LONGEST_PAYLOAD = 300
WAKE_ALL_EVERY_SECONDS = 1.0
# Between two wake-ups of one reader: each costs a query.
SMALLEST_PAUSE_SECONDS = 0.1


def read_job_id(payload: str) -> uuid.UUID | None:
    """The job that a notification names; None if it is not one of ours."""
    if len(payload) > LONGEST_PAYLOAD:
        return None
    try:
        return uuid.UUID(json.loads(payload)["job_id"])
    except Exception:
        return None


def _end(wait: asyncio.Timeout) -> None:
    if not wait.expired():
        wait.reschedule(asyncio.get_running_loop().time())


class JobWatch:
    """One reader's wait for changes of a job, woken at most every SMALLEST_PAUSE_SECONDS.

    The pause is needed because any login may notify, at any rate.
    """

    def __init__(self) -> None:
        self._changed = asyncio.Event()
        self._woken_at = float("-inf")

    def wake(self) -> None:
        self._changed.set()

    async def wait(self, seconds: float) -> None:
        """Return at a change, or after these seconds; a change soon after another is delayed."""
        loop = asyncio.get_running_loop()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()
                await asyncio.sleep(self._woken_at + SMALLEST_PAUSE_SECONDS - loop.time())
        self._woken_at = loop.time()
        # The reader reads the job after this, so no change before it is missed.
        self._changed.clear()


class JobChanges:
    """Turns notifications into wake-ups; a missed one costs only time.

    A reader reads the job after each wake-up, and every second without one.
    """

    def __init__(self, database: WebDatabase) -> None:
        self._database = database
        self._waiting: dict[uuid.UUID, set[JobWatch]] = {}
        self._woken_at = float("-inf")
        self._next_wake: asyncio.TimerHandle | None = None
        self.listening = False
        self.stopping = False
        self._waits: set[asyncio.Timeout] = set()

    @contextmanager
    def watch(self, job_id: uuid.UUID) -> Iterator[JobWatch]:
        """A watch of changes of the job."""
        watch = JobWatch()
        self._waiting.setdefault(job_id, set()).add(watch)
        try:
            yield watch
        finally:
            others = self._waiting[job_id]
            others.discard(watch)
            if not others:
                del self._waiting[job_id]

    def stop(self) -> None:
        """The process stops: wake all readers, which answer with the job as it is."""
        self.stopping = True
        self._wake_all()
        for wait in self._waits:
            _end(wait)

    @contextmanager
    def ended_by_stop(self, wait: asyncio.Timeout) -> Iterator[None]:
        """Let the wait, which has been entered, end when the process stops."""
        if self.stopping:
            _end(wait)
        self._waits.add(wait)
        try:
            yield
        finally:
            self._waits.discard(wait)

    async def listen_forever(self) -> None:
        """Listen, and after any failure listen again; ends by cancellation only."""
        backoff = FIRST_BACKOFF_SECONDS
        while True:
            try:
                await self._listen()
            except Exception as error:
                if self.listening:
                    backoff = FIRST_BACKOFF_SECONDS
                    # This connection is probed, so it detects a dead network first.
                    self._database.reconnect()
                reason = str(error) or type(error).__name__
                logger.warning(
                    "not listening, waits are polled; again in %.2f s: %s", backoff, reason
                )
            self.listening = False
            await asyncio.sleep(backoff)
            backoff = min(2 * backoff, LONGEST_BACKOFF_SECONDS)

    async def _listen(self) -> None:
        await self._database.open()
        if not self._database.can_listen:
            # It never changes once the pool is open: readers poll every second.
            await asyncio.Event().wait()
        connection = await self._database.listening_connection()
        try:
            lost = asyncio.Event()
            probed = asyncio.Event()
            probe_channel = f"pricing_web_{uuid.uuid4().hex}"
            connection.add_termination_listener(lambda *_: lost.set())
            await connection.add_listener(probe_channel, lambda *_: probed.set())
            await connection.add_listener(CHANNEL, self._notified)
            self.listening = True
            # Changes before LISTEN were not notified.
            self._wake_all()
            while True:
                # A dead connection looks healthy: only an answer proves it.
                probed.clear()
                async with asyncio.timeout(PROBE_ANSWER_SECONDS):
                    await connection.execute(f"notify {probe_channel}")
                    await probed.wait()
                with suppress(TimeoutError):
                    async with asyncio.timeout(PROBE_EVERY_SECONDS):
                        await lost.wait()
                if lost.is_set():
                    raise ConnectionResetError("the listening connection was closed")
        finally:
            connection.terminate()

    def _notified(self, connection: Any, pid: int, channel: str, payload: object) -> None:
        """Called for every notification on the channel; any login may send one."""
        if not self._waiting:
            return
        job_id = read_job_id(str(payload))
        if job_id is None:
            # Not one of ours, perhaps sent by a person: all readers read.
            self._wake_all_in_turn()
            return
        for watch in self._waiting.get(job_id, ()):
            watch.wake()

    def _wake_all_in_turn(self) -> None:
        """Wake all, at most every WAKE_ALL_EVERY_SECONDS: each reader sends a query."""
        if self._next_wake is not None:
            return
        loop = asyncio.get_running_loop()
        wait = self._woken_at + WAKE_ALL_EVERY_SECONDS - loop.time()
        if wait <= 0:
            self._wake_all()
            self._woken_at = loop.time()
        else:
            self._next_wake = loop.call_later(wait, self._wake_all_late)

    def _wake_all_late(self) -> None:
        self._next_wake = None
        self._wake_all_in_turn()

    def _wake_all(self) -> None:
        for watches in self._waiting.values():
            for watch in watches:
                watch.wake()
