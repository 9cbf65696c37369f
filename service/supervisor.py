"""Keeps a worker running and the queue swept, whatever happens to Postgres or to the worker."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import Awaitable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from procrastinate.worker import Worker

from service.settings import read_settings

if TYPE_CHECKING:
    from service.engine import PricingApp

logger = logging.getLogger(__name__)

TICK_SECONDS = 5.0
# SIGTERM to exit is 10 s at most: this long for running syncs, the rest to hand back what is left.
GRACE_SECONDS = 5.0
# When even handing back does not end, because nobody answers.
LAST_SECONDS = 9.0
FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 30.0


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
                loop.add_signal_handler(number, self._stop_in_time)
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

    def _stop_in_time(self) -> None:
        if not self._stopping.is_set():
            asyncio.get_running_loop().call_later(LAST_SECONDS, _give_up)
        self.stop()

    async def _keep_running(self) -> None:
        backoff = FIRST_BACKOFF_SECONDS
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                options = asyncio.ensure_future(self._worker_options())
                if not await self._or_stopped(options) or self._stopping.is_set():
                    return
                # From here to the worker's own first step nothing is awaited: no stop gets lost.
                self._worker = self._app._worker(**options.result())
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
            "select heartbeat_seconds, lease_seconds from public.pricing_worker_settings"
        )
        listens = self._app.sessions.lasting
        if not listens:
            logger.warning(
                "LISTEN is silent here, as behind a transaction-mode pooler: the worker asks for"
                " work every few seconds instead."
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


def _give_up() -> None:
    """End a process of our own whose last writes nobody answers: the lease gives its work back."""
    logger.error("Not ended in order after %g s: the database does not answer.", LAST_SECONDS)
    logging.shutdown()
    os._exit(1)
