"""A worker process ticks at once and then at intervals, despite failures."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from service.engine import ticker
from service.engine.app import PricingApp
from service.engine.connector import PricingConnector
from tests.support.syncing import Queue

CLEAN_UP = "cleanup_stuck_pricing_syncs(integer)"
TICK = "tick_pricing_schedule(text)"


@pytest.fixture
async def app(database: str, clean_environment: pytest.MonkeyPatch) -> AsyncIterator[PricingApp]:
    clean_environment.setenv("DATABASE_URL", database)
    clean_environment.setattr(ticker, "TICK_SECONDS", 0.1)
    app = PricingApp(connector=PricingConnector(size=4))
    async with app.open_async():
        yield app


@asynccontextmanager
async def ticking(app: PricingApp) -> AsyncIterator[None]:
    task = asyncio.create_task(ticker.tick_forever(app.job_manager))
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


def stalled(queue: Queue) -> Callable[[], object]:
    """A sync whose worker is lost; the returned function is true when the sync is queued again."""
    job_id = queue.trigger("openrouter")
    queue.connection.execute("update procrastinate.procrastinate_jobs set status = 'doing'")
    return lambda: len(queue.attempts(job_id)) == 2


def ticked(queue: Queue) -> Callable[[], object]:
    """The returned function is true when a worker has ticked the schedule."""
    return lambda: queue.rows("select from pricing_scheduler_ticks where scheduler = 'worker'")


@pytest.mark.anyio
async def test_the_first_tick_is_made_at_once(app: PricingApp, queue: Queue) -> None:
    ticker.TICK_SECONDS = 60
    is_released, is_ticked = stalled(queue), ticked(queue)
    async with ticking(app):
        await until(lambda: is_released() and is_ticked())


@pytest.mark.anyio
async def test_a_failing_clean_up_does_not_stop_the_schedule(
    app: PricingApp, queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    queue.connection.execute(f"alter function {CLEAN_UP} rename to away".encode())
    with caplog.at_level(logging.WARNING):
        async with ticking(app):
            await until(ticked(queue))
    assert "The clean-up of stuck syncs failed" in caplog.text


@pytest.mark.anyio
async def test_a_failing_schedule_does_not_stop_the_clean_up_and_is_told_once(
    app: PricingApp, queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    queue.connection.execute(f"alter function {TICK} rename to away".encode())
    with caplog.at_level(logging.WARNING):
        async with ticking(app):
            for _ in range(3):
                await until(stalled(queue))
                queue.connection.execute("delete from procrastinate.procrastinate_jobs")
    assert caplog.text.count("The schedule's tick failed") == 1
