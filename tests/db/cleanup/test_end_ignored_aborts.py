"""The clean-up carries out an abort that the worker ignores for longer than the lease."""

from __future__ import annotations

import pytest

from tests.db.agreement import assert_agreed
from tests.db.clock import time_passes
from tests.db.conftest import Another
from tests.db.crowd import running_crowd
from tests.db.meanwhile import meanwhile
from tests.db.pricing import Attempt, Pricing, refused


def start_aborted(pricing: Pricing, provider: str = "openrouter") -> Attempt:
    """A running sync with an abort requested from the engine, as by ``job_manager.cancel``."""
    attempt = pricing.start(provider)
    with pricing.as_role("pricing_worker"):
        pricing.do(
            "select procrastinate.procrastinate_cancel_job_v1(%s, true, false)",
            attempt.queue_job_id,
        )
    row = pricing.queue_row(attempt.queue_job_id)
    assert (row["status"], row["abort_requested"]) == ("doing", True)
    assert_agreed(pricing.connection)
    return attempt


def end_ignored(pricing: Pricing) -> tuple[int, int]:
    row = pricing.row("select * from public.end_ignored_aborts()")
    return row["syncs_found"], row["syncs_ended"]


def test_longer_than_the_lease(pricing: Pricing) -> None:
    attempt = start_aborted(pricing)
    time_passes(pricing, "21 seconds")
    assert end_ignored(pricing) == (1, 1)

    row = pricing.queue_row(attempt.queue_job_id)
    assert (row["status"], row["worker_id"]) == ("aborted", None)
    log = pricing.log(attempt.queue_job_id)
    assert (log["status"], log["error_kind"]) == ("cancelled", "cancelled")
    assert log["error_message"] == "Cancelled; its worker did not obey the abort"
    assert pricing.job(attempt.job_id)["outcome"] == "cancelled"
    assert_agreed(pricing.connection)
    with pricing.nothing_written():
        assert end_ignored(pricing) == (0, 0)
        assert pricing.end(attempt, "aborted") is False


def test_shorter_than_the_lease(pricing: Pricing) -> None:
    attempt = start_aborted(pricing)
    # The age of the abort counts, not that of the sync.
    time_passes(pricing, "9 minutes")
    pricing.do(
        "update procrastinate.procrastinate_events"
        " set at = clock_timestamp() - interval '10 seconds' where type = 'abort_requested'"
    )
    with pricing.nothing_written():
        assert end_ignored(pricing) == (0, 0)
    with refused("PT409"):
        pricing.succeed(attempt)
    assert pricing.end(attempt, "aborted") is True
    assert pricing.job(attempt.job_id)["outcome"] == "cancelled"
    assert_agreed(pricing.connection)


def test_the_lease_is_a_setting(pricing: Pricing) -> None:
    start_aborted(pricing)
    time_passes(pricing, "50 seconds")
    pricing.do("update public.pricing_settings set lease = '1 minute'")
    assert end_ignored(pricing) == (0, 0)
    pricing.do("update public.pricing_settings set lease = '40 seconds'")
    assert end_ignored(pricing) == (1, 1)


def test_of_an_earlier_attempt_of_the_same_row(pricing: Pricing) -> None:
    """Events belong to the row: an old abort says nothing about a later attempt."""
    attempt = start_aborted(pricing)
    pricing.end(attempt, "failed", "http_status")
    time_passes(pricing, "1 hour")
    pricing.do(
        "select procrastinate.procrastinate_retry_job_v2(%s, now(), null, null, null)",
        attempt.queue_job_id,
    )
    again = pricing.fetch()
    assert again is not None
    assert end_ignored(pricing) == (0, 0), "nobody asked this one to stop"
    pricing.do(
        "select procrastinate.procrastinate_cancel_job_v1(%s, true, false)", again.queue_job_id
    )
    assert end_ignored(pricing) == (0, 0), "this one has just been asked"


def test_a_flag_without_an_event_counts_as_ignored(pricing: Pricing) -> None:
    attempt = start_aborted(pricing)
    pricing.do("delete from procrastinate.procrastinate_events where type = 'abort_requested'")
    assert end_ignored(pricing) == (1, 1)
    assert pricing.queue_row(attempt.queue_job_id)["status"] == "aborted"


def test_rows_of_other_tasks_and_running_ones_are_left_alone(pricing: Pricing) -> None:
    pricing.start("openrouter")
    pricing.other_task("doing", pricing.worker())
    pricing.do(
        "update procrastinate.procrastinate_jobs set abort_requested = true"
        " where task_name = 'other'"
    )
    time_passes(pricing, "1 minute")
    with pricing.nothing_written():
        assert end_ignored(pricing) == (0, 0)


@pytest.mark.parametrize("locked", ["queue row", "job"])
def test_it_does_not_wait_for_locked_rows(pricing: Pricing, another: Another, locked: str) -> None:
    attempt, other = start_aborted(pricing), start_aborted(pricing, "deepinfra")
    time_passes(pricing, "1 minute")
    holder = another()
    warnings: list[str] = []
    pricing.connection.add_notice_handler(lambda d: warnings.append(str(d.message_primary)))
    pricing.do("set lock_timeout = '2s'")
    with holder.connection.transaction():
        if locked == "queue row":
            holder.do(
                "select from procrastinate.procrastinate_jobs where id = %s for update",
                attempt.queue_job_id,
            )
        else:
            holder.do(
                "select from public.pricing_sync_jobs where job_id = %s for no key update",
                attempt.job_id,
            )
        assert end_ignored(pricing) == (2, 1)
    assert pricing.queue_row(attempt.queue_job_id)["status"] == "doing"
    assert pricing.queue_row(other.queue_job_id)["status"] == "aborted"
    assert end_ignored(pricing) == (1, 1)
    assert_agreed(pricing.connection)
    assert warnings == [], "a wait that was cut short"


def test_one_that_obeyed_in_between_is_left_alone(own_database: Pricing) -> None:
    """The clean-up checks each row again once it has locked it; this row waits again by then."""
    pricing = own_database
    first, second = start_aborted(pricing), start_aborted(pricing, "deepinfra")
    time_passes(pricing, "1 minute")
    hand_back = f"perform public.end_provider_sync({second.queue_job_id}, 1, 'queued')"
    meanwhile(pricing, first.queue_job_id, hand_back)
    assert end_ignored(pricing) == (2, 1)
    assert pricing.queue_row(second.queue_job_id)["status"] == "todo"
    assert_agreed(pricing.connection)


def test_the_clean_up_does_it(pricing: Pricing) -> None:
    attempt = start_aborted(pricing)
    time_passes(pricing, "21 seconds")
    cleaned = pricing.row("select * from public.cleanup_stuck_pricing_syncs(5)")
    assert cleaned == {"stuck_syncs_found": 1, "syncs_cleaned": 1}
    assert pricing.job(attempt.job_id)["outcome"] == "cancelled"


def test_a_call_is_bounded(pricing: Pricing) -> None:
    running_crowd(pricing, 501)
    pricing.do("update procrastinate.procrastinate_jobs set abort_requested = true")
    time_passes(pricing, "1 minute")
    assert end_ignored(pricing) == (500, 500)
    assert end_ignored(pricing) == (1, 1)
    assert end_ignored(pricing) == (0, 0)
    assert_agreed(pricing.connection)
