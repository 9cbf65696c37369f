"""A provider sync gets its lock, queue and job, whatever code inserts it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.db.conftest import Another
from tests.db.pricing import Pricing, Row, price, refused
from tests.support.waiting import wait_until


def insert(pricing: Pricing, args: object, **columns: object) -> Row:
    """A bare INSERT into the queue, as the worker's role."""
    values: dict[str, Any] = {"task_name": "sync_provider", "args": Jsonb(args), **columns}
    with pricing.as_role("pricing_worker"):
        return pricing.row(
            f"insert into procrastinate.procrastinate_jobs ({', '.join(values)})"
            f" values ({', '.join('%s' for _ in values)}) returning *",
            *values.values(),
        )


def engine_defer(pricing: Pricing, args: object) -> int:
    """Defer as the engine's own client does for ``defer sync_provider``."""
    with pricing.as_role("pricing_worker"):
        ids: list[int] = pricing.value(
            "select procrastinate.procrastinate_defer_jobs_v1(array[row("
            "'default', 'sync_provider', 3, null, 'once', %s::jsonb, null"
            ")::procrastinate.procrastinate_job_to_defer_v1])",
            Jsonb(args),
        )
    return ids[0]


def test_a_bare_insert_is_as_good_as_a_trigger(pricing: Pricing) -> None:
    row = insert(pricing, {"provider": "openrouter"})

    assert (row["queue_name"], row["lock"]) == ("pricing", "pricing_sync:openrouter")
    job = pricing.job(row["args"]["job_id"])
    assert (job["status"], job["providers"], job["providers_total"]) == (
        "queued",
        ["openrouter"],
        1,
    )
    assert job["triggered_by"] == "pricing_worker"
    log = pricing.log(row["id"])
    assert (log["status"], log["attempt"], log["job_id"]) == ("queued", 1, job["job_id"])

    attempt = pricing.fetch()
    assert attempt is not None
    pricing.succeed(attempt)
    assert pricing.job(job["job_id"])["outcome"] == "success"


def test_so_is_the_engine_s_own_defer(pricing: Pricing) -> None:
    row = pricing.queue_row(engine_defer(pricing, {"provider": "deepinfra"}))

    assert (row["queue_name"], row["lock"]) == ("pricing", "pricing_sync:deepinfra")
    assert (row["priority"], row["queueing_lock"]) == (0, None)
    assert pricing.job(row["args"]["job_id"])["providers"] == ["deepinfra"]
    again = pricing.queue_row(engine_defer(pricing, {"provider": "deepinfra"}))
    assert again["args"]["job_id"] != row["args"]["job_id"]


def test_what_the_queue_depends_on_is_forced(pricing: Pricing) -> None:
    row = insert(
        pricing,
        {"provider": "openrouter"},
        queue_name="elsewhere",
        lock="mine",
        priority=7,
        queueing_lock="once",
        scheduled_at="2020-01-01",
        status="doing",
        attempts=5,
        abort_requested=True,
        worker_id=pricing.worker(),
    )

    assert row == row | {
        "queue_name": "pricing",
        "lock": "pricing_sync:openrouter",
        "priority": 0,
        "queueing_lock": None,
        "scheduled_at": None,
        "status": "todo",
        "attempts": 0,
        "abort_requested": False,
        "worker_id": None,
    }


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ({"provider": "nobody"}, "'nobody' is not known"),
        ({"provider": "off"}, "'off' is disabled"),
        ({"provider": 5}, "'5' is not known"),
        ({"provider": None}, "needs a provider"),
        ({}, "needs a provider"),
        ([], "not an object"),
        ("openrouter", "not an object"),
        ({"provider": "openrouter", "force": True, "dry": 1}, "argument dry, force"),
        ({"provider": "openrouter", "job_id": "x"}, "no open job 'x'"),
        ({"provider": "openrouter", "job_id": str(uuid4())}, "no open job"),
    ],
)
def test_bad_arguments_are_refused(pricing: Pricing, args: object, says: str) -> None:
    pricing.do(
        "insert into public.pricing_providers (slug, name, adapter, enabled)"
        " values ('off', 'x', 'x', false)"
    )
    with pricing.nothing_written(), refused("PT422") as info:
        insert(pricing, args)
    assert says in str(info.value.diag.message_primary)


BEGIN_AGAIN = "truncate procrastinate.procrastinate_jobs restart identity cascade"


def test_numbers_that_were_given_before_harm_no_sync(pricing: Pricing) -> None:
    """The log refers to the queue's ids, which may start again while the log stays."""
    pricing.do(BEGIN_AGAIN)
    for _ in range(3):
        pricing.sync("openrouter", [price("a")])
    pricing.do(BEGIN_AGAIN)
    row = insert(pricing, {"provider": "openrouter"})

    assert row["id"] == 4
    assert pricing.log(4)["job_id"] == UUID(row["args"]["job_id"])
    attempt = pricing.fetch()
    assert attempt is not None
    pricing.succeed(attempt, "a")
    assert pricing.job(row["args"]["job_id"])["outcome"] == "success"


def test_a_retry_gets_a_number_of_its_own_too(pricing: Pricing) -> None:
    pricing.do(BEGIN_AGAIN)
    attempt = pricing.start("openrouter")
    pricing.end(attempt, "failed")
    pricing.do(BEGIN_AGAIN)
    pricing.row("select * from public.retry_pricing_sync(%s)", attempt.job_id)
    again = pricing.fetch()
    assert again is not None and again.queue_job_id != attempt.queue_job_id
    assert pricing.log(again.queue_job_id)["status"] == "in_progress"


def test_a_sequence_that_never_gets_past_them_is_refused(own_database: Pricing) -> None:
    own_database.do(BEGIN_AGAIN)
    for _ in range(2):
        own_database.sync("openrouter", [price("a")])
    own_database.do(
        "alter sequence procrastinate.procrastinate_jobs_id_seq maxvalue 2 cycle restart with 1"
    )
    with refused("PT409") as info:
        insert(own_database, {"provider": "openrouter"})
    assert "migrate" in str(info.value.diag.message_hint)


def test_a_later_time_is_refused(pricing: Pricing) -> None:
    with pricing.nothing_written(), refused("PT422") as info:
        insert(pricing, {"provider": "openrouter"}, scheduled_at="2999-01-01")
    assert "later" in str(info.value.diag.message_primary)


def test_a_job_that_has_ended_takes_no_more_rows(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter", "deepinfra")
    pricing.succeed(attempt)
    deepinfra = pricing.fetch()
    assert deepinfra is not None
    pricing.end(deepinfra)
    assert pricing.job(attempt.job_id)["outcome"] == "partial"

    with pricing.nothing_written(), refused("PT422"):
        insert(pricing, {"provider": "openrouter", "job_id": attempt.job_id})


END_BY_HAND = "update public.pricing_sync_jobs set status = 'failed' where job_id = %s"


def test_a_job_that_is_ended_meanwhile_takes_the_new_row_along(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    job_id = job_without_a_row(pricing)
    person = another()
    with pricing.connection.transaction():
        insert(pricing, {"provider": "deepinfra", "job_id": job_id})
        ending = threads.submit(person.do, END_BY_HAND, job_id)
        wait_until(lambda: ending.done() or is_waiting(pricing, person), what="it waits, or not")
    assert ending.result(60) == 1
    assert [row["status"] for row in pricing.queue_rows(job_id)] == ["cancelled"] * 2


def test_a_job_takes_only_a_sync_that_it_is_for(pricing: Pricing) -> None:
    """A job signs its syncs' changes with the name of its author."""
    job_id = job_without_a_row(pricing)
    for other in ("catalogue", "openrouter"):
        with pricing.nothing_written(), refused("PT422"):
            insert(pricing, {"provider": other, "job_id": job_id})
    assert insert(pricing, {"provider": "deepinfra", "job_id": job_id})["status"] == "todo"
    attempt = pricing.fetch()
    assert attempt is not None
    pricing.succeed(attempt)
    for again in ("openrouter", "deepinfra"):
        with pricing.nothing_written(), refused("PT422"):
            insert(pricing, {"provider": again, "job_id": job_id})


def job_without_a_row(pricing: Pricing) -> str:
    """A job of openrouter and deepinfra, whose row of deepinfra was deleted."""
    job_id = str(pricing.trigger("openrouter", "deepinfra")["job_id"])
    pricing.do(
        "delete from procrastinate.procrastinate_jobs where args ->> 'job_id' = %s"
        " and args ->> 'provider' = 'deepinfra'",
        job_id,
    )
    return job_id


def test_a_row_that_waits_for_the_end_of_its_job_is_refused(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    job_id = job_without_a_row(pricing)
    person = another()
    with person.connection.transaction():
        person.do(END_BY_HAND, job_id)
        late = threads.submit(insert, pricing, {"provider": "deepinfra", "job_id": job_id})
        wait_until(lambda: late.done() or is_waiting(person, pricing), what="it waits, or not")
    with refused("PT422"):
        late.result(60)
    assert [row["status"] for row in pricing.queue_rows(job_id)] == ["cancelled"]


def is_waiting(holder: Pricing, other: Pricing) -> bool:
    waits: bool = holder.value(
        "select %s = any (pg_blocking_pids(%s))", holder.backend, other.backend
    )
    return waits


def test_rows_of_other_tasks_are_left_alone(pricing: Pricing) -> None:
    row = insert(pricing, {"any": 1}, task_name="other", queue_name="q", priority=7, lock="mine")
    assert (row["queue_name"], row["priority"], row["lock"]) == ("q", 7, "mine")
    assert pricing.rows("select from public.pricing_sync_jobs") == []
