"""Retention: ended jobs are pruned in batches; prices and their history stay."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from tests.db.conftest import Another
from tests.db.pricing import Attempt, Pricing, refused


def prune(pricing: Pricing, *keep: str | None) -> int:
    pruned: int = pricing.value(
        f"select public.cleanup_old_pricing_jobs({', '.join(['%s::interval'] * len(keep))})",
        *keep,
    )
    return pruned


def age(pricing: Pricing, attempt: Attempt, interval: str) -> None:
    pricing.do(
        "update public.pricing_sync_jobs set started_at = started_at - %s::interval,"
        " completed_at = completed_at - %s::interval where job_id = %s",
        interval,
        interval,
        attempt.job_id,
    )


def test_jobs_that_ended_long_ago_go_with_all_that_is_theirs(pricing: Pricing) -> None:
    old, failed, young = pricing.start(), pricing.start("deepinfra"), pricing.start("catalogue")
    pricing.succeed(old)
    pricing.end(failed)
    pricing.end(young, "cancelled")
    for attempt in (old, failed):
        age(pricing, attempt, "30 days 1 second")
    age(pricing, young, "29 days 23 hours")
    history = pricing.history("m")

    assert prune(pricing) == 2
    (job,) = pricing.rows("select * from public.pricing_sync_jobs")
    assert str(job["job_id"]) == young.job_id
    (log,) = pricing.rows("select * from public.pricing_sync_log")
    (row,) = pricing.rows("select * from procrastinate.procrastinate_jobs")
    assert log["queue_job_id"] == row["id"] == young.queue_job_id
    assert pricing.history("m") == history
    assert len(history) == 1
    assert prune(pricing, "1 hour") == 1
    assert prune(pricing, "0") == 0


def test_open_jobs_stay_however_old(pricing: Pricing) -> None:
    pricing.start()
    pricing.trigger("deepinfra")
    pricing.do(
        "update public.pricing_sync_jobs set revision = revision + 1,"
        " triggered_at = '2001-01-01', completed_at = '2001-01-01'"
    )
    with pricing.nothing_written():
        assert prune(pricing, "0") == 0


def test_a_retention_of_nothing_is_refused(pricing: Pricing) -> None:
    for keep in (None, "-1 day"):
        with pricing.nothing_written(), refused("PT422"):
            prune(pricing, keep)


@pytest.mark.parametrize("role", ["service_role", "pricing_worker", None])
def test_what_is_more_than_the_retention_and_leads_into_the_future(
    pricing: Pricing, role: str | None
) -> None:
    """As compared it is 30 days; as subtracted it reaches the year 2108."""
    attempt = pricing.start()
    pricing.succeed(attempt)
    age(pricing, attempt, "1 hour")
    for keep in ("-1000 months 30030 days", "1000 months -30000 days", "31 days -800:00"):
        with pricing.as_role(role) if role else nullcontext(), refused("PT422"):
            prune(pricing, keep)
    assert pricing.job(attempt.job_id)


def test_moments_are_compared_with_the_retention(pricing: Pricing) -> None:
    """A month of 31 days is more than 30 days, and 12 months of 30 days are less than a year."""
    pricing.do("update public.pricing_settings set retention = '12 months'")
    attempt = pricing.start()
    pricing.succeed(attempt)
    age(pricing, attempt, "361 days")
    with pricing.as_role("service_role"), refused("PT409"):
        prune(pricing, "360 days")
    assert prune(pricing, "360 days") == 1
    assert pricing.value(
        "select details - 'keep' from pricing_audit_log where action = 'cleanup_old_pricing_jobs'"
    ) == {"jobs": 1}


def test_it_goes_in_bounded_batches(pricing: Pricing) -> None:
    pricing.do(
        "insert into public.pricing_sync_jobs (status, outcome, triggered_by, completed_at)"
        " select 'completed', 'success', 'test', '2001-01-01' from generate_series(1, 10500)"
    )
    assert prune(pricing) == 10_000
    assert prune(pricing) == 500


def test_where_nothing_is_due_it_reads_nothing_of_the_past(pricing: Pricing) -> None:
    """It runs every hour within the tick, and a month of syncs may be a million rows."""
    pricing.do("set session_replication_role = replica")
    pricing.do(
        "with job as ("
        " insert into public.pricing_sync_jobs"
        " (status, outcome, triggered_by, completed_at, idempotency_key)"
        " select 'completed', 'success', 'test', now(), n from generate_series(1, 3000) as n"
        " returning job_id, idempotency_key"
        "), key as ("
        " insert into public.pricing_idempotency_keys (key, job_id, request)"
        " select idempotency_key, job_id, '{}' from job"
        "), queued as ("
        " insert into procrastinate.procrastinate_jobs (queue_name, task_name, status, args)"
        " select 'pricing', 'sync_provider', 'succeeded', jsonb_build_object('job_id', job_id)"
        " from job returning id, (args ->> 'job_id')::uuid as job_id"
        "), event as ("
        " insert into procrastinate.procrastinate_events (job_id, type)"
        " select id, 'succeeded' from queued"
        ") insert into public.pricing_sync_log"
        " (job_id, provider_slug, queue_job_id, attempt, status, triggered_by)"
        " select job_id, 'openrouter', id, 1, 'success', 'test' from queued"
    )
    pricing.do("set session_replication_role = origin")
    pricing.do("analyze")
    with pricing.reading_few_rows():
        assert prune(pricing) == 0


def test_a_locked_job_is_skipped(pricing: Pricing, another: Another) -> None:
    attempts = [pricing.start(), pricing.start("deepinfra")]
    for attempt in attempts:
        pricing.end(attempt)
        age(pricing, attempt, "40 days")
    holder = another()
    with holder.connection.transaction():
        holder.do(
            "select from public.pricing_sync_jobs where job_id = %s for update", attempts[0].job_id
        )
        pricing.do("set lock_timeout = '2s'")
        assert prune(pricing) == 1
    assert prune(pricing) == 1


def test_a_job_whose_row_is_being_retried_is_skipped_and_lives_on(
    pricing: Pricing, another: Another
) -> None:
    attempt = pricing.start()
    pricing.end(attempt)
    age(pricing, attempt, "40 days")
    person = another()
    with person.connection.transaction():
        person.do(
            "select procrastinate.procrastinate_retry_job_v2(%s, now(), null, null, null)",
            attempt.queue_job_id,
        )
        pricing.do("set lock_timeout = '2s'")
        assert prune(pricing) == 0
    assert pricing.job(attempt.job_id)["status"] == "running"


def test_idempotency_keys_go_after_a_day(pricing: Pricing) -> None:
    for name in ("old", "young"):
        pricing.trigger("openrouter", idempotency_key=name)
    pricing.do(
        "update public.pricing_idempotency_keys set used_at = used_at - case key"
        " when 'old' then interval '24 hours 1 second' else interval '23 hours 59 minutes' end"
    )
    assert prune(pricing) == 0, "it tells the jobs, not the keys"
    assert pricing.value("select key from public.pricing_idempotency_keys") == "young"
    assert pricing.value("select count(*) from public.pricing_sync_jobs") == 2


def test_a_job_that_a_key_names_stays_for_the_day_of_the_key(pricing: Pricing) -> None:
    job = pricing.trigger("openrouter", idempotency_key="k")
    attempt = pricing.fetch()
    assert attempt is not None
    pricing.succeed(attempt)
    age(pricing, attempt, "2 hours")
    assert prune(pricing, "1 hour") == 0
    again = pricing.trigger("openrouter", idempotency_key="k")
    assert again["job_id"] == job["job_id"]
    pricing.do("update public.pricing_idempotency_keys set used_at = now() - interval '25 hours'")
    assert prune(pricing, "1 hour") == 1


def test_idempotency_keys_go_in_bounded_batches_and_locked_ones_later(
    pricing: Pricing, another: Another
) -> None:
    pricing.do(
        "insert into public.pricing_idempotency_keys (key, job_id, request, used_at)"
        " select n, %s, '{}', now() - interval '2 days' from generate_series(1, 10010) as n",
        pricing.trigger("openrouter")["job_id"],
    )
    holder = another()
    with holder.connection.transaction():
        holder.do("select from public.pricing_idempotency_keys where key = '1' for update")
        pricing.do("set lock_timeout = '2s'")
        prune(pricing)
        assert pricing.value("select count(*) from public.pricing_idempotency_keys") == 10
        prune(pricing)
        assert pricing.value("select key from public.pricing_idempotency_keys") == "1"
    prune(pricing)
    assert pricing.rows("select key from public.pricing_idempotency_keys") == []


def test_queue_rows_of_a_job_that_was_deleted_by_hand_go_as_well(pricing: Pricing) -> None:
    orphan = pricing.start("deepinfra")
    pricing.succeed(orphan)
    pricing.do("delete from public.pricing_sync_jobs where job_id = %s", orphan.job_id)
    kept = pricing.start("openrouter")
    pricing.succeed(kept)
    pricing.do(
        "update procrastinate.procrastinate_events set at = at - interval '29 days'"
        " where job_id = %s",
        orphan.queue_job_id,
    )
    prune(pricing)
    assert pricing.queue_row(orphan.queue_job_id)["status"] == "succeeded", "it is kept as long"
    pricing.do("update procrastinate.procrastinate_events set at = at - interval '2 days'")
    prune(pricing)
    left = pricing.rows("select id from procrastinate.procrastinate_jobs")
    assert [row["id"] for row in left] == [kept.queue_job_id]


def test_a_locked_log_row_is_not_waited_for_long(pricing: Pricing, another: Another) -> None:
    attempt = pricing.start()
    pricing.succeed(attempt)
    holder = another()
    with holder.connection.transaction():
        holder.do("select from public.pricing_sync_log for update")
        with refused("55P03"):
            prune(pricing, "0")
    assert prune(pricing, "0") == 1


def test_finished_rows_of_other_tasks_go_after_a_day(pricing: Pricing) -> None:
    old, young, waiting, running = (pricing.other_task() for _ in range(4))
    pricing.do(
        "update procrastinate.procrastinate_jobs set status = 'succeeded' where id in (%s, %s)",
        old,
        young,
    )
    pricing.do(
        "update procrastinate.procrastinate_jobs set status = 'doing' where id = %s", running
    )
    pricing.do(
        "update procrastinate.procrastinate_events set at = at - interval '25 hours'"
        " where job_id <> %s",
        young,
    )
    assert prune(pricing) == 0, "it tells the jobs, not the rows of other tasks"
    left = pricing.rows("select id from procrastinate.procrastinate_jobs order by id")
    assert [row["id"] for row in left] == [young, waiting, running]


def test_only_the_owner_removes_what_the_retention_keeps(pricing: Pricing) -> None:
    attempt = pricing.start()
    pricing.succeed(attempt)
    for role in ("pricing_worker", "service_role"):
        with pricing.nothing_written(), refused("PT409"), pricing.as_role(role):
            prune(pricing, "29 days")
        with pricing.as_role(role):
            assert prune(pricing, "30 days") == 0
    assert prune(pricing, "0") == 1
    audited = pricing.row(
        "select action, details from public.pricing_audit_log order by id desc limit 1"
    )
    assert audited == {
        "action": "cleanup_old_pricing_jobs",
        "details": {"keep": "00:00:00", "jobs": 1},
    }
