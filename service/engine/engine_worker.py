"""A subclass of procrastinate's Worker that dequeues several rows in one commit."""

from __future__ import annotations

import asyncio
import time
from typing import cast

from procrastinate import utils
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job
from procrastinate.worker import Worker

from service.engine.job_manager import PricingJobManager

# Few, so that one worker does not take what others have slots for.
MOST_ROWS = 4


class PricingWorker(Worker):
    """Fetches as many rows as it has free slots, MOST_ROWS at most, and begins all of them at once.

    So no fetched row ever waits: a stop, a pause or a kill finds each one running.
    """

    async def _fetch_and_process_jobs(self) -> None:
        manager = cast(PricingJobManager, self.app.job_manager)
        while slots := await self._take_slots():
            jobs: list[Job] = []
            try:
                # It is registered before it fetches.
                worker_id = cast(int, self.worker_id)
                jobs = await manager.fetch_jobs(self.queues, worker_id, slots)
            finally:
                for _ in range(slots - len(jobs)):
                    self._job_semaphore.release()
                self._new_job_event.clear()
            if not jobs:
                return
            for job in jobs:
                self._begin(job)
            # They enter their task before the next fetch is made.
            await asyncio.sleep(0)

    async def _take_slots(self) -> int:
        """Wait for a free slot, and take others that are free; 0 after a stop."""
        if self._job_semaphore.locked():
            first = asyncio.create_task(self._job_semaphore.acquire())
            await utils.wait_any(first, self._stop_event.wait())
            slots = int(not first.cancelled())
        else:
            slots = 0
        while slots < MOST_ROWS and not self._job_semaphore.locked():
            # Does not wait.
            await self._job_semaphore.acquire()
            slots += 1
        if self._stop_event.is_set():
            for _ in range(slots):
                self._job_semaphore.release()
            return 0
        return slots

    def _begin(self, job: Job) -> None:
        """Run a fetched job, as the engine does."""
        context = JobContext(
            app=self.app,
            worker_name=self.worker_name,
            worker_queues=self.queues,
            additional_context=dict(self.additional_context or {}),
            job=job,
            abort_reason=lambda: self._job_ids_to_abort.get(job.id) if job.id else None,
            start_timestamp=time.time(),
        )
        task = asyncio.create_task(
            self._process_job(context),
            name=f"process job {job.task_name}[{job.id}]",
        )
        self._running_jobs[task] = context
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        del self._running_jobs[task]
        self._job_semaphore.release()
