"""What the fence depends on: attempts only grow, and no ended row names a worker."""

from __future__ import annotations

import pytest

from tests.db.pricing import Pricing, refused

WAYS_BACK = [
    "update procrastinate.procrastinate_jobs set status = 'todo' where id = %s",
    "update procrastinate.procrastinate_jobs set status = 'todo', attempts = 0 where id = %s",
    "update procrastinate.procrastinate_jobs set status = 'todo', attempts = 9 where id = %s",
    "select procrastinate.procrastinate_retry_job_v1(%s, now(), null, null, null)",
    "select procrastinate.procrastinate_retry_job_v2(%s, now(), null, null, null)",
    "select public.end_provider_sync(%s, 1, 'queued')",
]


@pytest.mark.parametrize("way", WAYS_BACK)
def test_attempts_grow_by_one_on_every_way_back(pricing: Pricing, way: str) -> None:
    attempt = pricing.start()
    pricing.do(way, attempt.queue_job_id)

    row = pricing.queue_row(attempt.queue_job_id)
    assert (row["status"], row["attempts"], row["worker_id"]) == ("todo", 1, None)
    assert pricing.log_statuses(attempt.queue_job_id)[1:] == ["queued"]


def test_attempts_grow_by_one_at_the_end(pricing: Pricing) -> None:
    applied = pricing.start("openrouter")
    pricing.succeed(applied)
    failed = pricing.start("deepinfra")
    pricing.end(failed)
    finished = pricing.start("catalogue")
    pricing.do(
        "select procrastinate.procrastinate_finish_job_v1(%s, 'failed', false)",
        finished.queue_job_id,
    )

    for attempt in (applied, failed, finished):
        row = pricing.queue_row(attempt.queue_job_id)
        assert (row["attempts"], row["worker_id"]) == (1, None)


def test_attempts_change_in_no_other_way(pricing: Pricing) -> None:
    attempt = pricing.start()
    pricing.do("update procrastinate.procrastinate_jobs set attempts = 7")
    assert pricing.queue_row(attempt.queue_job_id)["attempts"] == 0


def test_the_abort_flag_ends_with_the_attempt(pricing: Pricing) -> None:
    attempt = pricing.start()
    pricing.do(
        "select procrastinate.procrastinate_cancel_job_v1(%s, true, false)", attempt.queue_job_id
    )
    assert pricing.queue_row(attempt.queue_job_id)["abort_requested"] is True, "while it runs"
    pricing.do("update procrastinate.procrastinate_jobs set status = 'todo'")
    assert pricing.queue_row(attempt.queue_job_id)["abort_requested"] is False


def test_no_hand_changes_lock_queue_or_arguments(pricing: Pricing) -> None:
    job = pricing.trigger("openrouter")
    (before,) = pricing.queue_rows(job["job_id"])
    pricing.do(
        "update procrastinate.procrastinate_jobs set lock = 'mine', queue_name = 'q',"
        " priority = 9, queueing_lock = 'once', scheduled_at = '2999-01-01', args = '{}'"
    )
    assert pricing.queue_row(before["id"]) == before


def test_rows_of_other_tasks_only_lose_their_worker(pricing: Pricing) -> None:
    queue_job_id = pricing.other_task("doing", pricing.worker())
    pricing.do(
        "select procrastinate.procrastinate_retry_job_v2(%s, '2999-01-01', 5, 'q', 'l')",
        queue_job_id,
    )
    after = pricing.queue_row(queue_job_id)
    assert (after["attempts"], after["worker_id"]) == (1, None)
    assert (after["priority"], after["queue_name"], after["lock"]) == (5, "q", "l")
    assert after["scheduled_at"].year == 2999


def test_a_row_keeps_its_task(pricing: Pricing) -> None:
    attempt = pricing.start()
    other = pricing.other_task()
    pricing.do(
        "update procrastinate.procrastinate_jobs set task_name = 'x' where id = %s",
        attempt.queue_job_id,
    )
    pricing.do(
        "update procrastinate.procrastinate_jobs set task_name = 'sync_provider' where id = %s",
        other,
    )
    assert pricing.queue_row(attempt.queue_job_id)["task_name"] == "sync_provider"
    assert pricing.queue_row(other)["task_name"] == "other"


def test_no_hand_changes_a_row_s_number(pricing: Pricing) -> None:
    """The log refers to rows by id: with another row's id it would own that row's attempts."""
    attempt = pricing.start()
    other = pricing.other_task()
    pricing.do("update procrastinate.procrastinate_jobs set id = id + 1000")
    assert {
        row["id"] for row in pricing.rows("select id from procrastinate.procrastinate_jobs")
    } == {
        attempt.queue_job_id,
        other,
    }


def test_no_row_becomes_one_that_no_worker_can_read(pricing: Pricing) -> None:
    other = pricing.other_task()
    before = pricing.queue_row(other)
    for change in ("args = '[1]'", "scheduled_at = '-infinity'"):
        with refused("PT422"):
            pricing.do(f"update procrastinate.procrastinate_jobs set {change}")
    assert pricing.queue_row(other) == before
