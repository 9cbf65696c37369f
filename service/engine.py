"""procrastinate, extended: everything that makes the engine fit for prices is in this module.

``PricingApp`` runs its worker under a supervisor (``service/supervisor.py``), also when the
procrastinate command line starts it. ``PricingJobManager`` never forgets a wake-up, never ends
somebody else's attempt, and repeats the end of a job until it is written. Nothing is patched: all
are subclasses.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, TypeVar

import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.connector import Notify
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Notification, Status
from procrastinate.manager import JobManager, NotificationCallback

from service.migrations.runner import missing_parts
from service.sessions import WorkerSessions, worker_url
from service.supervisor import FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS, Supervisor

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")
WorkerContext = AbstractAsyncContextManager[dict[str, Any]]

SYNC_TASK = "sync_provider"

MOST_COLLISIONS = 20
# How often a process that waits says so.
REMINDER_SECONDS = 30.0
# What the same statement may not meet again: a lost connection (08), a rolled back transaction
# (40, deadlocks among them), a server out of something (53), a lock not had (55P03), a statement
# cut short or a server going down (57), a disk (58).
_PASSING = ("08", "40", "53", "55P03", "57", "58")


def is_passing(error: Exception) -> bool:
    """Whether the same statement may succeed later: the connection was lost, not the argument."""
    cause = error.__cause__ if isinstance(error, ConnectorException) else error
    if not isinstance(cause, psycopg.Error):
        return False
    if cause.sqlstate is None:
        # libpq's own: no connection. Other errors without a code are about the argument.
        return isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)
    return cause.sqlstate.startswith(_PASSING)


async def until_written(write: Callable[[], Awaitable[Answer]], what: str) -> Answer:
    """Repeat a write until Postgres has answered it; raises what cannot pass."""
    backoff = FIRST_BACKOFF_SECONDS
    while True:
        try:
            return await write()
        except Exception as error:
            if not is_passing(error):
                raise
            logger.warning(
                "%s could not be written, trying again: %s", what, error.__cause__ or error
            )
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, LONGEST_BACKOFF_SECONDS)


class PricingConnector(PsycopgConnector):
    """Opens without waiting for the server: whoever needs it waits, and says so."""

    def __init__(self, **kwargs: Any) -> None:
        self.sessions = WorkerSessions()
        super().__init__(conninfo=worker_url, configure=self.sessions.configure, **kwargs)

    async def open_async(self, pool: Any = None) -> None:
        if pool is None and self._async_pool is None:
            pool = await self._create_pool(self._pool_args)
            await pool.open(wait=False)
            await super().open_async(pool)
            # We made it, so closing it is ours as well.
            self._pool_externally_set = False
        else:
            await super().open_async(pool)

    async def _loop_notify(self, on_notification: Notify, connection: Any, **kwargs: Any) -> None:
        # What was inserted between the worker's last fetch and this LISTEN notified nobody: a new
        # or renewed LISTEN counts as news (else 5 s for a trigger right after a start).
        await on_notification(channel="", payload='{"type": "job_inserted", "job_id": 0}')
        await super()._loop_notify(on_notification, connection, **kwargs)


class PricingJobManager(JobManager):
    """Fetch, wake-ups and ends that hold under lost connections and late workers."""

    def __init__(self, connector: PricingConnector) -> None:
        super().__init__(connector)
        self._notifications = 0

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        async def count(*, channel: str, notification: Notification) -> None:
            self._notifications += 1
            await on_notification(channel=channel, notification=notification)

        await super().listen_for_jobs(on_notification=count, queues=queues)

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        # The worker forgets a notification that arrives while it fetches: an empty answer to a
        # question that was asked before the news is asked again.
        collisions = 0
        while True:
            seen = self._notifications
            try:
                job = await self._fetch_once(queues, worker_id)
            except UniqueViolation:
                # Two fetches chose rows of one lock, because a hand had changed their order. The
                # engine would end the worker for it; the loser only has to look again.
                collisions += 1
                if collisions > MOST_COLLISIONS:
                    raise
                await asyncio.sleep(0.05)
                continue
            if job is not None or seen == self._notifications:
                return job

    async def _fetch_once(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        # The engine's own fetch slows down with every row that waits behind a lock; this does not.
        row = await self.connector.execute_query_one_async(
            "select id, status, task_name, priority, lock, queueing_lock, args, scheduled_at,"
            " queue_name, attempts, worker_id"
            " from public.fetch_queue_row(%(queues)s::varchar[], %(worker_id)s)",
            queues=None if queues is None else list(queues),
            worker_id=worker_id,
        )
        return None if row["id"] is None else Job.from_row(row)

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        if job.task_name != SYNC_TASK:
            await until_written(
                lambda: JobManager.finish_job(self, job, status, delete_job),
                f"the end of job {job.id}",
            )
            return
        # The sync has ended its own queue row, in the transaction of its prices or its failure.
        # What is left is an abort, and an exception that nobody foresaw. Rows are never deleted
        # here: retention does that.
        assert job.id is not None
        end = "aborted" if status is Status.ABORTED else "failed"
        await self.end_provider_sync(job.id, job.attempts + 1, end)

    async def retry_job(self, job: Job, *args: Any, **kwargs: Any) -> None:
        if job.task_name != SYNC_TASK:
            await super().retry_job(job, *args, **kwargs)
            return
        assert job.id is not None
        await self.end_provider_sync(job.id, job.attempts + 1, "queued")

    async def end_provider_sync(
        self,
        queue_job_id: int,
        attempt: int,
        status: str,
        error_kind: str | None = None,
        message: str | None = None,
        next_allowed_at: object = None,
    ) -> bool:
        """Call the database function of that name until it answers; False for a late caller."""
        row = await until_written(
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
        )
        return bool(row["ended"])


class PricingApp(App):
    """A procrastinate App whose worker lives on: through restarts of Postgres and its own.

    ``worker_context`` opens what the tasks of one worker share; they find it in their context.
    """

    def __init__(
        self,
        *,
        connector: PricingConnector,
        worker_context: Callable[[], WorkerContext] = lambda: nullcontext({}),
        **kwargs: Any,
    ) -> None:
        super().__init__(connector=connector, **kwargs)
        self.sessions = connector.sessions
        self.job_manager: PricingJobManager = PricingJobManager(connector)
        self._worker_context = worker_context

    async def run_worker_async(self, **kwargs: Any) -> None:
        """Run a worker until SIGTERM or SIGINT; with ``wait=False``, until nothing waits."""
        self.perform_import_paths()  # type: ignore[no-untyped-call]
        async with self._worker_context() as shared:
            await Supervisor(self, {**kwargs, "additional_context": shared}).run()

    async def wait_for_schema(self) -> None:
        """Return when the database answers and holds what this version needs.

        Raises SettingsError where waiting does not help.
        """
        reminded = 0.0
        while True:
            if self.sessions.refusal is not None:
                raise self.sessions.refusal
            try:
                rows = await self.connector.execute_query_all_async(
                    "select name, digest from public.pricing_schema_ledger"
                )
                missing = missing_parts((row["name"], row["digest"]) for row in rows)
                if not missing:
                    return
                problem = f"The database lacks {missing[0]}. Run `pricing-sync migrate`."
            except ConnectorException as error:
                cause = error.__cause__
                if isinstance(cause, psycopg.errors.UndefinedTable):
                    problem = "The database is not migrated. Run `pricing-sync migrate`."
                else:
                    problem = f"No database: {cause}"
            if time.monotonic() - reminded >= REMINDER_SECONDS or not reminded:
                logger.warning("Waiting. %s", " ".join(problem.split()))
                reminded = time.monotonic()
            await asyncio.sleep(1)
