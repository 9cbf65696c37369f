"""A job is cancelled at once, in whatever state its provider syncs are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests.db.agreement import assert_agreed
from tests.db.conftest import Another
from tests.db.pricing import Pricing, Row, refused


def cancel(
    pricing: Pricing, job_id: object, *cancelled_by: object, role: str = "pricing_web"
) -> Row:
    arguments = ", ".join(["%s"] * (1 + len(cancelled_by)))
    with pricing.as_role(role):
        return pricing.row(
            f"select * from public.cancel_pricing_sync({arguments})", job_id, *cancelled_by
        )


def test_what_waits_is_cancelled(pricing: Pricing) -> None:
    job = pricing.trigger("openrouter", "deepinfra")
    answer = cancel(pricing, job["job_id"], "an operator")

    assert answer == pricing.job(job["job_id"])
    assert (answer["status"], answer["outcome"]) == ("cancelled", "cancelled")
    assert answer["error_message"] == "Cancelled by an operator"
    assert answer["stopped_at"] is not None
    assert (answer["providers_failed"], answer["total_errors"]) == (2, 0)
    for row in pricing.queue_rows(job["job_id"]):
        assert row["status"] == "cancelled"
        log = pricing.log(row["id"])
        assert (log["status"], log["error_kind"]) == ("cancelled", "cancelled")
        assert log["error_message"] == "Cancelled by an operator"
    assert pricing.fetch() is None
    assert_agreed(pricing.connection)


def test_what_runs_is_aborted_and_its_worker_told(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    pricing.listen("procrastinate_any_queue_v1")
    cancel(pricing, attempt.job_id)

    row = pricing.queue_row(attempt.queue_job_id)
    assert (row["status"], row["worker_id"], row["abort_requested"]) == ("aborted", None, False)
    assert pricing.job(attempt.job_id)["status"] == "cancelled"
    assert any("abort_job_requested" in payload for _, payload in pricing.heard(pricing))
    with pricing.nothing_written():
        with refused("PT409"):
            pricing.succeed(attempt)
        assert pricing.end(attempt, "aborted") is False
    assert_agreed(pricing.connection)


def test_of_a_half_done_job_the_rest_is_stopped_and_the_done_part_counts(pricing: Pricing) -> None:
    done = pricing.start("openrouter", "deepinfra", "catalogue")
    running = pricing.fetch()
    assert running is not None
    pricing.succeed(done, "m1", "m2")
    cancel(pricing, done.job_id)

    rows = pricing.queue_rows(done.job_id)
    assert [row["status"] for row in rows] == ["succeeded", "aborted", "cancelled"]
    job = pricing.job(done.job_id)
    assert (job["status"], job["outcome"]) == ("cancelled", "cancelled")
    assert (job["providers_synced"], job["providers_failed"]) == (1, 2)
    assert (job["providers_total"], job["models_updated"]) == (3, 2)
    assert job["result_data"]["providers"]["openrouter"]["status"] == "success"
    assert job["result_data"]["providers"]["catalogue"]["status"] == "cancelled"
    assert pricing.log(done.queue_job_id)["status"] == "success"
    assert_agreed(pricing.connection)


def test_who_waited_for_its_lock_is_next(pricing: Pricing) -> None:
    running = pricing.start("openrouter")
    waiting = pricing.trigger("openrouter")
    pricing.listen("procrastinate_queue_v1#pricing")
    cancel(pricing, running.job_id)
    (row,) = pricing.queue_rows(waiting["job_id"])
    assert any(f'"job_id" : {row["id"]}' in payload for _, payload in pricing.heard(pricing))
    assert pricing.fetch() is not None


def test_it_leaves_an_audit_row_and_says_who(pricing: Pricing) -> None:
    first, second = pricing.trigger("openrouter"), pricing.trigger("openrouter")
    cancel(pricing, first["job_id"], "key ops")
    cancel(pricing, second["job_id"])
    assert pricing.rows(
        "select who, action, subject from public.pricing_audit_log order by id"
    ) == [
        {"who": "key ops", "action": "cancel_pricing_sync", "subject": str(first["job_id"])},
        {"who": "pricing_web", "action": "cancel_pricing_sync", "subject": str(second["job_id"])},
    ]


@pytest.mark.parametrize("job_id", [uuid4(), None])
def test_an_unknown_job(pricing: Pricing, job_id: object) -> None:
    pricing.trigger()
    with pricing.nothing_written(), refused("PT404"):
        cancel(pricing, job_id)


@pytest.mark.parametrize("end", ["success", "failed", "cancelled", "stopped"])
def test_a_job_that_has_ended(pricing: Pricing, end: str) -> None:
    attempt = pricing.start("openrouter")
    if end == "success":
        pricing.succeed(attempt)
    elif end == "stopped":
        cancel(pricing, attempt.job_id)
    else:
        pricing.end(attempt, end)
    status = pricing.job(attempt.job_id)["status"]
    with pricing.nothing_written(), refused("PT409") as info:
        cancel(pricing, attempt.job_id)
    assert status in str(info.value.diag.message_primary)


@pytest.mark.parametrize("cancelled_by", ["", None, "x" * 201])
def test_bad_names_are_refused(pricing: Pricing, cancelled_by: object) -> None:
    job = pricing.trigger("openrouter")
    with pricing.nothing_written(), refused("PT422"):
        cancel(pricing, job["job_id"], cancelled_by)


def test_it_waits_for_no_worker_that_has_its_row(pricing: Pricing, another: Another) -> None:
    attempt = pricing.start("openrouter", "deepinfra")
    worker = another()
    pricing.do("set lock_timeout = '2s'")
    with worker.connection.transaction():
        worker.do(
            "select from procrastinate.procrastinate_jobs where id = %s for no key update",
            attempt.queue_job_id,
        )
        assert cancel(pricing, attempt.job_id)["status"] == "cancelled"
        # The worker goes on, finds the job cancelled, and leaves nothing open.
        assert worker.end(attempt, "queued") is True
    rows = pricing.queue_rows(attempt.job_id)
    assert [row["status"] for row in rows] == ["cancelled", "cancelled"]
    assert_agreed(pricing.connection)


def test_cancelled_twice_at_once(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    attempt = pricing.start("openrouter")
    other = another()
    with pricing.connection.transaction():
        cancel(pricing, attempt.job_id, "first")
        second = threads.submit(cancel, other, attempt.job_id, "second")
        pricing.wait_until_blocked(other)
    with refused("PT409"):
        second.result(60)
    assert pricing.job(attempt.job_id)["error_message"] == "Cancelled by first"
    assert pricing.value("select count(*) from public.pricing_audit_log") == 1


def test_one_that_has_just_ended_is_not_cancelled(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    attempt = pricing.start("openrouter")
    worker = another()
    with worker.connection.transaction():
        worker.succeed(attempt)
        cancelled = threads.submit(cancel, pricing, attempt.job_id)
        worker.wait_until_blocked(pricing)
    with refused("PT409"):
        cancelled.result(60)
    assert pricing.job(attempt.job_id)["outcome"] == "success"
    assert_agreed(pricing.connection)
