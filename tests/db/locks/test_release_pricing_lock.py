"""DELETE from pricing_sync_lock fences off the attempt and queues its sync again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.db.agreement import assert_agreed
from tests.db.conftest import Another
from tests.db.pricing import Attempt, Pricing, refused

RELEASE = "delete from public.pricing_sync_lock where lock_key = %s"
ALL = "delete from public.pricing_sync_lock"


def start_two(pricing: Pricing) -> tuple[Attempt, Attempt]:
    first = pricing.start("openrouter", "deepinfra")
    second = pricing.fetch()
    assert second is not None
    return first, second


def test_of_one_provider(pricing: Pricing) -> None:
    released, kept = start_two(pricing)
    with pricing.as_role("pricing_owner"):
        assert pricing.do(RELEASE, "pricing_sync:openrouter") == 1

    assert pricing.queue_row(kept.queue_job_id)["status"] == "doing"
    row = pricing.queue_row(released.queue_job_id)
    assert (row["status"], row["attempts"]) == ("todo", 1)
    log = pricing.log(released.queue_job_id)
    assert (log["status"], log["error_kind"], log["errors"]) == ("cancelled", "lock_released", 0)
    assert log["error_message"] == (
        "Its lock was released by pricing_owner; the sync was queued again"
    )
    assert pricing.log_statuses(released.queue_job_id) == ["cancelled", "queued"]
    assert_agreed(pricing.connection)
    with refused("PT409"):
        pricing.succeed(released)
    again = pricing.fetch()
    assert again is not None
    assert (again.queue_job_id, again.number) == (released.queue_job_id, 2)
    pricing.succeed(again)
    pricing.succeed(kept)
    assert pricing.job(kept.job_id)["outcome"] == "success"


def test_of_all(pricing: Pricing) -> None:
    attempts = start_two(pricing)
    assert pricing.do(ALL) == 3, "two providers, and the row that stands for all"
    for attempt in attempts:
        assert pricing.queue_row(attempt.queue_job_id)["status"] == "todo"
    assert pricing.rows("select from public.pricing_sync_lock") == []
    assert_agreed(pricing.connection)


def test_workers_that_wait_for_it_are_woken(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    pricing.listen("procrastinate_any_queue_v1")
    pricing.do(ALL)
    payloads = [payload for _, payload in pricing.heard(pricing)]
    assert any("job_inserted" in p and str(attempt.queue_job_id) in p for p in payloads)


def refetch(pricing: Pricing) -> Attempt:
    again = pricing.fetch()
    assert again is not None
    return again


def test_it_is_no_lost_worker(pricing: Pricing) -> None:
    """A person may release it any number of times: that does not count towards max_attempts."""
    attempt = pricing.start("openrouter")
    for _ in range(4):
        assert pricing.do(ALL) == 2
        attempt = refetch(pricing)
    assert attempt.number == 5
    pricing.succeed(attempt)
    assert pricing.job(attempt.job_id)["outcome"] == "success"
    assert_agreed(pricing.connection)


def test_a_sync_that_was_to_be_aborted_is_not_queued_again(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    pricing.do(
        "select procrastinate.procrastinate_cancel_job_v1(%s, true, false)", attempt.queue_job_id
    )
    assert pricing.do(RELEASE, "pricing_sync:openrouter") == 1
    assert pricing.queue_row(attempt.queue_job_id)["status"] == "aborted"
    assert pricing.job(attempt.job_id)["outcome"] == "cancelled"
    assert_agreed(pricing.connection)


@pytest.mark.parametrize("key", ["pricing_sync:openrouter", "pricing_sync_global", "nonsense"])
def test_a_lock_that_is_not_taken(pricing: Pricing, key: str) -> None:
    pricing.trigger("openrouter")
    pricing.other_task("doing", pricing.worker())
    with pricing.nothing_written():
        assert pricing.do(RELEASE, key) == 0


def test_in_a_transaction_that_is_rolled_back(pricing: Pricing, another: Another) -> None:
    attempts = start_two(pricing)
    person = another()
    with pricing.nothing_written(), person.connection.transaction(force_rollback=True):
        assert person.do(ALL) == 3
        assert_agreed(person.connection)
    for attempt in attempts:
        pricing.succeed(attempt)
    assert_agreed(pricing.connection)


def test_one_whose_holder_is_just_ending_is_left_to_it(pricing: Pricing, another: Another) -> None:
    ending, other = start_two(pricing)
    worker = another()
    pricing.do("set lock_timeout = '2s'")
    with worker.connection.transaction():
        worker.do(
            "select from procrastinate.procrastinate_jobs where id = %s for no key update",
            ending.queue_job_id,
        )
        assert pricing.do(RELEASE, "pricing_sync:openrouter") == 0, "so it says it did nothing"
        assert pricing.do(RELEASE, "pricing_sync_global") == 0, "not all of them"
        assert pricing.queue_row(other.queue_job_id)["status"] == "todo"
        worker.succeed(ending)
    assert pricing.log(ending.queue_job_id)["status"] == "success"
    assert_agreed(pricing.connection)


def test_one_whose_log_row_is_locked_is_skipped(pricing: Pricing, another: Another) -> None:
    locked, free = pricing.start("openrouter"), pricing.start("deepinfra")
    holder = another()
    pricing.do("set lock_timeout = '2s'")
    with holder.connection.transaction():
        holder.do(
            "update public.pricing_sync_log set triggered_by = 'x' where queue_job_id = %s",
            locked.queue_job_id,
        )
        pricing.do("delete from public.pricing_sync_lock where lock_key = 'pricing_sync_global'")
    assert pricing.queue_row(locked.queue_job_id)["status"] == "doing"
    assert pricing.queue_row(free.queue_job_id)["status"] == "todo"
    assert_agreed(pricing.connection)


def test_a_late_end_changes_nothing(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    attempt = pricing.start("openrouter")
    worker = another()
    with pricing.connection.transaction():
        pricing.do(ALL)
        late = threads.submit(worker.end, attempt, "failed", "timeout")
        pricing.wait_until_blocked(worker)
    assert late.result(60) is False
    assert pricing.log_statuses(attempt.queue_job_id) == ["cancelled", "queued"]
    assert_agreed(pricing.connection)


@pytest.mark.parametrize("statement", ["insert", "update"])
def test_a_lock_can_be_released_only(pricing: Pricing, statement: str) -> None:
    pricing.start("openrouter")
    with pytest.raises(Exception, match=r"cannot (insert|update)"):
        pricing.do(
            "insert into public.pricing_sync_lock (lock_key) values ('x')"
            if statement == "insert"
            else "update public.pricing_sync_lock set lock_key = 'x'"
        )


@pytest.mark.parametrize("role", ["pricing_web", "pricing_worker", "service_role", "anon"])
def test_only_the_owner_releases(pricing: Pricing, role: str) -> None:
    pricing.start("openrouter")
    with pricing.nothing_written(), refused("42501"), pricing.as_role(role):
        try:
            pricing.do(ALL)
        finally:
            pricing.do("reset role")
