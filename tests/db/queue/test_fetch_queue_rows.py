"""A worker gets several rows at once, and no others than it would get one by one."""

from __future__ import annotations

import random

import psycopg
import pytest

from tests.db.conftest import Another
from tests.db.pricing import Pricing

FUNCTION = "public.fetch_queue_rows(varchar[], bigint, integer)"


def fetch(pricing: Pricing, most: int = 4) -> list[int]:
    """The ids of the fetched rows, in their order, as the worker's role."""
    worker_id = pricing.worker()
    with pricing.as_role("pricing_worker"):
        rows = pricing.rows("select * from public.fetch_queue_rows(null, %s, %s)", worker_id, most)
    assert all((row["status"], row["worker_id"]) == ("doing", worker_id) for row in rows)
    return [row["id"] for row in rows]


def fetch_one_by_one(pricing: Pricing, most: int) -> list[int]:
    worker_id = pricing.worker()
    one = "select id from public.fetch_queue_row(null, %s)"
    fetched = [pricing.value(one, worker_id) for _ in range(most)]
    return [row for row in fetched if row is not None]


def waiting(pricing: Pricing, *slugs: str) -> list[int]:
    """The queue rows of a job for each of these providers."""
    return [pricing.queue_rows(pricing.trigger(slug)["job_id"])[0]["id"] for slug in slugs]


def test_none_of_an_empty_queue(pricing: Pricing) -> None:
    assert fetch(pricing) == []


def test_so_many_at_most_and_one_of_a_lock(pricing: Pricing) -> None:
    first, _, third, fourth = waiting(pricing, "openrouter", "openrouter", "deepinfra", "catalogue")
    assert fetch(pricing, most=2) == [first, third]
    assert fetch(pricing) == [fourth]
    assert pricing.log_statuses(third) == ["in_progress"]


@pytest.mark.parametrize("seed", range(4))
def test_the_rows_that_single_fetches_give(pricing: Pricing, seed: int) -> None:
    dice = random.Random(seed)
    pricing.do("alter table procrastinate.procrastinate_jobs disable trigger user")
    try:
        for _ in range(30):
            pricing.do(
                "insert into procrastinate.procrastinate_jobs"
                " (queue_name, task_name, args, lock, priority, scheduled_at, status)"
                " values ('a', 'other', '{}', %s, %s, clock_timestamp() + %s::interval, %s)",
                dice.choice([None, "x", "y", "z", "w"]),
                dice.choice([0, 0, 5]),
                dice.choice([None, "-1 hour", "1 hour"]),
                dice.choice(["todo", "todo", "succeeded"]),
            )
    finally:
        pricing.do("alter table procrastinate.procrastinate_jobs enable trigger user")
    for most in (1, 3, 5, 20):
        with pricing.connection.transaction(force_rollback=True):
            expected = fetch_one_by_one(pricing, most)
        assert fetch(pricing, most) == expected


def test_with_a_row_in_hand_it_waits_for_no_locked_job(
    database: str, own_database: Pricing
) -> None:
    pricing = own_database
    pricing.do(
        "do $$ begin execute replace(pg_get_functiondef("
        f"'{FUNCTION}'::regprocedure), '''1 second''', '''1 hour'''); end $$"
    )
    locked, free = waiting(pricing, "openrouter", "deepinfra")
    job_id = pricing.queue_row(locked)["args"]["job_id"]
    pricing.do("set statement_timeout = '20s'")
    with psycopg.connect(database) as holder:
        holder.execute(
            "select from public.pricing_sync_jobs where job_id = %s for update", [job_id]
        )
        assert fetch(pricing) == [free]
    assert fetch(pricing) == [locked]


def test_one_that_cannot_be_started_keeps_none_of_the_others(
    pricing: Pricing, another: Another
) -> None:
    first, locked, last = waiting(pricing, "openrouter", "deepinfra", "catalogue")
    holder = another()
    with holder.connection.transaction():
        holder.do("select from public.pricing_sync_log where queue_job_id = %s for update", locked)
        assert fetch(pricing) == [first, last]
        assert pricing.queue_row(locked)["status"] == "todo"
        assert pricing.log_statuses(locked) == ["queued"]
    assert fetch(pricing) == [locked]


def test_damaged_ones_keep_none_of_the_others(pricing: Pricing) -> None:
    """Such rows come by a restore alone: the triggers refuse them, and fail with them."""
    *damaged, whole = waiting(pricing, "openrouter", "deepinfra", "catalogue")
    with pricing.connection.transaction():
        pricing.do("set local session_replication_role = replica")
        pricing.do(
            'update procrastinate.procrastinate_jobs set args = args || \'{"job_id": "lost"}\''
            " where id = any (%s)",
            damaged,
        )
    assert fetch(pricing) == [whole]
    assert fetch(pricing) == []
