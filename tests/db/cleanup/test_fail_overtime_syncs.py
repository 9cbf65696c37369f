"""An attempt that exceeds its time limit is aborted and failed in one transaction."""

from __future__ import annotations

import pytest

from tests.db.agreement import assert_agreed
from tests.db.clock import time_passes
from tests.db.conftest import Another
from tests.db.crowd import running_crowd
from tests.db.meanwhile import meanwhile
from tests.db.pricing import Pricing, refused


def fail_overtime(pricing: Pricing, timeout: str | None = None) -> tuple[int, int]:
    row = pricing.row("select * from public.fail_overtime_syncs(%s)", timeout)
    return row["syncs_found"], row["syncs_failed"]


def test_each_provider_has_its_own_timeout(pricing: Pricing) -> None:
    pricing.do("update public.pricing_providers set timeout = '1 minute' where slug = 'openrouter'")
    short, long = pricing.start("openrouter"), pricing.start("deepinfra")
    time_passes(pricing, "61 seconds")
    assert fail_overtime(pricing) == (1, 1)
    log = pricing.log(short.queue_job_id)
    assert (log["status"], log["error_kind"]) == ("failed", "timeout")
    assert log["error_message"] == "Sync timeout - auto-cleaned after 1 minutes"
    assert pricing.queue_row(short.queue_job_id)["status"] == "failed"
    assert pricing.queue_row(long.queue_job_id)["status"] == "doing"
    assert_agreed(pricing.connection)
    assert fail_overtime(pricing, "1 minute") == (1, 1)
    assert_agreed(pricing.connection)
    with pricing.nothing_written():
        assert fail_overtime(pricing) == (0, 0)


def test_without_a_log_row(pricing: Pricing) -> None:
    """The engine's event of the fetch gives the run time."""
    attempt = pricing.start("openrouter", "deepinfra")
    pricing.do("delete from public.pricing_sync_log where queue_job_id = %s", attempt.queue_job_id)
    time_passes(pricing, "9 minutes")
    assert fail_overtime(pricing) == (0, 0)
    time_passes(pricing, "2 minutes")
    # An event of another kind, which says nothing about the start of the attempt.
    pricing.do(
        "update procrastinate.procrastinate_jobs set abort_requested = true where worker_id"
        " is not null"
    )
    assert fail_overtime(pricing) == (1, 1)
    assert pricing.queue_row(attempt.queue_job_id)["status"] == "failed"
    with refused("PT409"):
        pricing.succeed(attempt)


def test_only_this_attempt_counts(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    time_passes(pricing, "9 minutes")
    pricing.end(attempt, "queued")
    time_passes(pricing, "2 hours")
    again = pricing.fetch()
    assert again is not None
    time_passes(pricing, "5 minutes")
    with pricing.nothing_written():
        assert fail_overtime(pricing) == (0, 0)


def test_a_lost_worker_is_not_slow(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    time_passes(pricing, "1 hour", workers_live=False)
    with pricing.nothing_written():
        assert fail_overtime(pricing) == (0, 0)
    pricing.do("select public.cleanup_stuck_pricing_syncs()")
    assert pricing.queue_row(attempt.queue_job_id)["status"] == "todo", "it is queued again"
    assert_agreed(pricing.connection)


@pytest.mark.parametrize("locked", ["queue row", "job", "provider"])
def test_it_does_not_wait_for_locked_rows(pricing: Pricing, another: Another, locked: str) -> None:
    attempt, other = pricing.start("openrouter"), pricing.start("deepinfra")
    time_passes(pricing, "11 minutes")
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
        else:
            holder.do("update public.pricing_providers set name = 'x' where slug = 'openrouter'")
        assert fail_overtime(pricing) == (2, 1)
    assert pricing.queue_row(attempt.queue_job_id)["status"] == "doing"
    assert pricing.queue_row(other.queue_job_id)["status"] == "failed"
    assert fail_overtime(pricing) == (1, 1)
    assert_agreed(pricing.connection)
    assert warnings == [], "a wait that was cut short"


def test_an_attempt_that_was_handed_over_in_between_is_left_alone(own_database: Pricing) -> None:
    """The clean-up checks each row again once it has locked it; the row runs attempt 2 by then."""
    pricing = own_database
    first, second = pricing.start("openrouter"), pricing.start("deepinfra")
    time_passes(pricing, "1 hour")
    worker_id = pricing.worker()
    hand_over = (
        f"if public.end_provider_sync({second.queue_job_id}, 1, 'queued') then"
        f" update procrastinate.procrastinate_jobs set status = 'doing', worker_id = {worker_id}"
        f" where id = {second.queue_job_id}; end if"
    )
    meanwhile(pricing, first.queue_job_id, hand_over)
    assert fail_overtime(pricing) == (2, 1)
    assert pricing.log_statuses(second.queue_job_id) == ["cancelled", "in_progress"]
    assert_agreed(pricing.connection)


def test_a_call_is_bounded(pricing: Pricing) -> None:
    running_crowd(pricing, 501)
    time_passes(pricing, "1 hour")
    assert fail_overtime(pricing) == (500, 500)
    assert fail_overtime(pricing) == (1, 1)
    assert fail_overtime(pricing) == (0, 0)
    assert_agreed(pricing.connection)
