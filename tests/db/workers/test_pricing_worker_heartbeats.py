"""A heartbeat from the future does not count as alive."""

from __future__ import annotations

import pytest

from tests.db.agreement import assert_agreed
from tests.db.pricing import Pricing


def set_back_the_clock(pricing: Pricing, interval: str) -> None:
    """Move all heartbeats into the future, as if the clock had been set back."""
    pricing.do(
        "update procrastinate.procrastinate_workers"
        " set last_heartbeat = last_heartbeat + %s::interval",
        interval,
    )


@pytest.mark.parametrize(("ahead", "is_alive"), [("10 seconds", True), ("1 hour", False)])
def test_a_little_ahead_is_a_clock_of_another_opinion(
    pricing: Pricing, ahead: str, is_alive: bool
) -> None:
    attempt = pricing.start(worker_id=pricing.worker("0 seconds"))
    set_back_the_clock(pricing, ahead)
    assert pricing.value("select public.pricing_workers_alive()") == int(is_alive)
    stuck = pricing.rows("select reason from public.stuck_pricing_syncs()")
    assert [row["reason"] for row in stuck] == ([] if is_alive else ["worker_lost"])
    pricing.do("select public.cleanup_stuck_pricing_syncs()")
    status = pricing.queue_row(attempt.queue_job_id)["status"]
    assert status == ("doing" if is_alive else "todo")
    assert_agreed(pricing.connection)


def test_nor_does_it_attend_what_waits(pricing: Pricing) -> None:
    job = pricing.trigger("openrouter")
    pricing.worker("0 seconds")
    set_back_the_clock(pricing, "1 hour")
    pricing.do(
        "update public.pricing_sync_log set queued_at = queued_at - interval '25 hours'"
        " where job_id = %s",
        job["job_id"],
    )
    pricing.do("select public.cleanup_stuck_pricing_syncs()")
    assert pricing.job(job["job_id"])["outcome"] == "failed"


def test_its_lock_has_expired(pricing: Pricing) -> None:
    pricing.start(worker_id=pricing.worker("0 seconds"))
    set_back_the_clock(pricing, "1 hour")
    lock = pricing.row(
        "select expires_at <= now() as is_over from public.pricing_sync_lock limit 1"
    )
    assert lock["is_over"]
