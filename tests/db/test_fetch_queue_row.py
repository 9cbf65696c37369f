"""A worker gets the row that the engine's own fetch would give, however long the queue is."""

from __future__ import annotations

import random

import pytest

from tests.db.conftest import Another
from tests.db.pricing import Pricing

ENGINE = "procrastinate.procrastinate_fetch_job_v2"
OURS = "public.fetch_queue_row"


def fetch(pricing: Pricing, function: str = OURS, queues: list[str] | None = None) -> int | None:
    """The id of the fetched row, as the worker's role."""
    worker_id = pricing.worker()
    with pricing.as_role("pricing_worker"):
        row = pricing.row(f"select * from {function}(%s::varchar[], %s)", queues, worker_id)
    assert row["id"] is None or (row["status"], row["worker_id"]) == ("doing", worker_id)
    fetched: int | None = row["id"]
    return fetched


def test_an_empty_queue_gives_a_row_of_nulls(pricing: Pricing) -> None:
    assert fetch(pricing) is None


def test_one_of_a_lock_at_a_time_in_the_order_of_the_queue(pricing: Pricing) -> None:
    first, second, third = (
        pricing.queue_rows(pricing.trigger(slug)["job_id"])[0]["id"]
        for slug in ("openrouter", "openrouter", "deepinfra")
    )
    assert [fetch(pricing), fetch(pricing), fetch(pricing)] == [first, third, None]
    pricing.do("update procrastinate.procrastinate_jobs set status = 'failed' where id = %s", first)
    assert fetch(pricing) == second


def test_a_row_that_somebody_holds_is_skipped(pricing: Pricing, another: Another) -> None:
    held, free = (
        pricing.queue_rows(pricing.trigger(slug)["job_id"])[0]["id"]
        for slug in ("openrouter", "deepinfra")
    )
    holder = another()
    with holder.connection.transaction():
        holder.do("select from procrastinate.procrastinate_jobs where id = %s for update", held)
        assert [fetch(pricing), fetch(pricing)] == [free, None]
    assert fetch(pricing) == held


@pytest.mark.parametrize("seed", range(5))
def test_it_gives_what_the_engine_s_own_fetch_gives(pricing: Pricing, seed: int) -> None:
    dice = random.Random(seed)
    pricing.do("alter table procrastinate.procrastinate_jobs disable trigger user")
    try:
        for _ in range(60):
            pricing.do(
                "insert into procrastinate.procrastinate_jobs"
                " (queue_name, task_name, args, lock, priority, scheduled_at, status)"
                " values (%s, 'other', '{}', %s, %s, clock_timestamp() + %s::interval, %s)",
                dice.choice(["a", "b"]),
                dice.choice([None, "x", "y", "z", "w"]),
                dice.choice([0, 0, 5]),
                dice.choice([None, "-1 hour", "1 hour"]),
                dice.choice(["todo", "todo", "succeeded", "failed"]),
            )
    finally:
        pricing.do("alter table procrastinate.procrastinate_jobs enable trigger user")

    for queues in (["a"], ["b", "c"], None):
        for end in ("failed", None, "failed", None, None, None, "failed", None):
            with pricing.connection.transaction(force_rollback=True):
                expected = fetch(pricing, ENGINE, queues)
            assert fetch(pricing, OURS, queues) == expected
            if end is not None and expected is not None:
                pricing.do(
                    "update procrastinate.procrastinate_jobs set status = 'failed' where id = %s",
                    expected,
                )


def test_a_job_that_somebody_holds_is_passed_over(pricing: Pricing, another: Another) -> None:
    held = pricing.trigger("openrouter", "deepinfra")
    free = pricing.queue_rows(pricing.trigger("catalogue")["job_id"])[0]["id"]
    holder = another()
    with holder.connection.transaction():
        holder.do(
            "select from public.pricing_sync_jobs where job_id = %s for update", held["job_id"]
        )
        assert [fetch(pricing), fetch(pricing)] == [free, None]
    waiting = [row["id"] for row in pricing.queue_rows(held["job_id"])]
    assert [fetch(pricing), fetch(pricing)] == waiting
    assert pricing.log_statuses(waiting[0]) == ["in_progress"]
