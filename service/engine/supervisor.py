"""Keeps a worker running and the queue swept, whatever happens to Postgres or to the worker."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from procrastinate.job_context import AbortReason
from procrastinate.worker import Worker

from service.engine.connector import PricingConnector
from service.engine.credential_report import report_credentials
from service.engine.job_manager import PricingJobManager
from service.engine.schema_wait import wait_for_schema
from service.engine.ticker import tick_forever
from service.errors import SettingsError, SyncsLeft, WorkerError, WorkerGaveUp, WorkerPruned
from service.postgres.retry import RetryExpired, is_transient
from service.settings import read_settings

logger = logging.getLogger(__name__)

# SIGTERM to exit is 10 s at most: this long for running syncs, ...
GRACE_SECONDS = 5.0
# ... and no longer than this, if the engine has begun to count late: it first waits for its own
# questions to the database, ...
LATEST_GRACE_SECONDS = 6.0
# ... until here to hand back what is left, ...
WRITE_SECONDS = 7.0
# ... and this when not even giving up ends, whatever holds it.
LAST_SECONDS = 9.0
FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 30.0
LONGEST_OUTAGE_BACKOFF_SECONDS = 4.0
# So often in a row, each time before it was up for so long, and it is not tried again.
MOST_FAILURES = 10
HEALTHY_SECONDS = 60.0


class Supervisor:
    """Keeps one worker running and the queue swept; a return that nobody asked for is a failure.

    It lives through every outage of Postgres. A worker that fails with Postgres there, again and
    again, is given up: whoever watches processes should see it.
    """

    def __init__(
        self,
        database: PricingConnector,
        job_manager: PricingJobManager,
        make_worker: Callable[..., Worker],
        options: dict[str, Any],
    ) -> None:
        self._database = database
        self._job_manager = job_manager
        self._make_worker = make_worker
        self._options = options
        self._stopping = asyncio.Event()
        self._worker: Worker | None = None
        self.restarts = 0

    async def run(self) -> None:
        self._job_manager.unended.clear()
        if self._options.get("install_signal_handlers", True):
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._stop_with_deadlines)
        if not await self._unless_stopped(wait_for_schema(self._database)):
            return
        if not await self._unless_stopped(report_credentials(self._database)):
            return
        ticker = asyncio.create_task(tick_forever(self._job_manager), name="pricing ticker")
        try:
            await self._keep_running()
        except asyncio.CancelledError:
            self.stop()
            raise
        finally:
            ticker.cancel()
            with suppress(asyncio.CancelledError):
                await ticker
        if left := self._job_manager.unended:
            raise SyncsLeft(
                f"Stopped before Postgres had taken the end of {len(left)} queue rows.",
                hint="Nothing to do: when the lease is over, another worker does them again.",
            )

    def stop(self) -> None:
        """Ask for an orderly end: no new syncs, running ones finish or go back to the queue."""
        self._stopping.set()
        if self._worker is not None:
            self._worker.stop()  # type: ignore[no-untyped-call]

    def _stop_with_deadlines(self) -> None:
        if not self._stopping.is_set():
            loop = asyncio.get_running_loop()
            loop.call_later(LATEST_GRACE_SECONDS, self._abort_running)
            loop.call_later(WRITE_SECONDS, self._database.abandon_pending)
            loop.call_later(LAST_SECONDS, _force_exit)
        self.stop()

    def _abort_running(self) -> None:
        """As the engine does it when its time for running syncs is over."""
        worker = self._worker
        if worker is None:
            return
        for task, context in list(worker._running_jobs.items()):
            if context.job.id not in worker._job_ids_to_abort:
                worker._abort_job(task, context, AbortReason.SHUTDOWN)

    async def _keep_running(self) -> None:
        backoff = FIRST_BACKOFF_SECONDS
        failures = 0
        while not self._stopping.is_set():
            started = time.monotonic()
            problem = await self._run_once()
            if problem is None:
                return
            self.restarts += 1
            if isinstance(problem, SettingsError):
                raise problem
            if time.monotonic() - started > HEALTHY_SECONDS:
                failures, backoff = 0, FIRST_BACKOFF_SECONDS
            is_outage = is_transient(problem) or isinstance(problem, WorkerPruned)
            failures += not is_outage
            cause = problem if isinstance(problem, WorkerError) else problem.__cause__ or problem
            text = " ".join(str(cause).split())
            if failures >= MOST_FAILURES:
                raise WorkerGaveUp(
                    f"The worker ended {failures} times in a row, the last time because: {text}",
                    hint="Postgres answers, so waiting would not help. See the log above.",
                )
            logger.log(
                logging.WARNING if is_outage else logging.ERROR,
                "The worker ended and is started again in %.1f s (restart %d): %s",
                backoff, self.restarts, text,
            )  # fmt: skip
            await self._unless_stopped(asyncio.sleep(backoff))
            # An outage is waited for before the next start: a long wait here would only follow it.
            longest = LONGEST_OUTAGE_BACKOFF_SECONDS if is_outage else LONGEST_BACKOFF_SECONDS
            backoff = min(backoff * 2, longest)

    async def _run_once(self) -> Exception | None:
        """Run the worker until it ends; None when that was asked for, else why."""
        manager = self._job_manager
        try:
            options = asyncio.ensure_future(
                manager.retry.until_done(self._worker_options, "the question for its settings")
            )
            if not await self._unless_stopped(options) or self._stopping.is_set():
                return None
            # From here to the worker's own first step nothing is awaited: no stop gets lost.
            self._worker = self._make_worker(**options.result())
            await self._worker.run()  # type: ignore[no-untyped-call]
            if self._stopping.is_set() or not self._options.get("wait", True):
                return None
            return manager.take_failure() or WorkerError("it returned")
        except RetryExpired:
            return None
        except Exception as error:
            # A stop that Postgres did not live to see is a stop.
            return None if self._stopping.is_set() and is_transient(error) else error
        finally:
            self._worker = None

    async def _worker_options(self) -> dict[str, Any]:
        row = await self._database.execute_query_one_async(
            "select heartbeat_seconds, lease_seconds from public.pricing_worker_settings"
        )
        sessions = self._database.sessions
        listens = bool(sessions.keeps_session) and self._database.has_room_to_listen
        if not listens:
            logger.warning(
                "%s: the worker asks for work every few seconds instead.",
                "PRICING_WORKER_CONNECTIONS leaves none for LISTEN"
                if sessions.keeps_session
                else "LISTEN is silent here, as behind a transaction-mode pooler",
            )
        return {
            "listen_notify": listens,
            "concurrency": read_settings().worker_concurrency,
            "shutdown_graceful_timeout": GRACE_SECONDS,
            "update_heartbeat_interval": row["heartbeat_seconds"],
            "stalled_worker_timeout": row["lease_seconds"],
            **self._options,
            "install_signal_handlers": False,
        }

    async def _unless_stopped(self, work: Awaitable[object]) -> bool:
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


def _force_exit() -> None:
    """End a process of our own whose last writes nobody answers: the lease gives its work back."""
    logger.error("Not ended in order after %g s: the database does not answer.", LAST_SECONDS)
    logging.shutdown()
    os._exit(1)
