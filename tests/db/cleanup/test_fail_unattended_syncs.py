"""Waiting syncs fail only when no worker has been alive for ``queued_timeout``."""

from __future__ import annotations

import pytest

from tests.db.agreement import assert_agreed
from tests.db.clock import time_passes
from tests.db.conftest import Another
from tests.db.crowd import defer_many
from tests.db.meanwhile import meanwhile
from tests.db.pricing import Pricing, refused

TICK = (
    "insert into public.pricing_scheduler_ticks (scheduler, last_tick_at)"
    " values (%s, clock_timestamp() - %s::interval)"
)


def fail_unattended(pricing: Pricing) -> tuple[int, int]:
    row = pricing.row("select * from public.fail_unattended_syncs()")
    return row["syncs_found"], row["syncs_failed"]


def test_when_there_has_never_been_a_worker(pricing: Pricing) -> None:
    job = pricing.trigger("openrouter", "deepinfra")
    time_passes(pricing, "23:59")
    with pricing.nothing_written():
        assert fail_unattended(pricing) == (0, 0)
    time_passes(pricing, "2 minutes")
    fresh = pricing.trigger("openrouter")

    assert fail_unattended(pricing) == (2, 2)
    for row in pricing.queue_rows(job["job_id"]):
        assert (row["status"], row["attempts"]) == ("failed", 0)
        log = pricing.log(row["id"])
        assert (log["status"], log["error_kind"], log["errors"]) == ("failed", "no_worker", 1)
        assert log["error_message"] == "No worker has been alive for 24 hours"
    failed = pricing.job(job["job_id"])
    assert (failed["status"], failed["outcome"], failed["total_errors"]) == ("failed", "failed", 2)
    assert "No worker has been alive" in failed["error_message"]
    assert pricing.job(fresh["job_id"])["status"] == "queued", "it has only just come"
    assert pricing.provider("openrouter")["consecutive_failures"] == 0, "it is not to blame"
    assert_agreed(pricing.connection)
    with pricing.nothing_written():
        assert fail_unattended(pricing) == (0, 0)

    pricing.do("select public.retry_pricing_sync(%s)", job["job_id"])
    assert pricing.job(job["job_id"])["status"] == "queued"


def test_when_the_last_worker_was_there_long_ago(pricing: Pricing) -> None:
    pricing.worker("24:01")
    pricing.do(TICK, "worker", "24:01")
    job = pricing.trigger("openrouter")
    time_passes(pricing, "24:01")
    assert fail_unattended(pricing) == (1, 1)
    assert pricing.job(job["job_id"])["outcome"] == "failed"
    assert_agreed(pricing.connection)


@pytest.mark.parametrize("sign", ["heartbeat", "tick"])
@pytest.mark.parametrize("ago", ["0 seconds", "23:50"])
def test_not_while_a_worker_has_been_seen(pricing: Pricing, sign: str, ago: str) -> None:
    """A worker that stopped in good order leaves no row in the engine; its tick remains."""
    pricing.trigger("openrouter")
    time_passes(pricing, "9 days")
    pricing.worker("9 days")
    if sign == "heartbeat":
        pricing.worker(ago)
    else:
        pricing.do(TICK, "worker", ago)
    with pricing.nothing_written():
        assert fail_unattended(pricing) == (0, 0)


def test_a_tick_of_pg_cron_is_no_worker(pricing: Pricing) -> None:
    pricing.trigger("openrouter")
    time_passes(pricing, "25 hours")
    pricing.do(TICK, "pg_cron", "0 seconds")
    assert fail_unattended(pricing) == (1, 1)


def test_what_waits_behind_a_lock_for_days_with_a_live_worker_is_never_stuck(
    pricing: Pricing,
) -> None:
    running = pricing.start("openrouter")
    waiting = pricing.trigger("openrouter")
    pricing.do("update public.pricing_providers set timeout = '30 days'")
    time_passes(pricing, "6 days")
    with pricing.nothing_written():
        cleaned = pricing.row("select * from public.cleanup_stuck_pricing_syncs()")
    assert cleaned == {"stuck_syncs_found": 0, "syncs_cleaned": 0}
    pricing.succeed(running)
    again = pricing.fetch()
    assert again is not None
    assert again.job_id == str(waiting["job_id"])
    pricing.succeed(again)
    assert_agreed(pricing.connection)


def test_the_timeout_is_a_setting(pricing: Pricing) -> None:
    job = pricing.trigger("openrouter")
    pricing.do("update public.pricing_settings set queued_timeout = '90 minutes'")
    time_passes(pricing, "91 minutes")
    assert fail_unattended(pricing) == (1, 1)
    (row,) = pricing.queue_rows(job["job_id"])
    message = pricing.log(row["id"])["error_message"]
    assert message == "No worker has been alive for 1.5 hours"


def test_what_was_queued_again_has_waited_since_then(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    time_passes(pricing, "25 hours", workers_live=False)
    pricing.do("select public.expire_stalled_syncs()")
    with pricing.nothing_written():
        assert fail_unattended(pricing) == (0, 0)
    time_passes(pricing, "25 hours")
    assert fail_unattended(pricing) == (1, 1)
    assert pricing.log_statuses(attempt.queue_job_id) == ["failed", "failed"]
    assert_agreed(pricing.connection)


def test_what_runs_and_what_is_not_ours_is_left_alone(pricing: Pricing) -> None:
    pricing.start("openrouter")
    pricing.other_task()
    time_passes(pricing, "9 days", workers_live=False)
    with pricing.nothing_written():
        assert fail_unattended(pricing) == (0, 0)


@pytest.mark.parametrize("locked", ["queue row", "job"])
def test_it_does_not_wait_for_locked_rows(pricing: Pricing, another: Another, locked: str) -> None:
    job, other = pricing.trigger("openrouter"), pricing.trigger("openrouter")
    (row,) = pricing.queue_rows(job["job_id"])
    time_passes(pricing, "25 hours")
    holder = another()
    warnings: list[str] = []
    pricing.connection.add_notice_handler(lambda d: warnings.append(str(d.message_primary)))
    pricing.do("set lock_timeout = '2s'")
    with holder.connection.transaction():
        if locked == "queue row":
            holder.do(
                "select from procrastinate.procrastinate_jobs where id = %s for update", row["id"]
            )
        else:
            holder.do(
                "select from public.pricing_sync_jobs where job_id = %s for no key update",
                job["job_id"],
            )
        assert fail_unattended(pricing) == (2, 1)
    assert pricing.job(job["job_id"])["status"] == "queued"
    assert pricing.job(other["job_id"])["status"] == "failed"
    assert_agreed(pricing.connection)
    assert warnings == [], "a wait that was cut short"


def test_a_worker_that_comes_too_late_runs_nothing_of_it(pricing: Pricing) -> None:
    pricing.trigger("openrouter")
    time_passes(pricing, "25 hours")
    fail_unattended(pricing)
    assert pricing.fetch() is None
    with refused("PT429"):
        pricing.trigger("openrouter")
        pricing.trigger("openrouter", on_conflict="reject")
    pricing.succeed(pricing.fetch() or pricing.start("openrouter"))
    assert_agreed(pricing.connection)


def test_the_clean_up_does_it(pricing: Pricing) -> None:
    pricing.trigger("openrouter")
    time_passes(pricing, "25 hours")
    with pricing.as_role("pricing_web"):
        cleaned = pricing.row("select * from public.cleanup_stuck_pricing_syncs()")
    assert cleaned == {"stuck_syncs_found": 1, "syncs_cleaned": 1}


def test_a_call_is_bounded(pricing: Pricing) -> None:
    defer_many(pricing, "openrouter", 501)
    time_passes(pricing, "25 hours")
    assert fail_unattended(pricing) == (500, 500)
    assert fail_unattended(pricing) == (1, 1)
    assert_agreed(pricing.connection)


def test_one_that_is_fetched_in_between_is_left_alone(own_database: Pricing) -> None:
    """The clean-up checks each row again once it has locked it; a worker has fetched it by then."""
    pricing = own_database
    job = pricing.trigger("openrouter", "deepinfra")
    first, second = pricing.queue_rows(job["job_id"])
    time_passes(pricing, "25 hours")
    fetch = (
        f"update procrastinate.procrastinate_jobs set status = 'doing' where id = {second['id']}"
    )
    meanwhile(pricing, first["id"], fetch)
    assert fail_unattended(pricing) == (2, 1)
    assert pricing.queue_row(second["id"])["status"] == "doing"
    assert_agreed(pricing.connection)
