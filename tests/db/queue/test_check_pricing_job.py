"""What an UPDATE by hand may change in a job, and how it changes the syncs."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.db.agreement import assert_agreed
from tests.db.conftest import Another
from tests.db.pricing import Attempt, Pricing, refused

SET = "update public.pricing_sync_jobs set"


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_an_open_job_can_be_ended(pricing: Pricing, status: str) -> None:
    attempt = pricing.start("openrouter")
    before = pricing.job(attempt.job_id)
    pricing.do(f"{SET} status = %s where job_id = %s", status, attempt.job_id)

    job = pricing.job(attempt.job_id)
    assert (job["status"], job["outcome"]) == (status, status)
    assert job["completed_at"] == job["stopped_at"], "when none was given"
    assert job["stopped_at"] > before["started_at"]
    user = pricing.connection.info.user
    assert job["error_message"] == f"Marked as {status} by {user}", "when none was given"
    assert job["revision"] > before["revision"]
    assert_agreed(pricing.connection)


def test_who_marked_it_is_the_role_that_a_person_acts_as(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    with pricing.as_role("pricing_owner"):
        pricing.do(f"{SET} status = 'failed'")
    message = pricing.job(attempt.job_id)["error_message"]
    assert message == "Marked as failed by pricing_owner"


def test_time_and_message_are_the_persons(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    completed_at = pricing.job(attempt.job_id)["started_at"] + timedelta(hours=1)
    pricing.do(f"{SET} status = 'failed', completed_at = %s, error_message = 'stuck'", completed_at)
    job = pricing.job(attempt.job_id)
    assert (job["completed_at"], job["error_message"]) == (completed_at, "stuck")
    assert job["duration_seconds"] == 3600
    assert_agreed(pricing.connection)


def test_no_job_ends_before_it_starts(pricing: Pricing) -> None:
    """now() is the start of the person's transaction; the job may start after that."""
    with pricing.connection.transaction():
        pricing.do("select now()")
        attempt = pricing.start("openrouter")
        pricing.do(f"{SET} status = 'failed', completed_at = now(), error_message = 'x'")
    job = pricing.job(attempt.job_id)
    assert job["completed_at"] == job["started_at"]
    assert job["duration_seconds"] == 0
    assert_agreed(pricing.connection)


def test_a_long_message_is_cut_and_does_not_stop_the_statement(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    assert pricing.do(f"{SET} status = 'failed', error_message = %s", "x" * 600) == 1
    assert pricing.job(attempt.job_id)["error_message"] == "x" * 500
    assert pricing.log(attempt.queue_job_id)["error_message"] == "x" * 500


def test_null_time_and_message_are_filled_in(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    pricing.do(f"{SET} status = 'cancelled', completed_at = null, error_message = null")
    job = pricing.job(attempt.job_id)
    assert job["completed_at"] is not None and job["error_message"]
    assert_agreed(pricing.connection)


def test_what_a_person_says_of_outcome_is_not_believed(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    pricing.do(f"{SET} status = 'failed', outcome = 'success', stopped_at = null")
    job = pricing.job(attempt.job_id)
    assert job["outcome"] == "failed" and job["stopped_at"] is not None
    assert_agreed(pricing.connection)


@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize("status", ["queued", "running", "completed", "success", "stuck", "FAILED"])
def test_every_other_status_is_refused(pricing: Pricing, status: str, running: bool) -> None:
    job = pricing.trigger("openrouter")
    if running:
        pricing.fetch()
    if status == pricing.job(job["job_id"])["status"]:
        return
    with pricing.nothing_written(), refused("PT409") as info:
        pricing.do(f"{SET} status = %s, completed_at = now()", status)
    assert status in str(info.value.diag.message_primary)


def ended(pricing: Pricing, end: str) -> Attempt:
    attempt = pricing.start("openrouter")
    if end == "completed":
        pricing.succeed(attempt)
    else:
        pricing.end(attempt, end)
    assert pricing.job(attempt.job_id)["status"] == end
    return attempt


@pytest.mark.parametrize("end", ["completed", "failed", "cancelled"])
@pytest.mark.parametrize("status", ["queued", "running", "completed", "failed", "cancelled"])
def test_a_job_that_has_ended_keeps_its_status(pricing: Pricing, end: str, status: str) -> None:
    attempt = ended(pricing, end)
    if status == end:
        return
    with pricing.nothing_written(), refused("PT409") as info:
        pricing.do(f"{SET} status = %s", status)
    assert f"retry_pricing_sync('{attempt.job_id}')" in str(info.value.diag.message_hint)


def test_what_it_refuses_can_be_done_by_its_hint(pricing: Pricing) -> None:
    ended(pricing, "failed")
    with refused("PT409") as info:
        pricing.do(f"{SET} status = 'running'")
    hint = str(info.value.diag.message_hint)
    pricing.rows(hint[hint.index("select") :].rstrip("."))
    assert_agreed(pricing.connection)
    assert pricing.fetch() is not None


def test_marking_twice_is_marking_once(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    mark = f"{SET} status = 'failed', error_message = 'stuck'"
    pricing.do(mark)
    stopped_at = pricing.job(attempt.job_id)["stopped_at"]
    assert pricing.do(mark) == 1
    assert pricing.job(attempt.job_id)["stopped_at"] == stopped_at
    assert_agreed(pricing.connection)


def test_other_columns_are_a_persons_own_affair(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    pricing.do(f"{SET} triggered_by = 'somebody else'")
    assert pricing.queue_row(attempt.queue_job_id)["status"] == "doing"
    pricing.succeed(attempt)
    assert pricing.job(attempt.job_id)["triggered_by"] == "somebody else"
    assert_agreed(pricing.connection)


@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize(
    "column",
    ["completed_at = now()", "started_at = now()", "stopped_at = now()", "outcome = 'success'"],
)
def test_half_an_end_is_refused(pricing: Pricing, column: str, running: bool) -> None:
    """A time without the status would leave a job that looks ended and still runs."""
    pricing.trigger("openrouter")
    if running:
        pricing.fetch()
    with pricing.nothing_written(), refused("PT409") as info:
        pricing.do(f"{SET} {column}")
    assert "set its status" in str(info.value.diag.message_hint)


def test_the_time_of_an_ended_job_may_be_corrected(pricing: Pricing) -> None:
    attempt = ended(pricing, "failed")
    completed_at = pricing.job(attempt.job_id)["started_at"] + timedelta(minutes=2)
    assert pricing.do(f"{SET} completed_at = %s", completed_at) == 1
    assert pricing.job(attempt.job_id)["duration_seconds"] == 120
    assert_agreed(pricing.connection)


def test_a_job_that_was_ended_meanwhile_ends_no_earlier_than_it_began(
    pricing: Pricing, another: Another
) -> None:
    """Two people mark it; the second one's now() is earlier than its start."""
    mark = f"{SET} status = 'failed', completed_at = now(), error_message = 'x' where job_id = %s"
    second = another()
    with second.connection.transaction():
        second.do("select now()")
        attempt = pricing.start("openrouter")
        pricing.do(mark, attempt.job_id)
        second.do(mark, attempt.job_id)
    job = pricing.job(attempt.job_id)
    assert job["completed_at"] == job["started_at"]
    assert_agreed(pricing.connection)


def test_several_jobs_in_one_update(pricing: Pricing) -> None:
    pricing.succeed(pricing.start("catalogue"))
    running = pricing.start("openrouter", "deepinfra")
    waiting = pricing.trigger("openrouter", "catalogue")
    changed = pricing.do(
        f"{SET} status = 'failed', completed_at = now(), error_message = 'all of them'"
        " where status in ('queued', 'running')"
    )
    assert changed == 2
    for job_id in (running.job_id, waiting["job_id"]):
        assert pricing.job(job_id)["error_message"] == "all of them"
        statuses = {row["status"] for row in pricing.queue_rows(job_id)}
        assert statuses <= {"aborted", "cancelled"}
    assert_agreed(pricing.connection)
    assert pricing.fetch() is None


def test_one_that_is_refused_refuses_all(pricing: Pricing) -> None:
    pricing.start("openrouter")
    pricing.succeed(pricing.start("deepinfra"))
    with pricing.nothing_written(), refused("PT409"):
        pricing.do(f"{SET} status = 'failed'")


def test_listeners_see_a_new_revision(pricing: Pricing, another: Another) -> None:
    """Also when every row of the job is locked, so that nothing else is written now."""
    attempt = pricing.start("openrouter")
    before = pricing.job(attempt.job_id)["revision"]
    worker = another()
    pricing.listen("pricing_sync_job")
    with worker.connection.transaction():
        worker.do("select from procrastinate.procrastinate_jobs for no key update")
        pricing.do(f"{SET} status = 'failed'")
        heard = [json.loads(payload) for _, payload in pricing.heard(pricing)]
    assert [(h["status"], h["revision"] > before) for h in heard if h] == [("failed", True)]
