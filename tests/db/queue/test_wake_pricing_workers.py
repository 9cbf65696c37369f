"""Workers are notified at once when a sync may start, before their next poll."""

from __future__ import annotations

import json

import pytest

from tests.db.conftest import Another
from tests.db.pricing import Pricing

ANY = "procrastinate_any_queue_v1"
OURS = "procrastinate_queue_v1#pricing"


def woken(listener: Pricing, speaker: Pricing) -> list[int]:
    """The queue rows in notifications on both channels, without plain inserts."""
    ids: dict[str, list[int]] = {ANY: [], OURS: []}
    for channel, payload in listener.heard(speaker):
        message = json.loads(payload)
        if message["type"] == "abort_job_requested":
            continue
        assert message["type"] == "job_inserted"
        ids[channel].append(message["job_id"])
    assert ids[ANY] == ids[OURS]
    return ids[ANY]


@pytest.fixture
def listener(another: Another) -> Pricing:
    return another()


WAYS_TO_RELEASE = [
    "select public.apply_provider_prices(%s, 1, null)",
    "select public.end_provider_sync(%s, 1, 'failed')",
    "select public.end_provider_sync(%s, 1, 'cancelled')",
    "select procrastinate.procrastinate_finish_job_v1(%s, 'failed', false)",
    "select procrastinate.procrastinate_finish_job_v1(%s, 'succeeded', true)",
    "delete from procrastinate.procrastinate_jobs where id = %s",
    "update procrastinate.procrastinate_jobs set status = 'aborted' where id = %s",
]


@pytest.mark.parametrize("way", WAYS_TO_RELEASE)
def test_a_released_lock_wakes_the_first_that_waits(
    pricing: Pricing, listener: Pricing, way: str
) -> None:
    holder = pricing.start("openrouter")
    first, _second = (
        pricing.queue_rows(pricing.trigger("openrouter")["job_id"])[0]["id"] for _ in range(2)
    )
    pricing.trigger("deepinfra")
    listener.listen(ANY, OURS)
    pricing.do(way, holder.queue_job_id)

    assert woken(listener, pricing) == [first]
    attempt = pricing.fetch()
    assert attempt is not None
    assert attempt.queue_job_id == first


@pytest.mark.parametrize("way", WAYS_TO_RELEASE)
def test_no_worker_is_woken_when_no_row_waits(
    pricing: Pricing, listener: Pricing, way: str
) -> None:
    holder = pricing.start("openrouter")
    pricing.trigger("deepinfra")
    listener.listen(ANY, OURS)
    pricing.do(way, holder.queue_job_id)
    assert woken(listener, pricing) == []


@pytest.mark.parametrize(
    "way",
    [
        "select public.end_provider_sync(%s, 1, 'queued')",
        "select procrastinate.procrastinate_retry_job_v2(%s, now(), null, null, null)",
        "update procrastinate.procrastinate_jobs set status = 'todo' where id = %s",
    ],
)
def test_what_is_queued_again_is_announced(pricing: Pricing, listener: Pricing, way: str) -> None:
    holder = pricing.start("openrouter")
    pricing.trigger("openrouter")
    listener.listen(ANY, OURS)
    pricing.do(way, holder.queue_job_id)
    assert woken(listener, pricing) == [holder.queue_job_id]


def test_so_is_what_a_person_retries(pricing: Pricing, listener: Pricing) -> None:
    ended = pricing.start("openrouter")
    pricing.end(ended)
    listener.listen(ANY, OURS)
    pricing.do(
        "select procrastinate.procrastinate_retry_job_v2(%s, now(), null, null, null)",
        ended.queue_job_id,
    )
    assert woken(listener, pricing) == [ended.queue_job_id]


def test_so_is_what_the_clean_up_takes_back(pricing: Pricing, listener: Pricing) -> None:
    holder = pricing.start(worker_id=pricing.worker("1 hour"))
    listener.listen(ANY, OURS)
    pricing.do("select public.cleanup_stuck_pricing_syncs()")
    assert woken(listener, pricing) == [holder.queue_job_id]


@pytest.mark.parametrize(
    "way",
    [
        "select procrastinate.procrastinate_cancel_job_v1(%s, false, false)",
        "select procrastinate.procrastinate_cancel_job_v1(%s, false, true)",
    ],
)
def test_a_cancelled_first_wakes_the_next(pricing: Pricing, listener: Pricing, way: str) -> None:
    first, second = (
        pricing.queue_rows(pricing.trigger("openrouter")["job_id"])[0]["id"] for _ in range(2)
    )
    listener.listen(ANY, OURS)
    pricing.do(way, first)
    assert woken(listener, pricing) == [second]


def test_a_new_sync_is_announced_by_the_engine(pricing: Pricing, listener: Pricing) -> None:
    listener.listen(ANY, OURS)
    (row,) = pricing.queue_rows(pricing.trigger("openrouter")["job_id"])
    assert woken(listener, pricing) == [row["id"]]
