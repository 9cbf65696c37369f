"""Statements are retried until Postgres answers or shutdown ends the retries."""

from __future__ import annotations

import asyncio
import gc

import psycopg
import pytest

from service.postgres import retry as retry_module
from service.postgres.retry import Retry, RetryExpired


@pytest.mark.anyio
async def test_what_can_pass_is_repeated() -> None:
    tries = []

    async def write() -> int:
        tries.append(1)
        if len(tries) < 3:
            raise psycopg.OperationalError("the server closed the connection")
        return len(tries)

    assert await Retry().until_done(write, "it") == 3


@pytest.mark.anyio
async def test_what_cannot_pass_is_raised_at_once() -> None:
    async def write() -> None:
        raise psycopg.errors.CheckViolation("no")

    with pytest.raises(psycopg.errors.CheckViolation):
        await Retry().until_done(write, "it")


@pytest.mark.anyio
async def test_a_stop_ends_a_write_that_waits_for_its_next_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retry_module, "FIRST_BACKOFF_SECONDS", 60.0)
    retry = Retry()

    async def write() -> None:
        asyncio.get_running_loop().call_later(0.1, retry.expire)
        raise psycopg.OperationalError("away")

    async with asyncio.timeout(30):
        with pytest.raises(RetryExpired, match="it"):
            await retry.until_done(write, "it")


@pytest.mark.anyio
async def test_a_stop_ends_a_write_without_an_answer() -> None:
    retry = Retry()
    asyncio.get_running_loop().call_later(0.1, retry.expire)
    with pytest.raises(RetryExpired):
        await retry.until_done(lambda: asyncio.sleep(60), "it")
    with pytest.raises(RetryExpired):
        await retry.until_done(lambda: asyncio.sleep(0), "what comes after it")


@pytest.mark.anyio
async def test_who_is_cancelled_leaves_no_write_behind() -> None:
    ended = asyncio.Event()

    async def write() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    task = asyncio.create_task(Retry().until_done(write, "it"))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


@pytest.mark.anyio
async def test_an_error_after_its_write_was_cancelled_is_not_reported_as_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def write() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise psycopg.OperationalError("its own error, which was on its way") from None

    waiting = asyncio.create_task(Retry().until_done(write, "it"))
    await asyncio.sleep(0.05)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    del waiting
    gc.collect()
    assert "never retrieved" not in caplog.text
