"""What every worker process does for the whole queue, every few seconds: sweep, schedule, and say
what is held.

In a loop of its own, never as a queue task: a tick must run while all slots are busy.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from service.engine.job_manager import PricingJobManager
from service.engine.lock_waits import LockWaits
from service.postgres.pool import answer_within

logger = logging.getLogger(__name__)

TICK_SECONDS = 5.0
# All are bounded, but a tick may prune.
TICK_ANSWER_SECONDS = 60.0


async def tick_forever(job_manager: PricingJobManager) -> None:
    """Tick at once and then every few seconds, until cancelled; no failure ends it."""
    lock_waits = LockWaits(job_manager)
    tasks = (
        _PeriodicTask("The clean-up of stuck syncs", lambda: _clean_up(job_manager)),
        _PeriodicTask("The schedule's tick", lambda: _schedule(job_manager)),
        _PeriodicTask("The look at syncs that are held", lock_waits.look),
    )
    with answer_within(TICK_ANSWER_SECONDS):
        while True:
            for task in tasks:
                await task.do()
            await asyncio.sleep(TICK_SECONDS)


class _PeriodicTask:
    """One that fails must not keep the others from being done, and says so once, not every time."""

    def __init__(self, name: str, do: Callable[[], Awaitable[None]]) -> None:
        self._name = name
        self._do = do
        self._failing = False

    async def do(self) -> None:
        try:
            await self._do()
            self._failing = False
        except Exception as error:
            if not self._failing:
                problem = " ".join(str(error.__cause__ or error).split())
                logger.warning("%s failed: %s", self._name, problem)
            self._failing = True


async def _clean_up(job_manager: PricingJobManager) -> None:
    row = await job_manager.connector.execute_query_one_async(
        "select * from public.cleanup_stuck_pricing_syncs()"
    )
    if row["syncs_cleaned"]:
        logger.warning("Settled %d stuck provider syncs.", row["syncs_cleaned"])


async def _schedule(job_manager: PricingJobManager) -> None:
    row = await job_manager.connector.execute_query_one_async(
        "select public.tick_pricing_schedule('worker') as enqueued"
    )
    if row["enqueued"]:
        logger.info("Enqueued %d provider syncs that were due.", row["enqueued"])
