"""procrastinate's job manager, extended: fetch, wake-ups and ends of jobs.

``PricingJobManager`` never forgets a wake-up, never ends an attempt of another worker, and repeats
the end of a job until it is written. Nothing is patched: it is a subclass.
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
# Well within the lease: a network that has forgotten a connection must not cost a live worker its.
HEARTBEAT_ANSWER_SECONDS = 4.0
# A row of its own may still hold its registration.
SIGN_OFF_SECONDS = 5.0
# While somebody holds a whole table.
GIVE_UP_RETRY_SECONDS = 2.0
PRUNED = "it was held up for longer than the lease, and taken for dead"


class PricingJobManager(JobManager):
    """Fetch, wake-ups and ends that hold under lost connections and late workers."""

    def __init__(self, connector: PricingConnector) -> None:
        super().__init__(connector)
        self._own_connector = connector
        self._notifications = 0
        # Queue rows that this process runs.
        self._running: set[int] = set()
        # Whether the last fetch found no row: what waits then is held, runs or is not due.
        self.fetched_nothing = False
        # Queue rows whose end could not be written before a stop.
        self.unended: list[int] = []
        self._failure: Exception | None = None
        # (queue row, attempt) of which the database knows already that nobody runs them any more.
        self._given_up_attempts: set[tuple[int, int]] = set()
        self._table_warning = ThrottledWarning()

    def take_failure(self) -> Exception | None:
        """Why the worker ended, where the engine does not say: it only returns."""
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
        """The connector's; each opening of the connector makes a new one."""
        return self._own_connector.retry

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        # The engine's own parses what anybody may send, and obeys it.
        async def tell(notification: Notification) -> None:
            self._notifications += 1
            await on_notification(channel="", notification=notification)

        notification_filter = NotificationFilter(
            tell, self._running.__contains__, self.list_jobs_to_abort_async
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
        # The worker forgets a notification that arrives while it fetches: an empty answer to a
        # question that was asked before the news is asked again.
        # A lost connection is not: whether a row was fetched nobody knows then. The worker ends
        # for it, and what a number of a worker that is gone still holds is taken back at once.
        rolled_back = 0
        while True:
            seen = self._notifications
            try:
                job = await self._fetch_once(queues, worker_id)
            except ConnectorException as error:
                if isinstance(error.__cause__, psycopg.errors.ForeignKeyViolation):
                    raise WorkerPruned(PRUNED) from error
                if isinstance(error, UniqueViolation) or is_rolled_back(error):
                    # Two fetches chose rows of one lock, because a hand had changed their order;
                    # or the server undid the statement. The engine would end the worker for it,
                    # which only has to look again.
                    rolled_back += 1
                    if rolled_back > MOST_ROLLED_BACK_FETCHES:
                        raise
                    await asyncio.sleep(0.05)
                    continue
                if is_lock_timeout(error):
                    # Rows are passed over; this is a whole table. The next poll asks again.
                    self._table_warning.warn(
                        "Nothing can be fetched: %s", await self._describe_table_locks()
                    )
                    return None
                raise
            self.fetched_nothing = job is None
            if job is not None or seen == self._notifications:
                if job is not None and job.id is not None:
                    self._running.add(job.id)
                return job

    async def _fetch_once(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        # The engine's own fetch slows down with every row that waits behind a lock; this does not.
        while True:
            row = await self.connector.execute_query_one_async(
                "select id, status, task_name, priority, lock, queueing_lock, queue_name, attempts,"
                " worker_id, args::text as args, case when"
                " scheduled_at between '1000-01-01' and '9000-01-01' then scheduled_at"
                " end as scheduled_at"
                " from public.fetch_queue_row(%(queues)s::varchar[], %(worker_id)s)",
                queues=None if queues is None else list(queues),
                worker_id=worker_id,
            )
            if row["id"] is None:
                return None
            try:
                return Job.from_row({**row, "args": _read_arguments(row["args"])})
            # The database hands out no such row. Read here, because what the driver cannot read
            # ends the worker, and the next one that comes by the row.
            except (ValueError, RecursionError, MemoryError) as error:
                logger.error("queue row %s cannot be read, and fails: %s", row["id"], error)
                unread = Job.from_row({**row, "args": {}})
                await self.finish_job(unread, Status.FAILED, delete_job=False)

    async def _describe_table_locks(self) -> str:
        row = await self.connector.execute_query_one_async(
            "select public.pricing_table_holders() as holders"
        )
        return str(row["holders"] or "a table was held by a session that has let go since")

    async def prune_stalled_workers(self, seconds_since_heartbeat: float) -> list[int]:
        # The engine's own waits for whoever holds a dead worker's row, and no worker would start.
        rows = await self.connector.execute_query_all_async(
            "select worker_id from public.prune_pricing_workers(%(lease_seconds)s) as worker_id",
            lease_seconds=seconds_since_heartbeat,
        )
        return [row["worker_id"] for row in rows]

    async def update_heartbeat(self, worker_id: int) -> None:
        with (
            self._recording_failure(),
            answer_within(HEARTBEAT_ANSWER_SECONDS, waits_for_connection=False),
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
                # The process ends, as it was told to: the engine would tell of this as an error.
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
                # Asked again in a few seconds; a notification tells of an abort as well.
                return []
            raise

    async def unregister_worker(self, worker_id: int) -> None:
        unregister = super().unregister_worker
        try:
            async with asyncio.timeout(SIGN_OFF_SECONDS):
                await self.retry.until_done(
                    lambda: unregister(worker_id), f"the end of worker {worker_id}"
                )
        except (RetryExpired, TimeoutError):
            # It is taken for dead when the lease is over; whoever starts it again waits for nobody.
            return

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        job_id = queue_id(job)
        finish = super().finish_job
        # A sync has ended its own queue row, in the transaction of its prices or its failure.
        # What is left is an abort, and an exception that nobody foresaw. Rows are never deleted
        # here: retention does that.
        end = "aborted" if status is Status.ABORTED else "failed"
        try:
            if job.task_name == SYNC_TASK:
                attempt = (job_id, job.attempts + 1)
                if attempt in self._given_up_attempts:
                    return
                try:
                    ended = await self.end_provider_sync(*attempt, end)
                except LockTimeout:
                    await self.give_up_sync(*attempt, _log_of(job))
                    return
                if status is Status.ABORTED and not ended:
                    _log_of(job).warning("too late: aborted, and ended by somebody else before")
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
        """This process has nothing to do with the attempt any more."""
        self._running.discard(queue_id(job))
        self._given_up_attempts.discard((queue_id(job), job.attempts + 1))

    async def end_provider_sync(
        self,
        queue_job_id: int,
        attempt: int,
        status: str,
        error_kind: str | None = None,
        message: str | None = None,
        next_allowed_at: object = None,
    ) -> bool:
        """Call the database function of that name until it answers; False for a late caller.

        Raises LockTimeout when somebody holds what it writes: give_up_sync is for that.
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
        """Queue the sync of an attempt again that has waited too long, and say who held what.

        Where even that cannot be written, the database has noted it, and a clean-up does it later:
        no slot of this worker waits for it.
        """
        warning = ThrottledWarning()
        while True:
            row = await self.retry.until_done(
                lambda: self.connector.execute_query_one_async(
                    "select * from public.give_up_sync(%(queue_job_id)s, %(attempt)s)",
                    queue_job_id=queue_job_id,
                    attempt=attempt,
                ),
                f"the giving up of queue row {queue_job_id}",
                is_repairable,
            )
            if row["outcome"] != "held":
                break
            warning.warn("sync cannot go on: %s", row["message"])
            await asyncio.sleep(GIVE_UP_RETRY_SECONDS)
        if row["outcome"] == "late":
            log.warning("too late: ended by somebody else while it waited")
            return
        self._given_up_attempts.add((queue_job_id, attempt))
        when = "" if row["outcome"] == "queued" else " when that is let go"
        log.warning("sync gave up (locked): %s. It is queued again%s.", row["message"], when)


def _read_arguments(text: str) -> dict[str, Any]:
    arguments = json.loads(text)
    if not isinstance(arguments, dict):
        raise ValueError("its arguments are not an object")
    return arguments


def queue_id(job: Job) -> int:
    """The id of a job that was fetched; ValueError for one that was never stored."""
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
