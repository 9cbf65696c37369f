"""Locked rows are logged when the lock lasts, at intervals, and only by an idle worker."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from service.engine.app import PricingApp
from service.engine.connector import PricingConnector
from service.engine.lock_waits import MOST_SKIPPED_CHECKS, LockWaits
from tests.support.syncing import Queue


@pytest.mark.anyio
async def test_what_one_transaction_locks_at_two_looks_is_logged_once(
    database: str,
    queue: Queue,
    clean_environment: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    clean_environment.setenv("DATABASE_URL", database)
    app = PricingApp(connector=PricingConnector(size=2))
    queue.trigger("openrouter", "deepinfra")
    lock = "select from pricing_sync_jobs for update"
    async with app.open_async():
        lock_waits = LockWaits(app.job_manager)
        with psycopg.connect(database) as person, caplog.at_level(logging.WARNING):
            person.execute(lock)
            # The worker is not idle yet.
            await lock_waits.check()
            await lock_waits.check()
            worker_id = await app.job_manager.register_worker()
            assert await app.job_manager.fetch_job(queues=None, worker_id=worker_id) is None
            await lock_waits.check()
            person.rollback()
            person.execute(lock)
            # Another transaction: its lock is new.
            await lock_waits.check()
            assert not caplog.records
            await lock_waits.check()
            await lock_waits.check()
            (record,) = caplog.records
            assert record.getMessage().startswith(
                "syncs wait and cannot start: deepinfra, openrouter: the job is locked by pid"
                f" {person.info.backend_pid} ("
            )
        caplog.clear()
        job = await app.job_manager.fetch_job(queues=None, worker_id=worker_id)
        assert job is not None and not app.job_manager.fetched_nothing


@pytest.fixture
async def app(database: str, clean_environment: pytest.MonkeyPatch) -> AsyncIterator[PricingApp]:
    clean_environment.setenv("DATABASE_URL", database)
    app = PricingApp(connector=PricingConnector(size=2))
    async with app.open_async():
        worker_id = await app.job_manager.register_worker()
        assert await app.job_manager.fetch_job(queues=None, worker_id=worker_id) is None
        yield app


@pytest.fixture
def asked(app: PricingApp, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The queries that are sent."""
    queries: list[str] = []
    ask = app.connector.execute_query_all_async

    async def noting(query: Any, **arguments: Any) -> list[dict[str, Any]]:
        queries.append(query)
        return list(await ask(query, **arguments))

    monkeypatch.setattr(app.connector, "execute_query_all_async", noting)
    return queries


async def checks(lock_waits: LockWaits, number: int) -> None:
    for _ in range(number):
        await lock_waits.check()


@pytest.mark.anyio
async def test_without_news_few_checks_ask_the_database(
    app: PricingApp, queue: Queue, asked: list[str]
) -> None:
    heard = asyncio.Event()

    async def on_notification(**_: Any) -> None:
        heard.set()

    listening = asyncio.create_task(
        app.job_manager.listen_for_jobs(on_notification=on_notification)
    )
    lock_waits = LockWaits(app.job_manager)
    try:
        await asyncio.wait_for(heard.wait(), 30)
        await checks(lock_waits, 1 + MOST_SKIPPED_CHECKS)
        assert len(asked) == 1
        await lock_waits.check()
        assert len(asked) == 2, "a notification may have been lost"
        heard.clear()
        queue.trigger("openrouter")
        await asyncio.wait_for(heard.wait(), 30)
        await lock_waits.check()
        assert len(asked) == 3
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


@pytest.mark.anyio
async def test_each_check_asks_while_a_row_is_locked(
    app: PricingApp, database: str, queue: Queue, asked: list[str]
) -> None:
    """Also the second, which finds whether the lock lasts."""
    queue.trigger("openrouter")
    app.job_manager._notifications = 1
    with psycopg.connect(database) as person:
        person.execute("select from pricing_sync_jobs for update")
        await checks(LockWaits(app.job_manager), 3)
    assert len(asked) == 3


@pytest.mark.anyio
async def test_each_check_asks_without_listen(app: PricingApp, asked: list[str]) -> None:
    await checks(LockWaits(app.job_manager), 3)
    assert len(asked) == 3
