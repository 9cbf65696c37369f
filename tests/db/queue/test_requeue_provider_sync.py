"""A running attempt is taken from its worker, and the sync waits again."""

from __future__ import annotations

from tests.db.agreement import assert_agreed
from tests.db.pricing import Pricing, refused


def test_the_attempt_ends_the_sync_waits_and_the_holder_is_told(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    pricing.listen("procrastinate_any_queue_v1")
    pricing.do(
        "select public.requeue_provider_sync(%s, %s, 'failed', 'worker_lost', 'It was lost')",
        attempt.queue_job_id,
        attempt.number,
    )
    row = pricing.queue_row(attempt.queue_job_id)
    assert (row["status"], row["attempts"], row["abort_requested"]) == ("todo", 1, False)
    assert pricing.log_statuses(attempt.queue_job_id) == ["failed", "queued"]
    log = pricing.log(attempt.queue_job_id)
    assert (log["error_kind"], log["error_message"]) == ("worker_lost", "It was lost")
    assert pricing.job(attempt.job_id)["status"] == "running"
    kinds = [payload.split('"')[3] for _, payload in pricing.heard(pricing)]
    assert kinds == ["abort_job_requested", "job_inserted"], "the holder drops it, a worker wakes"
    assert_agreed(pricing.connection)

    with refused("PT409"):
        pricing.succeed(attempt)
    again = pricing.fetch()
    assert again is not None
    assert again.number == 2
    pricing.succeed(again)
    assert_agreed(pricing.connection)
