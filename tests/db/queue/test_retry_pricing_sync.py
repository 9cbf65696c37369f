"""Failed and cancelled provider syncs of a job run again, under the same job."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests.db.agreement import assert_agreed
from tests.db.conftest import Another
from tests.db.pricing import Pricing, Row, refused


def retry(pricing: Pricing, job_id: object, *retried_by: object, role: str = "pricing_web") -> Row:
    arguments = ", ".join(["%s"] * (1 + len(retried_by)))
    with pricing.as_role(role):
        return pricing.row(
            f"select * from public.retry_pricing_sync({arguments})", job_id, *retried_by
        )


def fail(pricing: Pricing, *providers: str) -> str:
    """A job of these providers: the first succeeds and the others fail."""
    first = pricing.start(*providers)
    pricing.succeed(first)
    for _ in providers[1:]:
        attempt = pricing.fetch()
        assert attempt is not None
        pricing.end(attempt, "failed", "http_status", "It answered 502")
    return first.job_id


def test_only_what_failed_or_was_cancelled_runs_again(pricing: Pricing) -> None:
    job_id = fail(pricing, "openrouter", "deepinfra", "catalogue")
    before = pricing.job(job_id)
    assert before["outcome"] == "partial"
    old = pricing.queue_rows(job_id)
    answer = retry(pricing, job_id, "key ops")

    assert answer == pricing.job(job_id)
    assert (answer["status"], answer["outcome"], answer["completed_at"]) == ("running", None, None)
    assert answer["started_at"] == before["started_at"]
    assert (answer["providers_total"], answer["providers_synced"]) == (3, 1)
    assert (answer["providers_failed"], answer["total_errors"]) == (0, 0)
    assert (answer["error_message"], answer["stopped_at"]) == (None, None)
    rows = pricing.queue_rows(job_id)
    assert rows[:3] == old, "what ended stays as it was"
    assert [(row["args"]["provider"], row["status"]) for row in rows[3:]] == [
        ("deepinfra", "todo"),
        ("catalogue", "todo"),
    ]
    assert [pricing.log_statuses(row["id"]) for row in rows[3:]] == [["queued"], ["queued"]]
    assert_agreed(pricing.connection)

    for provider in ("deepinfra", "catalogue"):
        attempt = pricing.fetch()
        assert attempt is not None
        assert (attempt.provider, attempt.number, attempt.job_id) == (provider, 1, job_id)
        if provider == "deepinfra":
            pricing.succeed(attempt)
        else:
            pricing.apply(attempt, None)
    assert pricing.fetch() is None
    job = pricing.job(job_id)
    assert (job["status"], job["outcome"], job["error_message"]) == ("completed", "success", None)
    assert (job["providers_synced"], job["providers_failed"], job["total_errors"]) == (3, 0, 0)
    assert_agreed(pricing.connection)


def test_a_job_that_failed_before_it_began(pricing: Pricing) -> None:
    job = pricing.trigger("openrouter", "deepinfra")
    pricing.do("select public.cancel_pricing_sync(%s)", job["job_id"])
    answer = retry(pricing, job["job_id"])
    assert (answer["status"], answer["started_at"]) == ("queued", None)
    assert_agreed(pricing.connection)


@pytest.mark.parametrize("hand", ["cancel", "update"])
def test_a_job_that_a_person_ended_is_open_again_and_can_be_ended_again(
    pricing: Pricing, hand: str
) -> None:
    def end_by_hand(job_id: str) -> None:
        if hand == "cancel":
            pricing.do("select public.cancel_pricing_sync(%s)", job_id)
        else:
            pricing.do(
                "update public.pricing_sync_jobs set status = 'failed' where job_id = %s", job_id
            )

    attempt = pricing.start("openrouter", "deepinfra")
    end_by_hand(attempt.job_id)
    answer = retry(pricing, attempt.job_id)
    assert (answer["status"], answer["stopped_at"]) == ("running", None)
    assert len(pricing.queue_rows(attempt.job_id)) == 4
    again = pricing.fetch()
    assert again is not None
    assert_agreed(pricing.connection)

    end_by_hand(attempt.job_id)
    assert pricing.queue_row(again.queue_job_id)["status"] == "aborted"
    assert_agreed(pricing.connection)
    with refused("PT409"):
        pricing.succeed(again)


def test_while_part_of_it_still_runs(pricing: Pricing) -> None:
    failed = pricing.start("openrouter", "deepinfra", "catalogue")
    running = pricing.fetch()
    assert running is not None
    pricing.end(failed)
    answer = retry(pricing, failed.job_id)
    assert answer["status"] == "running"
    rows = pricing.queue_rows(failed.job_id)
    assert [row["status"] for row in rows] == ["failed", "doing", "todo", "todo"]
    assert rows[-1]["args"]["provider"] == "openrouter"
    assert_agreed(pricing.connection)
    with refused("PT409"):
        retry(pricing, failed.job_id)


def test_retried_twice_at_once_it_runs_once(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    job_id = fail(pricing, "openrouter", "deepinfra")
    other = another()
    with pricing.connection.transaction():
        retry(pricing, job_id)
        second = threads.submit(retry, other, job_id)
        pricing.wait_until_blocked(other)
    with refused("PT409"):
        second.result(60)
    assert len(pricing.queue_rows(job_id)) == 3
    assert_agreed(pricing.connection)


def test_the_last_part_that_is_about_to_end_is_not_missed(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    attempt = pricing.start("openrouter")
    worker = another()
    with worker.connection.transaction():
        worker.end(attempt)
        retried = threads.submit(retry, pricing, attempt.job_id)
        worker.wait_until_blocked(pricing)
    assert retried.result(60)["status"] == "running"
    assert_agreed(pricing.connection)


def test_a_disabled_provider_stops_the_whole_retry(pricing: Pricing) -> None:
    job_id = fail(pricing, "openrouter", "deepinfra", "catalogue")
    pricing.do("update public.pricing_providers set enabled = false where slug = 'catalogue'")
    with pricing.nothing_written(), refused("PT422") as info:
        retry(pricing, job_id)
    assert "'catalogue' is disabled" in str(info.value.diag.message_primary)


@pytest.mark.parametrize("state", ["queued", "running", "success"])
def test_there_may_be_nothing_to_retry(pricing: Pricing, state: str) -> None:
    job_id = pricing.trigger("openrouter")["job_id"]
    attempt = None if state == "queued" else pricing.fetch()
    if state == "success":
        assert attempt is not None
        pricing.succeed(attempt)
    with pricing.nothing_written(), refused("PT409"):
        retry(pricing, job_id)


@pytest.mark.parametrize("job_id", [uuid4(), None])
def test_an_unknown_job(pricing: Pricing, job_id: object) -> None:
    with pricing.nothing_written(), refused("PT404"):
        retry(pricing, job_id)


@pytest.mark.parametrize("retried_by", ["", None, "x" * 201])
def test_bad_names_are_refused(pricing: Pricing, retried_by: object) -> None:
    job_id = fail(pricing, "openrouter", "deepinfra")
    with pricing.nothing_written(), refused("PT422"):
        retry(pricing, job_id, retried_by)


def test_it_leaves_an_audit_row(pricing: Pricing) -> None:
    job_id = fail(pricing, "openrouter", "deepinfra", "catalogue")
    retry(pricing, job_id)
    audit = pricing.row("select who, action, subject, details from public.pricing_audit_log")
    assert audit == {
        "who": "pricing_web",
        "action": "retry_pricing_sync",
        "subject": job_id,
        "details": {"providers": ["deepinfra", "catalogue"]},
    }


def test_a_dry_run_stays_one(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter", dry_run=True)
    pricing.end(attempt)
    assert retry(pricing, attempt.job_id)["dry_run"] is True
    again = pricing.fetch()
    assert again is not None
    pricing.succeed(again)
    assert pricing.rows("select from public.model_pricing") == []
    assert pricing.job(attempt.job_id)["outcome"] == "success"


def test_the_last_word_on_a_provider_is_its_newest_attempt(pricing: Pricing) -> None:
    job_id = fail(pricing, "openrouter", "deepinfra")
    retry(pricing, job_id)
    attempt = pricing.fetch()
    assert attempt is not None
    pricing.succeed(attempt)
    with refused("PT409"):
        retry(pricing, job_id)
    assert pricing.job(job_id)["outcome"] == "success"
