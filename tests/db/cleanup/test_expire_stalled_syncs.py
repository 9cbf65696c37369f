"""Syncs of a lost worker are queued again, and fail after ``max_attempts``."""

from __future__ import annotations

import pytest

from tests.db.agreement import assert_agreed
from tests.db.clock import time_passes
from tests.db.conftest import Another
from tests.db.crowd import running_crowd
from tests.db.meanwhile import meanwhile
from tests.db.pricing import Pricing, refused


def release(pricing: Pricing) -> tuple[int, int]:
    row = pricing.row("select * from public.expire_stalled_syncs()")
    return row["syncs_found"], row["syncs_released"]


@pytest.mark.parametrize("loss", ["silent", "pruned"])
def test_it_runs_again_on_another_worker(pricing: Pricing, loss: str) -> None:
    attempt = pricing.start("openrouter", "deepinfra")
    time_passes(pricing, "21 seconds", workers_live=False)
    if loss == "pruned":
        pricing.rows("select public.prune_pricing_workers(20)")
    assert release(pricing) == (1, 1)
    assert_agreed(pricing.connection)
    again = pricing.fetch()
    assert again is not None
    assert (again.queue_job_id, again.number) == (attempt.queue_job_id, 2)
    with pricing.nothing_written():
        with refused("PT409"):
            pricing.succeed(attempt)
        assert pricing.end(attempt) is False
        assert release(pricing) == (0, 0)
    pricing.succeed(again)
    assert_agreed(pricing.connection)


def test_a_heartbeat_within_the_lease_keeps_it(pricing: Pricing) -> None:
    pricing.start("openrouter", worker_id=pricing.worker("10 seconds"))
    with pricing.nothing_written():
        assert release(pricing) == (0, 0)


def test_only_lost_workers_count_towards_the_end(pricing: Pricing) -> None:
    """An orderly hand-over or a released lock does not count as a lost worker."""
    attempt = pricing.start("openrouter")
    pricing.end(attempt, "queued")
    assert pricing.fetch() is not None
    pricing.do("delete from public.pricing_sync_lock")
    for expected in ("todo", "todo", "failed"):
        assert pricing.fetch(pricing.worker("1 hour")) is not None
        assert release(pricing) == (1, 1)
        assert pricing.queue_row(attempt.queue_job_id)["status"] == expected
        assert_agreed(pricing.connection)
    job = pricing.job(attempt.job_id)
    assert (job["outcome"], job["total_errors"]) == ("failed", 1)
    assert "lost 3 times" in job["error_message"]


@pytest.mark.parametrize("locked", ["queue row", "job", "log row", "provider"])
def test_it_does_not_wait_for_locked_rows(pricing: Pricing, another: Another, locked: str) -> None:
    attempt, other = pricing.start("openrouter"), pricing.start("deepinfra")
    pricing.do("update public.pricing_settings set max_attempts = 1")
    time_passes(pricing, "1 minute", workers_live=False)
    warnings: list[str] = []
    pricing.connection.add_notice_handler(lambda d: warnings.append(str(d.message_primary)))
    holder = another()
    pricing.do("set lock_timeout = '2s'")
    with holder.connection.transaction():
        if locked == "queue row":
            holder.do(
                "select from procrastinate.procrastinate_jobs where id = %s for update",
                attempt.queue_job_id,
            )
        elif locked == "job":
            holder.do(
                "select from public.pricing_sync_jobs where job_id = %s for no key update",
                attempt.job_id,
            )
        elif locked == "log row":
            holder.do(
                "update public.pricing_sync_log set triggered_by = 'x' where queue_job_id = %s",
                attempt.queue_job_id,
            )
        else:
            holder.do("update public.pricing_providers set name = 'x' where slug = 'openrouter'")
        assert release(pricing) == (2, 1)
    assert pricing.queue_row(attempt.queue_job_id)["status"] == "doing"
    assert pricing.queue_row(other.queue_job_id)["status"] == "failed"
    assert release(pricing) == (1, 1)
    assert_agreed(pricing.connection)
    assert warnings == [], "a wait that was cut short"


def test_a_worker_that_comes_back_in_between_keeps_its_sync(own_database: Pricing) -> None:
    """The clean-up checks each row again after locking it; the worker has a heartbeat by then."""
    pricing = own_database
    first, second = pricing.start("openrouter"), pricing.start("deepinfra")
    time_passes(pricing, "1 minute", workers_live=False)
    worker_id = pricing.queue_row(second.queue_job_id)["worker_id"]
    come_back = (
        "update procrastinate.procrastinate_workers set last_heartbeat = clock_timestamp()"
        f" where id = {worker_id}"
    )
    meanwhile(pricing, first.queue_job_id, come_back)
    assert release(pricing) == (2, 1)
    assert pricing.queue_row(second.queue_job_id)["status"] == "doing"
    pricing.succeed(second)
    assert_agreed(pricing.connection)


def test_one_that_was_handed_back_in_between_is_left_alone(own_database: Pricing) -> None:
    pricing = own_database
    first, second = pricing.start("openrouter"), pricing.start("deepinfra")
    time_passes(pricing, "1 minute", workers_live=False)
    hand_back = f"perform public.end_provider_sync({second.queue_job_id}, 1, 'queued')"
    meanwhile(pricing, first.queue_job_id, hand_back)
    assert release(pricing) == (2, 1)
    assert pricing.log_statuses(second.queue_job_id) == ["cancelled", "queued"]
    assert_agreed(pricing.connection)


def test_a_call_is_bounded(pricing: Pricing) -> None:
    running_crowd(pricing, 501, silent_for="1 hour")
    assert release(pricing) == (500, 500)
    assert release(pricing) == (1, 1)
    assert release(pricing) == (0, 0)
    assert_agreed(pricing.connection)
