"""Ticks every few seconds in each worker process: clean-up, schedule, locked rows, held changes.

A loop, not a queue task: a tick must run while all slots of the worker are busy.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from service.engine.held_report import HeldReport
from service.engine.job_manager import PricingJobManager
from service.engine.lock_waits import LockWaits
from service.postgres.pool import answer_within
from service.printable import one_line

logger = logging.getLogger(__name__)

TICK_SECONDS = 5.0
# Its answer matters to a person only, and only once a lock has lasted.
TICKS_BETWEEN_LOCK_CHECKS = 2
# Each statement is bounded; the schedule's tick may prune, which takes longest.
TICK_ANSWER_SECONDS = 60.0


async def tick_forever(job_manager: PricingJobManager) -> None:
    """Tick at once and then every TICK_SECONDS, until cancelled; no failure ends it."""
    lock_waits = LockWaits(job_manager)
    held_report = HeldReport(job_manager)
    tasks = (
        _PeriodicTask("The clean-up of stuck syncs", lambda: _clean_up(job_manager)),
        _PeriodicTask("The schedule's tick", lambda: _schedule(job_manager)),
        _PeriodicTask("The check for locked syncs", lock_waits.check, TICKS_BETWEEN_LOCK_CHECKS),
        _PeriodicTask("The report of held changes", held_report.tell),
    )
    with answer_within(TICK_ANSWER_SECONDS, is_periodic=True):
        while True:
            for task in tasks:
                await task.run()
            await asyncio.sleep(TICK_SECONDS)


class _PeriodicTask:
    """One part of each tick, or of every second one and so on.

    Its failure stops no other part, and is logged once until it succeeds.
    """

    def __init__(self, name: str, call: Callable[[], Awaitable[None]], every: int = 1) -> None:
        self._name = name
        self._call = call
        self._every = every
        self._ticks = 0
        self._failing = False

    async def run(self) -> None:
        self._ticks += 1
        if (self._ticks - 1) % self._every:
            return
        try:
            await self._call()
            self._failing = False
        except Exception as error:
            if not self._failing:
                logger.warning("%s failed: %s", self._name, one_line(error.__cause__ or error))
            self._failing = True


async def _clean_up(job_manager: PricingJobManager) -> None:
    row = await job_manager.connector.execute_query_one_async(
        "select * from public.cleanup_stuck_pricing_syncs()"
    )
    if row["syncs_cleaned"]:
        logger.warning("Expired %d stuck provider syncs.", row["syncs_cleaned"])


async def _schedule(job_manager: PricingJobManager) -> None:
    row = await job_manager.connector.execute_query_one_async(
        "select public.tick_pricing_schedule('worker') as enqueued"
    )
    if row["enqueued"]:
        logger.info("Enqueued %d provider syncs that were due.", row["enqueued"])
