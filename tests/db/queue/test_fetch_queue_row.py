"""A worker gets the row that the engine's own fetch would return, however long the queue is."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.db.conftest import Another
from tests.db.pricing import Pricing
from tests.support.waiting import wait_until

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


def test_a_locked_row_is_skipped(pricing: Pricing, another: Another) -> None:
    locked, free = (
        pricing.queue_rows(pricing.trigger(slug)["job_id"])[0]["id"]
        for slug in ("openrouter", "deepinfra")
    )
    holder = another()
    with holder.connection.transaction():
        holder.do("select from procrastinate.procrastinate_jobs where id = %s for update", locked)
        assert [fetch(pricing), fetch(pricing)] == [free, None]
    assert fetch(pricing) == locked


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


def test_a_row_of_a_locked_job_is_skipped(pricing: Pricing, another: Another) -> None:
    locked = pricing.trigger("openrouter", "deepinfra")
    free = pricing.queue_rows(pricing.trigger("catalogue")["job_id"])[0]["id"]
    holder = another()
    with holder.connection.transaction():
        holder.do(
            "select from public.pricing_sync_jobs where job_id = %s for update", locked["job_id"]
        )
        assert [fetch(pricing), fetch(pricing)] == [free, None]
    waiting = [row["id"] for row in pricing.queue_rows(locked["job_id"])]
    assert [fetch(pricing), fetch(pricing)] == waiting
    assert pricing.log_statuses(waiting[0]) == ["in_progress"]


def test_many_locked_jobs_cost_no_time(pricing: Pricing, another: Another) -> None:
    slugs = more_providers(pricing, 15)
    locked = [pricing.trigger(slug)["job_id"] for slug in slugs]
    holder = another()
    pricing.do("set statement_timeout = '10s'")
    with holder.connection.transaction():
        holder.do("select from public.pricing_sync_jobs for update")
        free = pricing.queue_rows(pricing.trigger("openrouter")["job_id"])[0]["id"]
        assert [fetch(pricing), fetch(pricing)] == [free, None]
    assert fetch(pricing) == pricing.queue_rows(locked[0])[0]["id"]


def test_nor_do_many_rows_of_one_such_job(pricing: Pricing, another: Another) -> None:
    pricing.trigger(*more_providers(pricing, 15))
    holder = another()
    pricing.do("set statement_timeout = '10s'")
    with holder.connection.transaction():
        holder.do("select from public.pricing_sync_jobs for update")
        assert fetch(pricing) is None


@pytest.fixture
def patient(own_database: Pricing) -> Pricing:
    """The fetch waits longer than a second: on a busy machine the other session may be slow."""
    own_database.do(
        "do $$ begin execute replace(pg_get_functiondef("
        "'public.fetch_queue_rows(varchar[], bigint, integer)'::regprocedure),"
        " '''1 second''', '''30 seconds'''); end $$"
    )
    return own_database


@pytest.fixture
def others(database: str, patient: Pricing) -> Iterator[list[Pricing]]:
    """Two more connections to the database of ``patient``."""
    with ExitStack() as stack:
        yield [
            Pricing(
                stack.enter_context(
                    psycopg.connect(database, autocommit=True, row_factory=dict_row)
                )
            )
            for _ in range(2)
        ]


@pytest.mark.parametrize("locked_for_long", [0, 3])
def test_a_job_that_is_locked_for_a_moment_is_waited_for(
    patient: Pricing, others: list[Pricing], threads: ThreadPoolExecutor, locked_for_long: int
) -> None:
    """No notification would come later, so the fetch waits, whatever its place in the queue."""
    pricing, (holder, other) = patient, others
    for slug in more_providers(pricing, locked_for_long):
        pricing.trigger(slug)
    with other.connection.transaction():
        other.do("select from public.pricing_sync_jobs for update")
        job_id = pricing.trigger("openrouter")["job_id"]
        locking = threads.submit(
            once_it_waits,
            holder,
            pricing,
            f"perform from public.pricing_sync_jobs where job_id = '{job_id}' for update",
            "null",
        )
        wait_until(lambda: is_asleep(pricing, holder), what="it locks the job")
        assert fetch(pricing) == pricing.queue_rows(job_id)[0]["id"]
        locking.result(60)


def test_what_comes_while_it_waits_is_had_at_once(
    patient: Pricing, others: list[Pricing], threads: ThreadPoolExecutor
) -> None:
    pricing, (holder, person) = patient, others
    pricing.trigger("openrouter")
    with holder.connection.transaction():
        holder.do("select from public.pricing_sync_jobs for update")
        coming = threads.submit(
            once_it_waits,
            person,
            pricing,
            "null",
            "perform public.trigger_pricing_sync('{deepinfra}')",
        )
        wait_until(lambda: is_asleep(pricing, person), what="it waits for the fetch")
        fetched = fetch(pricing)
        coming.result(60)
    assert fetched is not None
    assert pricing.queue_row(fetched)["args"]["provider"] == "deepinfra"


def test_rows_that_it_skips_are_not_left_locked(pricing: Pricing, another: Another) -> None:
    locked = pricing.queue_rows(pricing.trigger("openrouter")["job_id"])[0]["id"]
    holder, person = another(), another()
    with holder.connection.transaction(), pricing.connection.transaction():
        holder.do("select from procrastinate.procrastinate_jobs where id = %s for update", locked)
        assert fetch(pricing) is None
        assert person.rows("select from public.pricing_sync_jobs for update nowait")


def test_a_row_of_another_task_may_have_any_arguments(pricing: Pricing) -> None:
    row = pricing.other_task()
    pricing.do(
        "update procrastinate.procrastinate_jobs set lock = 'x', args = '{\"job_id\": \"mine\"}'"
    )
    assert fetch(pricing) == row


def test_a_row_that_no_worker_can_read_fails_and_says_why(pricing: Pricing) -> None:
    """For example a row from before the version that refuses it."""
    pricing.do("set session_replication_role = replica")
    odd = pricing.value(
        "insert into procrastinate.procrastinate_jobs (queue_name, task_name, scheduled_at)"
        " values ('pricing', 'x', '-infinity') returning id"
    )
    pricing.do("set session_replication_role = origin")
    free = pricing.queue_rows(pricing.trigger("openrouter")["job_id"])[0]["id"]
    assert fetch(pricing) == free
    ended = "select status::text from procrastinate.procrastinate_jobs where id = %s"
    assert pricing.value(ended, odd) == "failed"
    audit = pricing.row("select * from public.pricing_audit_log where action = 'fail_queue_row'")
    assert (audit["subject"], audit["details"]["task"]) == (str(odd), "x")
    assert "time" in audit["details"]["message"]


def more_providers(pricing: Pricing, number: int) -> list[str]:
    slugs = [f"p{n:02}" for n in range(number)]
    pricing.do(
        "insert into public.pricing_providers (slug, name, adapter, base_url)"
        " select slug, 'P', 'openrouter', 'http://127.0.0.1:9' from unnest(%s::text[]) slug",
        slugs,
    )
    return slugs


def once_it_waits(pricing: Pricing, waiter: Pricing, before: str, then: str) -> None:
    """In one transaction: run the first, then the second once the other session waits for a lock.

    The server itself waits for that moment, because the other session's wait is short.
    """
    pricing.do(
        f"do $$ begin {before};"
        f" while pg_blocking_pids({waiter.backend}) = '{{}}' loop"
        f" perform pg_sleep(0.005); end loop; {then}; end $$"
    )


def is_asleep(pricing: Pricing, other: Pricing) -> bool:
    asleep: bool = pricing.value(
        "select wait_event is not distinct from 'PgSleep' from pg_stat_activity where pid = %s",
        other.backend,
    )
    return asleep
