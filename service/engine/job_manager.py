"""A subclass of procrastinate's JobManager: fetch, notifications, heartbeat and ends of queue rows.

It loses no notification, never ends an attempt of another worker, and retries the end of a queue
row until it is written. A *job* of the engine is one queue row here.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Notification, Status
from procrastinate.manager import JobManager, NotificationCallback, get_channel_for_queues

from service.engine.connector import PricingConnector
from service.engine.notifications import NotificationFilter
from service.errors import WorkerPruned
from service.logs import SyncLogger, sync_logger
from service.postgres.pool import answer_within
from service.postgres.retry import (
    LockTimeout,
    Retry,
    RetryExpired,
    ThrottledWarning,
    is_lock_timeout,
    is_repairable,
    is_rolled_back,
    is_transient,
)

logger = logging.getLogger(__name__)

SYNC_TASK = "sync_provider"

# In a row.
MOST_ROLLED_BACK_FETCHES = 20
# Well within the lease: a dead connection must not cost a live worker its registration.
HEARTBEAT_ANSWER_SECONDS = 4.0
# Bounded, because a queue row of this worker may still lock its registration.
SIGN_OFF_SECONDS = 5.0
# While another session locks a whole table.
GIVE_UP_RETRY_SECONDS = 2.0
PRUNED = "its last heartbeat was older than the lease, so its registration was deleted"


class PricingJobManager(JobManager):
    """Stays correct under lost connections, locked rows and late workers."""

    def __init__(self, connector: PricingConnector) -> None:
        super().__init__(connector)
        self._own_connector = connector
        self._notifications = 0
        self._fetches = 0
        # Queue rows that this process runs.
        self._running: set[int] = set()
        # Whether the last fetch found no row: each queued row is locked, runs or is not due.
        self.fetched_nothing = False
        # Queue rows whose end could not be written before shutdown.
        self.unended: list[int] = []
        self._failure: Exception | None = None
        # (queue row, attempt) of running tasks whose end is written already.
        self._ended_attempts: set[tuple[int, int]] = set()
        # (queue row, attempt) that give_up_sync has requeued, or recorded for a clean-up.
        self._given_up_attempts: set[tuple[int, int]] = set()
        self._table_warning = ThrottledWarning()

    @property
    def news(self) -> int | None:
        """Grows with each notification and each fetch of rows; None while LISTEN never worked."""
        return self._notifications + self._fetches if self._notifications else None

    def take_failure(self) -> Exception | None:
        """The error that ended the worker; the engine returns without it."""
        failure, self._failure = self._failure, None
        return failure

    @contextmanager
    def _recording_failure(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self._failure = error
            raise

    @property
    def retry(self) -> Retry:
        """The connector's, which makes a new one each time that it is opened."""
        return self._own_connector.retry

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        # The engine's own obeys every payload, which any login may send.
        async def deliver(notification: Notification) -> None:
            self._notifications += 1
            await on_notification(channel="", notification=notification)

        notification_filter = NotificationFilter(
            deliver, self._running.__contains__, self.list_jobs_to_abort_async
        )
        forwarding = asyncio.create_task(
            notification_filter.forward(), name="pricing notifications"
        )
        try:
            with self._recording_failure():
                await self.connector.listen_notify(
                    on_notification=notification_filter.receive,
                    channels=get_channel_for_queues(queues),
                )
        finally:
            forwarding.cancel()
            with suppress(asyncio.CancelledError):
                await forwarding

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        jobs = await self.fetch_jobs(queues, worker_id, 1)
        return jobs[0] if jobs else None

    async def fetch_jobs(
        self, queues: Iterable[str] | None, worker_id: int, most: int
    ) -> list[Job]:
        """The next rows that this worker may run, so many at most; the caller runs all of them."""
        # The engine drops a notification that arrives during a fetch, so an empty fetch that began
        # before one is repeated. A fetch that lost its connection is not: it may have fetched rows.
        # The worker ends, and hands them back as it signs off; the lease does where it cannot.
        rolled_back = 0
        while True:
            seen = self._notifications
            try:
                jobs = await self._fetch_once(queues, worker_id, most)
            except ConnectorException as error:
                if isinstance(error.__cause__, psycopg.errors.ForeignKeyViolation):
                    raise WorkerPruned(PRUNED) from error
                if isinstance(error, UniqueViolation) or is_rolled_back(error):
                    # Two fetches chose rows of one lock, because an operator had changed their
                    # order; or the server rolled the statement back. The engine would end the
                    # worker, but another fetch is enough.
                    rolled_back += 1
                    if rolled_back > MOST_ROLLED_BACK_FETCHES:
                        raise
                    await asyncio.sleep(0.05)
                    continue
                if is_lock_timeout(error):
                    # Locked rows are skipped, so this is a locked table. The next poll tries again.
                    self._table_warning.warn(
                        "Nothing can be fetched: %s", await self._describe_table_locks()
                    )
                    return []
                raise
            self.fetched_nothing = not jobs
            self._fetches += bool(jobs)
            if jobs or seen == self._notifications:
                self._running.update(queue_id(job) for job in jobs)
                return jobs

    async def _fetch_once(
        self, queues: Iterable[str] | None, worker_id: int, most: int
    ) -> list[Job]:
        # The engine's own fetch slows down with each row that waits behind a lock.
        while True:
            rows = await self.connector.execute_query_all_async(
                "select id, status, task_name, priority, lock, queueing_lock, queue_name, attempts,"
                " worker_id, args::text as args, case when"
                " scheduled_at between '1000-01-01' and '9000-01-01' then scheduled_at"
                " end as scheduled_at"
                " from public.fetch_queue_rows(%(queues)s::varchar[], %(worker_id)s, %(most)s)",
                queues=None if queues is None else list(queues),
                worker_id=worker_id,
                most=most,
            )
            jobs = [job for row in rows if (job := await self._read_row(row)) is not None]
            if jobs or not rows:
                return jobs

    async def _read_row(self, row: dict[str, Any]) -> Job | None:
        """The job of a fetched row; None, and it ends as failed, where it cannot be read."""
        try:
            return Job.from_row({**row, "args": _read_arguments(row["args"])})
        # The database returns no such row. Parsed here, because arguments that the driver cannot
        # parse would end this worker, and then each one that fetches the row.
        except (ValueError, RecursionError, MemoryError) as error:
            logger.error("queue row %s ends as failed, unreadable: %s", row["id"], error)
            unread = Job.from_row({**row, "args": {}})
            await self.finish_job(unread, Status.FAILED, delete_job=False)
            return None

    async def _describe_table_locks(self) -> str:
        row = await self.connector.execute_query_one_async(
            "select public.pricing_table_holders() as holders"
        )
        return str(row["holders"] or "a session locked a table and has released it since")

    async def prune_stalled_workers(self, seconds_since_heartbeat: float) -> list[int]:
        # The engine's own waits for a session that locks a dead worker's row, and none starts.
        rows = await self.connector.execute_query_all_async(
            "select worker_id from public.prune_pricing_workers(%(lease_seconds)s) as worker_id",
            lease_seconds=seconds_since_heartbeat,
        )
        return [row["worker_id"] for row in rows]

    async def update_heartbeat(self, worker_id: int) -> None:
        with (
            self._recording_failure(),
            answer_within(HEARTBEAT_ANSWER_SECONDS, waits_for_connection=False, is_periodic=True),
        ):
            try:
                beat = await self.retry.until_done(
                    lambda: self.connector.execute_query_one_async(
                        "select public.beat_pricing_worker(%(worker_id)s) as registered",
                        worker_id=worker_id,
                    ),
                    "a heartbeat",
                )
            except RetryExpired:
                # The process stops as asked; the engine would log this as an error.
                return
            if not beat["registered"]:
                raise WorkerPruned(PRUNED)

    async def defer_periodic_job(self, *args: Any, **kwargs: Any) -> int | None:
        defer = super().defer_periodic_job
        with self._recording_failure():
            try:
                return await self.retry.until_done(lambda: defer(*args, **kwargs), "a periodic job")
            except RetryExpired:
                return None

    async def list_jobs_to_abort_async(self, queue: str | None = None) -> Iterable[int]:
        try:
            return await super().list_jobs_to_abort_async(queue)
        except ConnectorException as error:
            if is_transient(error):
                # Repeated in a few seconds; a notification announces an abort as well.
                return []
            raise

    async def unregister_worker(self, worker_id: int) -> None:
        unregister = super().unregister_worker
        known = [*self._running, *self.unended]
        try:
            async with asyncio.timeout(SIGN_OFF_SECONDS):
                # All that it began has ended. A fetch whose answer was lost may have given it more.
                await self.retry.until_done(
                    lambda: self.connector.execute_query_one_async(
                        "select public.return_queue_rows(%(worker_id)s, %(known)s) as returned",
                        worker_id=worker_id,
                        known=known,
                    ),
                    f"the rows of worker {worker_id}",
                )
                await self.retry.until_done(
                    lambda: unregister(worker_id), f"the end of worker {worker_id}"
                )
        except (RetryExpired, TimeoutError):
            # The registration ends with the lease; a restarted worker does not wait for it.
            return

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        job_id = queue_id(job)
        finish = super().finish_job
        # A sync ends its own queue row, in the transaction of its prices or its failure. An abort
        # and an unexpected error end it here. Retention deletes rows, not this.
        end = "aborted" if status is Status.ABORTED else "failed"
        try:
            if job.task_name == SYNC_TASK:
                attempt = (job_id, job.attempts + 1)
                if attempt in self._given_up_attempts:
                    return
                try:
                    ended = attempt not in self._ended_attempts and await self.end_provider_sync(
                        *attempt, end
                    )
                except LockTimeout:
                    await self.give_up_sync(*attempt, _log_of(job))
                    return
                if status is Status.ABORTED and not ended:
                    _log_of(job).warning("too late: aborted, but the attempt had ended before")
            else:
                await self.retry.until_done(
                    lambda: finish(job, status, delete_job),
                    f"the end of job {job_id}",
                    is_repairable,
                )
        except RetryExpired:
            self.unended.append(job_id)
        finally:
            self._forget(job)

    async def retry_job(self, job: Job, *args: Any, **kwargs: Any) -> None:
        try:
            if job.task_name == SYNC_TASK:
                await self.end_provider_sync(queue_id(job), job.attempts + 1, "queued")
            else:
                await super().retry_job(job, *args, **kwargs)
        except LockTimeout:
            await self.give_up_sync(queue_id(job), job.attempts + 1, _log_of(job))
        finally:
            self._forget(job)

    def _forget(self, job: Job) -> None:
        """Forget an attempt that this process no longer runs."""
        attempt = (queue_id(job), job.attempts + 1)
        self._running.discard(attempt[0])
        self._ended_attempts.discard(attempt)
        self._given_up_attempts.discard(attempt)

    def note_end(self, queue_job_id: int, attempt: int) -> None:
        """Say that the task has ended its attempt itself, with or without prices."""
        self._ended_attempts.add((queue_job_id, attempt))

    async def end_provider_sync(
        self,
        queue_job_id: int,
        attempt: int,
        status: str,
        error_kind: str | None = None,
        message: str | None = None,
        next_allowed_at: object = None,
    ) -> bool:
        """Call the database function of that name until it answers; False if it is too late.

        Raises LockTimeout when another session locks what it writes; call give_up_sync then.
        """
        row = await self.retry.until_done_or_locked(
            lambda: self.connector.execute_query_one_async(
                "select public.end_provider_sync(%(queue_job_id)s, %(attempt)s, %(status)s,"
                " %(error_kind)s, %(message)s, %(next_allowed_at)s) as ended",
                queue_job_id=queue_job_id,
                attempt=attempt,
                status=status,
                error_kind=error_kind,
                message=message,
                next_allowed_at=next_allowed_at,
            ),
            f"the end of queue row {queue_job_id}",
            is_repairable,
        )
        return bool(row["ended"])

    async def give_up_sync(self, queue_job_id: int, attempt: int, log: SyncLogger) -> None:
        """Requeue the sync of an attempt that waited too long for a lock, and log who has the lock.

        Where the requeueing meets the lock too, the database records it and a clean-up requeues
        the sync later, so that no slot of this worker waits.
        """
        warning = ThrottledWarning()
        while True:
            row = await self.retry.until_done(
                lambda: self.connector.execute_query_one_async(
                    "select * from public.give_up_sync(%(queue_job_id)s, %(attempt)s)",
                    queue_job_id=queue_job_id,
                    attempt=attempt,
                ),
                f"the requeueing of queue row {queue_job_id}",
                is_repairable,
            )
            if row["outcome"] != "held":
                break
            warning.warn("sync cannot go on: %s", row["message"])
            await asyncio.sleep(GIVE_UP_RETRY_SECONDS)
        if row["outcome"] == "late":
            log.warning("too late: the attempt ended while it waited for a lock")
            return
        self._given_up_attempts.add((queue_job_id, attempt))
        when = "" if row["outcome"] == "queued" else " when the lock is released"
        log.warning("sync gave up (locked): %s. It is queued again%s.", row["message"], when)


def _read_arguments(text: str) -> dict[str, Any]:
    arguments = json.loads(text)
    if not isinstance(arguments, dict):
        raise ValueError("its arguments are not an object")
    return arguments


def queue_id(job: Job) -> int:
    """The id of a fetched queue row; ValueError for a job that was never stored."""
    if job.id is None:
        raise ValueError(f"a job of {job.task_name} has no id")
    return job.id


def _log_of(job: Job) -> SyncLogger:
    arguments = job.task_kwargs
    return sync_logger(
        job_id=str(arguments.get("job_id")),
        provider=str(arguments.get("provider")),
        attempt=job.attempts + 1,
    )
