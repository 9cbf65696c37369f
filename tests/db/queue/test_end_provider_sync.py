"""The end of an attempt that wrote no prices."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from tests.db.conftest import Another
from tests.db.pricing import Attempt, Pricing, refused


def test_failed(pricing: Pricing) -> None:
    attempt = pricing.start()
    assert pricing.end(attempt, "failed", "http_status", "It answered 502") is True

    log = pricing.log(attempt.queue_job_id)
    assert (log["status"], log["errors"]) == ("failed", 1)
    assert (log["error_kind"], log["error_message"]) == ("http_status", "It answered 502")
    assert log["duration_ms"] > 0
    assert pricing.queue_row(attempt.queue_job_id)["status"] == "failed"
    job = pricing.job(attempt.job_id)
    assert (job["status"], job["outcome"]) == ("failed", "failed")
    assert (job["providers_failed"], job["total_errors"]) == (1, 1)
    assert job["error_message"] == "openrouter: It answered 502"
    provider = pricing.provider("openrouter")
    assert (provider["state"], provider["consecutive_failures"]) == ("ok", 1)


def test_failed_without_a_word(pricing: Pricing) -> None:
    attempt = pricing.start()
    pricing.end(attempt)
    log = pricing.log(attempt.queue_job_id)
    assert log["error_kind"] == "internal"
    assert log["error_message"]


def test_an_end_after_an_abort_that_the_worker_has_not_heard_of(pricing: Pricing) -> None:
    """Its prices are refused, its task returns, and the engine counts that as a failure."""
    attempt = pricing.start()
    pricing.do(
        "select procrastinate.procrastinate_cancel_job_v1(%s, true, false)", attempt.queue_job_id
    )
    with refused("PT409"):
        pricing.apply(attempt, None)
    assert pricing.end(attempt, "failed", None, None) is True

    log = pricing.log(attempt.queue_job_id)
    assert (log["status"], log["error_kind"]) == ("cancelled", "cancelled")
    assert pricing.job(attempt.job_id)["outcome"] == "cancelled"
    assert pricing.provider("openrouter")["consecutive_failures"] == 0


def test_a_failure_that_has_a_reason_is_one_also_after_an_abort(pricing: Pricing) -> None:
    attempt = pricing.start()
    pricing.do(
        "select procrastinate.procrastinate_cancel_job_v1(%s, true, false)", attempt.queue_job_id
    )
    pricing.end(attempt, "failed", "http_status", "It answered 502")
    assert pricing.log(attempt.queue_job_id)["error_kind"] == "http_status"


def test_a_long_message_is_cut(pricing: Pricing) -> None:
    attempt = pricing.start()
    assert pricing.end(attempt, "failed", "shape", "x" * 100_000) is True
    assert len(pricing.log(attempt.queue_job_id)["error_message"]) == 2000
    assert len(pricing.job(attempt.job_id)["error_message"]) == 500


def test_cancelled(pricing: Pricing) -> None:
    attempt = pricing.start()
    assert pricing.end(attempt, "cancelled", "disabled", "It is disabled") is True

    log = pricing.log(attempt.queue_job_id)
    assert (log["status"], log["errors"], log["error_kind"]) == ("cancelled", 0, "disabled")
    assert pricing.queue_row(attempt.queue_job_id)["status"] == "aborted"
    assert pricing.job(attempt.job_id)["outcome"] == "cancelled"
    assert pricing.provider("openrouter")["consecutive_failures"] == 0


def test_handed_back(pricing: Pricing) -> None:
    attempt = pricing.start()
    assert pricing.end(attempt, "queued") is True

    assert pricing.queue_row(attempt.queue_job_id)["status"] == "todo"
    log = pricing.log(attempt.queue_job_id)
    assert (log["status"], log["error_kind"]) == ("cancelled", "handed_back")
    assert pricing.log(attempt.queue_job_id, 2)["status"] == "queued"
    assert pricing.job(attempt.job_id)["status"] == "running"
    assert pricing.provider("openrouter")["consecutive_failures"] == 0
    again = pricing.fetch()
    assert again is not None
    assert again.number == 2


@pytest.mark.parametrize("asked_for", [True, False])
def test_an_abort_is_a_cancel_only_if_one_was_requested(pricing: Pricing, asked_for: bool) -> None:
    attempt = pricing.start()
    if asked_for:
        pricing.do("update procrastinate.procrastinate_jobs set abort_requested = true")
    assert pricing.end(attempt, "aborted") is True

    row = pricing.queue_row(attempt.queue_job_id)
    assert row["status"] == ("aborted" if asked_for else "todo")
    assert row["abort_requested"] is False
    assert pricing.log(attempt.queue_job_id)["error_kind"] == (
        "cancelled" if asked_for else "handed_back"
    )


def test_a_late_caller_hears_false_and_changes_nothing(pricing: Pricing) -> None:
    attempt = pricing.start()
    number = attempt.number
    late = [
        Attempt(attempt.queue_job_id, number + 1, "openrouter", attempt.job_id),
        Attempt(attempt.queue_job_id, number - 1, "openrouter", attempt.job_id),
        Attempt(2**40, 1, "openrouter", attempt.job_id),
        Attempt(pricing.other_task("doing"), 1, "openrouter", attempt.job_id),
    ]
    with pricing.nothing_written():
        assert [pricing.end(other) for other in late] == [False] * 4

    pricing.end(attempt, "queued")
    with pricing.nothing_written():
        assert pricing.end(attempt) is False, "it waits"
    again = pricing.fetch()
    assert again is not None
    with pricing.nothing_written():
        assert pricing.end(attempt) is False, "the next attempt runs"
    pricing.succeed(again)
    with pricing.nothing_written():
        assert pricing.end(again) is False, "it has succeeded"


def test_of_two_ends_one_is_late(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    attempt, second = pricing.start(), another()
    with pricing.connection.transaction():
        assert pricing.end(attempt, "queued") is True
        waiting = threads.submit(second.end, attempt, "failed")
        pricing.wait_until_blocked(second)
    assert waiting.result(60) is False
    assert pricing.queue_row(attempt.queue_job_id)["status"] == "todo"


@pytest.mark.parametrize("status", ["success", "completed", "todo", None])
def test_any_other_end_is_refused(pricing: Pricing, status: str) -> None:
    attempt = pricing.start()
    with pricing.nothing_written(), refused("PT422"):
        pricing.end(attempt, status)


def test_three_failures_in_a_row_are_failing(pricing: Pricing) -> None:
    states = []
    for _ in range(4):
        pricing.end(pricing.start(), "failed", "timeout")
        states.append(pricing.provider("openrouter")["state"])
    assert states == ["ok", "ok", "failing", "failing"]
    assert pricing.provider("openrouter")["consecutive_failures"] == 4
    assert pricing.provider("deepinfra")["consecutive_failures"] == 0


def test_without_a_network_the_provider_has_not_failed_and_is_due_soon(pricing: Pricing) -> None:
    for _ in range(4):
        attempt = pricing.start()
        pricing.do("update pricing_providers set next_sync_at = now() + interval '6 hours'")
        pricing.end(attempt, "failed", "no_network", "The worker has no network")
        assert pricing.log(attempt.queue_job_id)["status"] == "failed"
    provider = pricing.provider("openrouter")
    assert (provider["state"], provider["consecutive_failures"]) == ("ok", 0)
    wait = provider["next_sync_at"] - datetime.now(UTC)
    assert timedelta(minutes=4) < wait <= timedelta(minutes=5)
    pricing.end(pricing.start(), "failed", "connection", "Cannot connect")
    assert pricing.provider("openrouter")["consecutive_failures"] == 1


def test_a_dry_run_that_fails_says_nothing_about_the_provider(pricing: Pricing) -> None:
    before = pricing.provider("openrouter")
    for _ in range(3):
        assert pricing.end(pricing.start("openrouter", dry_run=True))
    assert pricing.provider("openrouter") == before


# A worker of an earlier version ends it as failed.
@pytest.mark.parametrize("status", ["cancelled", "failed"])
def test_without_a_credential_it_is_cancelled_and_not_failed(pricing: Pricing, status: str) -> None:
    pricing.end(pricing.start(), "failed", "timeout")
    attempt = pricing.start()
    assert pricing.end(attempt, status, "no_credentials", "OPENROUTER_KEY is not set") is True

    log = pricing.log(attempt.queue_job_id)
    assert (log["status"], log["errors"]) == ("cancelled", 0)
    assert (log["error_kind"], log["error_message"]) == (
        "no_credentials",
        "OPENROUTER_KEY is not set",
    )
    assert pricing.queue_row(attempt.queue_job_id)["status"] == "aborted"
    assert pricing.job(attempt.job_id)["outcome"] == "cancelled"
    provider = pricing.provider("openrouter")
    assert (provider["state"], provider["consecutive_failures"]) == ("no_credentials", 1)


def test_without_a_credential_it_is_left_out_of_all_but_may_be_named(pricing: Pricing) -> None:
    pricing.end(pricing.start(), "cancelled", "no_credentials", "OPENROUTER_KEY is not set")
    assert "openrouter" not in pricing.trigger()["providers"]
    assert pricing.trigger("openrouter")["providers"] == ["openrouter"]


def test_a_dry_run_without_a_credential_says_nothing_about_the_provider(pricing: Pricing) -> None:
    before = pricing.provider("openrouter")
    pricing.end(pricing.start("openrouter", dry_run=True), "cancelled", "no_credentials")
    assert pricing.provider("openrouter") == before


def test_a_cancellation_for_another_reason_says_nothing_about_the_provider(
    pricing: Pricing,
) -> None:
    before = pricing.provider("openrouter")
    pricing.end(pricing.start(), "cancelled", "cancelled")
    assert pricing.provider("openrouter") == before


@pytest.mark.parametrize("status", ["cancelled", "failed"])
def test_a_disabled_provider_stays_disabled(pricing: Pricing, status: str) -> None:
    attempt = pricing.start()
    pricing.do("update public.pricing_providers set enabled = false where slug = 'openrouter'")
    pricing.end(attempt, status, "no_credentials")
    assert pricing.provider("openrouter")["state"] == "disabled"


def test_the_provider_may_ask_for_a_pause(pricing: Pricing) -> None:
    def fail(next_allowed_at: datetime | str | None) -> None:
        attempt = pricing.start()
        with pricing.as_role("pricing_worker"):
            pricing.do(
                "select public.end_provider_sync(%s, %s, 'failed', 'rate_limited', 'later',"
                " next_allowed_at => %s)",
                attempt.queue_job_id,
                attempt.number,
                next_allowed_at,
            )

    fail("-infinity")
    assert pricing.provider("openrouter")["next_allowed_at"] is None
    early, late = (datetime.now(UTC) + timedelta(hours=hours) for hours in (1, 2))
    for asked in (late, early, None):
        fail(asked)
        assert pricing.provider("openrouter")["next_allowed_at"] == late
    # The pause is a day at most.
    fail("infinity")
    paused = pricing.provider("openrouter")["next_allowed_at"] - datetime.now(UTC)
    assert timedelta(hours=23) < paused <= timedelta(days=1)


def test_an_end_that_waits_too_long_does_not_keep_its_job(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    attempt = pricing.start("openrouter", "deepinfra")
    sibling = pricing.fetch()
    holder, colleague = another(), another()
    assert sibling is not None
    with holder.connection.transaction():
        holder.do("update public.pricing_providers set name = name where slug = 'openrouter'")
        waiting = threads.submit(pricing.end, attempt)
        holder.wait_until_blocked(pricing)
        with refused("55P03"):
            waiting.result(25)
        assert colleague.end(sibling) is True
        assert pricing.log(attempt.queue_job_id)["status"] == "in_progress"
    assert pricing.end(attempt) is True
    assert pricing.job(attempt.job_id)["outcome"] == "failed"


def test_what_a_worker_says_has_a_bound(pricing: Pricing) -> None:
    attempt = pricing.start()
    pricing.end(attempt, "failed", "k" * 100_000, "m" * 100_000)
    log = pricing.log(attempt.queue_job_id)
    assert (len(log["error_kind"]), len(log["error_message"])) == (100, 2000)
