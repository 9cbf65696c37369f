"""Locked rows are logged when the lock lasts, at intervals, and only by an idle worker."""

from __future__ import annotations

import logging

import psycopg
import pytest

from service.engine.app import PricingApp
from service.engine.connector import PricingConnector
from service.engine.lock_waits import LockWaits
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
