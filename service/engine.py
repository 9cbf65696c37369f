"""procrastinate, extended: everything that makes the engine fit for prices is in this module.

``PricingApp`` runs its worker under a supervisor, also when the procrastinate command line starts
it; ``PricingJobManager`` never forgets a wake-up, never ends somebody else's attempt, and repeats
the end of a job until it is written. Nothing is patched: both are subclasses.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from typing import Any, TypeVar

import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.connector import Notify
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Notification, Status
from procrastinate.manager import JobManager, NotificationCallback
from procrastinate.worker import Worker
from psycopg.rows import TupleRow

from service.migrations import missing_parts
from service.settings import read_settings

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")
WorkerContext = AbstractAsyncContextManager[dict[str, Any]]

SYNC_TASK = "sync_provider"
WORKER_ROLE = "pricing_worker"

TICK_SECONDS = 5.0
# SIGTERM to exit is 10 s at most: this long for running syncs, the rest to hand back what is left.
GRACE_SECONDS = 5.0
FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 30.0
# How often a process that waits says so.
REMINDER_SECONDS = 30.0

# In one round trip: the search path, and the role where there is one that we may take.
_CONFIGURE = """
select
    set_config('search_path', 'procrastinate, public', false),
    (
        select set_config('role', r.rolname, false)
        from pg_catalog.pg_roles r
        where %s and r.rolname = %s and pg_has_role(session_user, r.oid, 'member')
    )
"""
# SQLSTATE 22: bad data, 23: a constraint, 42: a wrong statement, P0: raised, PT: our refusals.
# Repeating such a statement would fail the same way.
_PERMANENT = ("22", "23", "42", "P0", "PT")


def worker_url() -> str:
    """The worker's database URL; asked when a connection is made, not at import."""
    settings = read_settings()
    if settings.worker_database_url is not None:
        return settings.worker_database_url.get_secret_value()
    return settings.require_database_url()


async def configure_connection(connection: psycopg.AsyncConnection[TupleRow]) -> None:
    """Set search path and role. A URL of the worker's own brings its own role."""
    takes_role = read_settings().worker_database_url is None
    await connection.execute(_CONFIGURE, (takes_role, WORKER_ROLE))
    await connection.commit()


def is_passing(error: Exception) -> bool:
    """Whether the same statement may succeed later: the connection was lost, not the argument."""
    cause = error.__cause__ if isinstance(error, ConnectorException) else error
    if not isinstance(cause, psycopg.Error):
        return False
    return not (cause.sqlstate or "").startswith(_PERMANENT)


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
        super().__init__(conninfo=worker_url, configure=configure_connection, **kwargs)

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
        while True:
            seen = self._notifications
            job = await super().fetch_job(queues, worker_id)
            if job is not None or seen == self._notifications:
                return job

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
        self.job_manager: PricingJobManager = PricingJobManager(connector)
        self._worker_context = worker_context

    async def run_worker_async(self, **kwargs: Any) -> None:
        """Run a worker until SIGTERM or SIGINT; with ``wait=False``, until nothing waits."""
        self.perform_import_paths()  # type: ignore[no-untyped-call]
        async with self._worker_context() as shared:
            await Supervisor(self, {**kwargs, "additional_context": shared}).run()

    async def wait_for_schema(self) -> None:
        """Return when the database answers and holds what this version needs."""
        reminded = 0.0
        while True:
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


class Supervisor:
    """Keeps one worker running and the queue swept; a return that nobody asked for is a failure."""

    def __init__(self, app: PricingApp, options: dict[str, Any]) -> None:
        self._app = app
        self._options = options
        self._stopping = asyncio.Event()
        self._worker: Worker | None = None
        self.restarts = 0

    async def run(self) -> None:
        if self._options.get("install_signal_handlers", True):
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.stop)
        if not await self._or_stopped(self._app.wait_for_schema()):
            return
        ticker = asyncio.create_task(self._tick_forever(), name="pricing ticker")
        try:
            await self._keep_running()
        except asyncio.CancelledError:
            self.stop()
            raise
        finally:
            ticker.cancel()
            with suppress(asyncio.CancelledError):
                await ticker

    def stop(self) -> None:
        """Ask for an orderly end: no new syncs, running ones finish or go back to the queue."""
        self._stopping.set()
        if self._worker is not None:
            self._worker.stop()  # type: ignore[no-untyped-call]

    async def _keep_running(self) -> None:
        backoff = FIRST_BACKOFF_SECONDS
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                self._worker = self._app._worker(**await self._worker_options())
                await self._worker.run()  # type: ignore[no-untyped-call]
                if self._stopping.is_set() or not self._options.get("wait", True):
                    return
                problem: object = "it returned"
            except Exception as error:
                problem = error.__cause__ or error
            finally:
                self._worker = None
            self.restarts += 1
            if time.monotonic() - started > LONGEST_BACKOFF_SECONDS:
                backoff = FIRST_BACKOFF_SECONDS
            logger.error(
                "The worker ended and is started again in %.1f s (restart %d): %s",
                backoff, self.restarts, problem,
            )  # fmt: skip
            await self._or_stopped(asyncio.sleep(backoff))
            backoff = min(backoff * 2, LONGEST_BACKOFF_SECONDS)

    async def _worker_options(self) -> dict[str, Any]:
        row = await self._app.connector.execute_query_one_async(
            "select extract(epoch from heartbeat_interval)::float as heartbeat,"
            " extract(epoch from lease)::float as lease from public.pricing_settings"
        )
        return {
            "concurrency": read_settings().worker_concurrency,
            "shutdown_graceful_timeout": GRACE_SECONDS,
            "update_heartbeat_interval": row["heartbeat"],
            "stalled_worker_timeout": row["lease"],
            **self._options,
            "install_signal_handlers": False,
        }

    async def _tick_forever(self) -> None:
        failing = False
        while True:
            try:
                row = await self._app.connector.execute_query_one_async(
                    "select * from public.cleanup_stuck_pricing_syncs()"
                )
                if row["syncs_cleaned"]:
                    logger.warning("Settled %d stuck provider syncs.", row["syncs_cleaned"])
                failing = False
            except Exception as error:
                if not failing:
                    problem = error.__cause__ or error
                    logger.warning("The clean-up of stuck syncs failed: %s", problem)
                failing = True
            await asyncio.sleep(TICK_SECONDS)

    async def _or_stopped(self, work: Awaitable[object]) -> bool:
        """Wait for ``work`` or for a stop; True when the work was done."""
        task = asyncio.ensure_future(work)
        stopped = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
            return task.done()
        finally:
            for waiting in (task, stopped):
                waiting.cancel()
            await asyncio.gather(task, stopped, return_exceptions=True)
