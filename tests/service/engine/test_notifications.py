"""Notifications are hints: parsed within a bound, forwarded at a bounded rate, and looked up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from procrastinate.jobs import Notification

from service.engine import notifications
from service.engine.notifications import NotificationFilter, read_notification
from tests.support.odd_payloads import odd_payloads

OURS = 7


@dataclass
class Worker:
    """Records what is delivered to a worker that runs queue row ``OURS``."""

    told: list[Notification] = field(default_factory=list)
    requested: set[int] = field(default_factory=set)
    look_ups: int = 0
    fails: bool = False
    deaf_to: int = 0

    async def tell(self, notification: Notification) -> None:
        if self.deaf_to:
            self.deaf_to -= 1
            raise OSError("the worker\nis busy")
        self.told.append(notification)

    async def list_aborts(self) -> set[int]:
        self.look_ups += 1
        if self.fails:
            raise OSError("the database is away")
        return self.requested

    def told_aborts(self) -> list[int]:
        return [each["job_id"] for each in self.told if each["type"] == "abort_job_requested"]


@pytest.fixture
def worker() -> Worker:
    return Worker()


@asynccontextmanager
async def hearing(worker: Worker, **bounds: Any) -> AsyncIterator[NotificationFilter]:
    heard = NotificationFilter(
        worker.tell, lambda job_id: job_id == OURS, worker.list_aborts, **bounds
    )
    forwarding = asyncio.create_task(heard.forward())
    yield heard
    forwarding.cancel()
    with suppress(asyncio.CancelledError):
        await forwarding


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0)


def abort(job_id: int) -> str:
    return f'{{"type": "abort_job_requested", "job_id": {job_id}}}'


def test_only_what_the_engine_sends_is_read() -> None:
    assert read_notification(abort(2**63 - 1)) == {
        "type": "abort_job_requested",
        "job_id": 2**63 - 1,
    }
    inserted: Notification = {"type": "job_inserted", "job_id": 0}
    assert read_notification('{"type" : "job_inserted", "job_id" : 0, "more": [1]}') == inserted
    assert read_notification(abort(2**63)) is None
    assert [each for each in odd_payloads() if read_notification(each) is not None] == []


@pytest.mark.anyio
async def test_whatever_is_heard_is_news_at_most(worker: Worker) -> None:
    async with hearing(worker) as heard:
        for payload in odd_payloads():
            await heard.receive(channel="c", payload=payload)
        await until(lambda: worker.told)
    assert worker.told == [notifications.NEW_WORK]
    assert worker.look_ups == 0


@pytest.mark.anyio
async def test_an_abort_is_looked_up_and_only_what_is_requested_is_obeyed(worker: Worker) -> None:
    async with hearing(worker, abort_lookup_interval_seconds=0) as heard:
        await heard.receive(channel="c", payload=abort(OURS))
        await until(lambda: worker.look_ups == 1)
        assert worker.told == []
        worker.requested = {OURS}
        await heard.receive(channel="c", payload=abort(OURS))
        await until(lambda: worker.told_aborts() == [OURS])


@pytest.mark.anyio
async def test_a_flood_of_made_up_aborts_costs_one_look_up_at_a_time(worker: Worker) -> None:
    async with hearing(worker, abort_lookup_interval_seconds=60) as heard:
        for number in range(10_000):
            await heard.receive(channel="c", payload=abort(number % 20))
            await asyncio.sleep(0)
    assert worker.look_ups == 1 and worker.told == []


@pytest.mark.anyio
async def test_a_look_up_that_fails_is_no_end(worker: Worker) -> None:
    async with hearing(worker, abort_lookup_interval_seconds=0) as heard:
        worker.fails = True
        await heard.receive(channel="c", payload=abort(OURS))
        await until(lambda: worker.look_ups == 1)
        worker.fails, worker.requested = False, {OURS}
        await heard.receive(channel="c", payload=abort(OURS))
        await until(lambda: worker.told_aborts() == [OURS])


@pytest.mark.anyio
async def test_a_flood_of_news_is_passed_on_within_a_bound_and_not_lost(worker: Worker) -> None:
    async with hearing(worker, new_work_burst=3, new_work_interval_seconds=3600) as heard:
        for _ in range(1000):
            await heard.receive(channel="c", payload='{"type": "job_inserted", "job_id": 1}')
            await asyncio.sleep(0)
        assert len(worker.told) == 3 + 1
    worker.told.clear()
    async with hearing(worker, new_work_burst=0, new_work_interval_seconds=0.2) as heard:
        await heard.receive(channel="c", payload="")
        await until(lambda: len(worker.told) == 1)
        # This one arrives before the next delivery is allowed.
        await heard.receive(channel="c", payload="")
        await until(lambda: len(worker.told) == 2)


@pytest.mark.anyio
async def test_what_could_not_be_passed_on_is_said_once_and_is_no_end(
    worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    async with hearing(
        worker, new_work_interval_seconds=0, abort_lookup_interval_seconds=0
    ) as heard:
        worker.deaf_to = 2
        async with asyncio.timeout(30):
            while not worker.told:
                await heard.receive(channel="c", payload="")
                await asyncio.sleep(0)
        assert worker.deaf_to == 0
        worker.requested = {OURS}
        await heard.receive(channel="c", payload=abort(OURS))
        await until(lambda: worker.told_aborts() == [OURS])
    (record,) = caplog.records
    assert record.getMessage().endswith(": the worker is busy")
