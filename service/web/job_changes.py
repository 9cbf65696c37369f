"""Who waits for a job is woken when it changes: one LISTEN connection for the whole process."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from service.web.database import WebDatabase

logger = logging.getLogger(__name__)

CHANNEL = "pricing_sync_job"
PROBE_EVERY_SECONDS = 10.0
PROBE_ANSWER_SECONDS = 5.0
FIRST_BACKOFF_SECONDS = 0.25
LONGEST_BACKOFF_SECONDS = 10.0
# Ours have about 100 characters; a longer one is not parsed.
LONGEST_PAYLOAD = 300
WAKE_ALL_EVERY_SECONDS = 1.0
# Between two changes that one reader is told of: each costs the database a question.
SMALLEST_PAUSE_SECONDS = 0.1


def read_job_id(payload: str) -> uuid.UUID | None:
    """The job that a notification of ours names; None for anything else that somebody said."""
    if len(payload) > LONGEST_PAYLOAD:
        return None
    try:
        return uuid.UUID(json.loads(payload)["job_id"])
    except Exception:
        return None


class JobWatch:
    """What one reader waits for: changes of one job, told at most every SMALLEST_PAUSE_SECONDS.

    Any login may notify of any job, as fast as it can.
    """

    def __init__(self) -> None:
        self._changed = asyncio.Event()
        self._told_at = float("-inf")

    def wake(self) -> None:
        self._changed.set()

    async def wait(self, seconds: float) -> None:
        """Return at a change, or after these seconds; only a change soon after another waits."""
        loop = asyncio.get_running_loop()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()
                await asyncio.sleep(self._told_at + SMALLEST_PAUSE_SECONDS - loop.time())
        self._told_at = loop.time()
        # The reader reads after this, so it sees what was notified before.
        self._changed.clear()


class JobChanges:
    """Turns notifications into wake-ups; a missed one costs time, never an answer.

    Whoever waits reads the job again after each wake-up and now and then without one, so nothing
    depends on the connection being there.
    """

    def __init__(self, database: WebDatabase) -> None:
        self._database = database
        self._waiting: dict[uuid.UUID, set[JobWatch]] = {}
        self._woken_at = float("-inf")
        self._next_wake: asyncio.TimerHandle | None = None
        self.listening = False
        self.stopped = asyncio.Event()

    @property
    def stopping(self) -> bool:
        return self.stopped.is_set()

    @contextmanager
    def watch(self, job_id: uuid.UUID) -> Iterator[JobWatch]:
        """Waits for changes of the job."""
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
        """The process ends: all who wait answer with what they have."""
        self.stopped.set()
        self._wake_all()

    async def listen_forever(self) -> None:
        """Listen, and after any failure listen again; ends by cancellation only."""
        backoff = FIRST_BACKOFF_SECONDS
        while True:
            try:
                await self._listen()
            except Exception as error:
                if self.listening:
                    backoff = FIRST_BACKOFF_SECONDS
                    # It is probed, and so the first to know.
                    self._database.reconnect()
                reason = str(error) or type(error).__name__
                logger.warning("not listening, again in %.2f s: %s", backoff, reason)
            self.listening = False
            await asyncio.sleep(backoff)
            backoff = min(2 * backoff, LONGEST_BACKOFF_SECONDS)

    async def _listen(self) -> None:
        await self._database.open()
        if not self._database.can_listen:
            # Known for good once the pool is open: those who wait read every second.
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
            # What changed while nobody listened was not heard.
            self._wake_all()
            while True:
                # A connection that a router forgot looks healthy: only an answer proves it.
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
        """Called for everything on the channel, where any login may say anything."""
        job_id = read_job_id(str(payload))
        if job_id is None:
            # It may be a person's hint: then everybody looks.
            self._wake_all_in_turn()
            return
        for watch in self._waiting.get(job_id, ()):
            watch.wake()

    def _wake_all_in_turn(self) -> None:
        """Wake all, once in a while only: each of them asks the database then."""
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
