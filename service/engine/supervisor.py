"""Restarts the worker when it ends unasked, ticks beside it, and stops it within 10 seconds."""

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
from service.engine.start_report import report_start
from service.engine.ticker import tick_forever
from service.errors import SettingsError, SyncsLeft, WorkerError, WorkerGaveUp, WorkerPruned
from service.postgres.retry import RetryExpired, is_transient
from service.printable import one_line
from service.settings import read_settings

logger = logging.getLogger(__name__)

# Shutdown deadlines, from SIGTERM; all of it takes 10 s at most.
# The engine aborts running syncs after this time, ...
GRACE_SECONDS = 5.0
# ... or we do, because the engine counts only after its own pending queries have ended.
LATEST_GRACE_SECONDS = 6.0
# Pending writes are abandoned.
WRITE_SECONDS = 7.0
# The process exits, even if it still waits for something.
LAST_SECONDS = 9.0
FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 30.0
LONGEST_OUTAGE_BACKOFF_SECONDS = 4.0
# After so many failures in a row, each within HEALTHY_SECONDS of its start, the worker gives up.
MOST_FAILURES = 10
HEALTHY_SECONDS = 60.0


class Supervisor:
    """Keeps one worker and one ticker running; a return of the worker without a stop is a failure.

    An outage of Postgres never ends it. A worker that fails again and again while Postgres answers
    raises WorkerGaveUp, so that the process manager notices.
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
        concurrency = self._options.get("concurrency", 1)
        if not await self._unless_stopped(report_start(self._database, concurrency)):
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
                f"Stopped before the end of {len(left)} queue rows was written.",
                hint="Nothing to do: when the lease is over, another worker runs them again.",
            )

    def stop(self) -> None:
        """Stop in order: fetch no more syncs; running ones finish or are queued again."""
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
        """Abort the running syncs, as the engine does after its grace period."""
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
            text = one_line(cause)
            if failures >= MOST_FAILURES:
                raise WorkerGaveUp(
                    f"The worker ended {failures} times in a row, the last time because: {text}",
                    hint="Postgres answers, so another restart would not help. See the log above.",
                )
            logger.log(
                logging.WARNING if is_outage else logging.ERROR,
                "The worker ended; it starts again in %.1f s (restart %d): %s",
                backoff, self.restarts, text,
            )  # fmt: skip
            await self._unless_stopped(asyncio.sleep(backoff))
            # The next start waits for the database anyway: a long backoff would only add to that.
            longest = LONGEST_OUTAGE_BACKOFF_SECONDS if is_outage else LONGEST_BACKOFF_SECONDS
            backoff = min(backoff * 2, longest)

    async def _run_once(self) -> Exception | None:
        """Run the worker until it ends; returns None after a stop, else the cause."""
        manager = self._job_manager
        try:
            options = asyncio.ensure_future(
                manager.retry.until_done(self._worker_options, "the query of its settings")
            )
            if not await self._unless_stopped(options) or self._stopping.is_set():
                return None
            # Nothing is awaited from here to the worker's first step, so no stop is missed.
            self._worker = self._make_worker(**options.result())
            await self._worker.run()  # type: ignore[no-untyped-call]
            if self._stopping.is_set() or not self._options.get("wait", True):
                return None
            return manager.take_failure() or WorkerError("it returned")
        except RetryExpired:
            return None
        except Exception as error:
            # A lost connection during shutdown still counts as a clean stop.
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
                "%s: the worker polls every few seconds instead.",
                "PRICING_WORKER_CONNECTIONS leaves none for LISTEN"
                if sessions.keeps_session
                else "LISTEN receives nothing, as behind a transaction-mode pooler",
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
        """Wait for ``work`` or for a stop; True when the work is done."""
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
    """Exit without an orderly end; the lease gives the work to another worker."""
    logger.error(
        "Exit after %g s without an orderly stop, as the database does not answer; another worker"
        " redoes the running syncs when the lease is over.",
        LAST_SECONDS,
    )
    logging.shutdown()
    os._exit(1)
