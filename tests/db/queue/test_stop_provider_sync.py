"""A waiting provider sync is cancelled, a running one aborted, without waiting."""

from __future__ import annotations

import pytest

from tests.db.agreement import assert_agreed
from tests.db.conftest import Another
from tests.db.pricing import Pricing


def stop(pricing: Pricing, queue_job_id: int) -> bool:
    stopped: bool = pricing.value(
        "select public.stop_provider_sync(%s, 'stopped', 'No more of it')", queue_job_id
    )
    return stopped


def test_one_that_waits(pricing: Pricing) -> None:
    job = pricing.trigger("openrouter")
    (row,) = pricing.queue_rows(job["job_id"])
    assert stop(pricing, row["id"]) is True
    assert pricing.queue_row(row["id"])["status"] == "cancelled"
    log = pricing.log(row["id"])
    assert (log["status"], log["error_kind"], log["errors"]) == ("cancelled", "stopped", 0)
    job = pricing.job(job["job_id"])
    assert (job["outcome"], job["error_message"]) == ("cancelled", "openrouter: No more of it")
    assert_agreed(pricing.connection)


def test_one_that_runs_whose_worker_is_told_once(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    pricing.listen("procrastinate_any_queue_v1")
    assert stop(pricing, attempt.queue_job_id) is True
    row = pricing.queue_row(attempt.queue_job_id)
    assert (row["status"], row["attempts"], row["abort_requested"]) == ("aborted", 1, False)
    told = [payload for _, payload in pricing.heard(pricing) if "abort_job" in payload]
    assert len(told) == 1
    assert pricing.provider("openrouter")["consecutive_failures"] == 0
    assert_agreed(pricing.connection)


def test_one_that_was_asked_to_abort_already_is_not_asked_again(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    pricing.do(
        "select procrastinate.procrastinate_cancel_job_v1(%s, true, false)", attempt.queue_job_id
    )
    assert stop(pricing, attempt.queue_job_id) is True
    asked = pricing.value(
        "select count(*) from procrastinate.procrastinate_events where type = 'abort_requested'"
    )
    assert asked == 1
    assert_agreed(pricing.connection)


@pytest.mark.parametrize("end", ["succeeded", "failed", "cancelled"])
def test_one_that_has_ended(pricing: Pricing, end: str) -> None:
    attempt = pricing.start("openrouter")
    if end == "succeeded":
        pricing.succeed(attempt)
    else:
        pricing.end(attempt, end)
    with pricing.nothing_written():
        assert stop(pricing, attempt.queue_job_id) is False


def test_one_that_is_not_there_or_not_ours(pricing: Pricing) -> None:
    other = pricing.other_task("doing", pricing.worker())
    with pricing.nothing_written():
        assert stop(pricing, other) is False
        assert stop(pricing, other + 1) is False


def test_one_that_another_session_is_changing(pricing: Pricing, another: Another) -> None:
    attempt = pricing.start("openrouter")
    worker = another()
    pricing.do("set lock_timeout = '2s'")
    with worker.connection.transaction():
        worker.succeed(attempt)
        assert stop(pricing, attempt.queue_job_id) is False
    assert pricing.job(attempt.job_id)["outcome"] == "success"
