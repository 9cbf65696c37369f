"""Logs what waits for a person: when it changes, and else once an hour."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from service.engine.job_manager import PricingJobManager
from service.terminal.output import shown_age

logger = logging.getLogger(__name__)

# Between two looks: each counts the held changes.
LOOK_SECONDS = 30.0
# After which the same is said again.
REPEAT_SECONDS = 3600.0

State = tuple[int, tuple[str, ...]]
NOTHING: State = (0, ())


class HeldReport:
    """Part of a worker's tick; ``clock`` gives seconds that never go back."""

    def __init__(
        self, job_manager: PricingJobManager, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._job_manager = job_manager
        self._clock = clock
        self._look_at = float("-inf")
        self._told = NOTHING
        self._told_at = float("-inf")

    async def tell(self) -> None:
        now = self._clock()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_SECONDS
        row = await self._job_manager.connector.execute_query_one_async(
            "select held, oldest_held_seconds, standing_still from public.pricing_waiting_summary()"
        )
        state = (row["held"], tuple(row["standing_still"]))
        if state == self._told and (state == NOTHING or now < self._told_at + REPEAT_SECONDS):
            return
        self._told, self._told_at = state, now
        _log(*state, row["oldest_held_seconds"])


def _log(held: int, standing_still: tuple[str, ...], oldest_seconds: int | None) -> None:
    if not held:
        logger.info("No price change waits for a person any more.")
        return
    logger.log(
        logging.WARNING if standing_still else logging.INFO,
        "%d price change%s for a person, the oldest for %s%s: `pricing-sync held` shows them.",
        held,
        " waits" if held == 1 else "s wait",
        shown_age(timedelta(seconds=oldest_seconds or 0)),
        f"; still by them: {', '.join(standing_still)}" if standing_still else "",
    )
