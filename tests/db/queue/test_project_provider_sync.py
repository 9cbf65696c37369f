"""Every change of a queue row, by any statement, reaches log and job at once."""

from __future__ import annotations

import psycopg
import pytest

from tests.db.agreement import assert_agreed
from tests.db.conftest import Another
from tests.db.pricing import Pricing, refused


def set_status(pricing: Pricing, queue_job_id: int, status: str) -> None:
    """An UPDATE by a person, past every function."""
    changed = pricing.do(
        "update procrastinate.procrastinate_jobs set status = %s where id = %s",
        status,
        queue_job_id,
    )
    assert changed == 1


def test_fetched(pricing: Pricing) -> None:
    worker_id = pricing.worker()
    attempt = pricing.start(worker_id=worker_id)

    log = pricing.log(attempt.queue_job_id)
    assert (log["status"], log["worker_id"]) == ("in_progress", worker_id)
    assert log["sync_started_at"] >= log["queued_at"]
    assert log["sync_completed_at"] is None
    job = pricing.job(attempt.job_id)
    assert (job["status"], job["started_at"]) == ("running", log["sync_started_at"])
    assert job["result_data"]["providers"]["openrouter"]["status"] == "in_progress"


def test_retried_by_the_engine(pricing: Pricing) -> None:
    attempt = pricing.start()
    with pricing.as_role("pricing_worker"):
        pricing.do(
            "select procrastinate.procrastinate_retry_job_v2"
            "(%s, now() + interval '1 hour', 5, 'elsewhere', 'mine')",
            attempt.queue_job_id,
        )

    row = pricing.queue_row(attempt.queue_job_id)
    assert (row["status"], row["attempts"], row["worker_id"]) == ("todo", 1, None)
    assert (row["lock"], row["queue_name"]) == ("pricing_sync:openrouter", "pricing")
    assert (row["priority"], row["scheduled_at"]) == (0, None), "it would block its lock"
    first = pricing.log(attempt.queue_job_id, 1)
    assert (first["status"], first["error_kind"], first["errors"]) == ("failed", "ended_outside", 1)
    assert pricing.log(attempt.queue_job_id, 2)["status"] == "queued"
    assert pricing.job(attempt.job_id)["status"] == "running"

    again = pricing.fetch()
    assert again is not None
    assert (again.queue_job_id, again.number) == (attempt.queue_job_id, 2)
    pricing.succeed(again)
    job = pricing.job(attempt.job_id)
    assert (job["outcome"], job["providers_synced"], job["total_errors"]) == ("success", 1, 0)


def test_ended_by_the_engine_without_prices_is_no_success(pricing: Pricing) -> None:
    attempt = pricing.start()
    with pricing.as_role("pricing_worker"):
        pricing.do(
            "select procrastinate.procrastinate_finish_job_v1(%s, 'succeeded', false)",
            attempt.queue_job_id,
        )

    log = pricing.log(attempt.queue_job_id)
    assert (log["status"], log["error_kind"]) == ("failed", "not_applied")
    assert pricing.job(attempt.job_id)["outcome"] == "failed"


@pytest.mark.parametrize(
    ("status", "log_status", "kind", "outcome"),
    [
        ("failed", "failed", "ended_outside", "failed"),
        ("aborted", "cancelled", "cancelled", "cancelled"),
        ("cancelled", "cancelled", "cancelled", "cancelled"),
    ],
)
@pytest.mark.parametrize("running", [True, False])
def test_ended_by_hand(
    pricing: Pricing, running: bool, status: str, log_status: str, kind: str, outcome: str
) -> None:
    job = pricing.trigger("openrouter")
    (row,) = pricing.queue_rows(job["job_id"])
    if running:
        pricing.fetch()
    set_status(pricing, row["id"], status)

    log = pricing.log(row["id"])
    assert (log["status"], log["error_kind"]) == (log_status, kind)
    assert log["sync_completed_at"] is not None
    job = pricing.job(job["job_id"])
    assert (job["status"], job["outcome"]) == (outcome, outcome)
    assert job["completed_at"] >= log["sync_completed_at"]


def test_cancelled_while_it_waits_by_the_engine(pricing: Pricing) -> None:
    job = pricing.trigger("openrouter")
    (row,) = pricing.queue_rows(job["job_id"])
    with pricing.as_role("pricing_worker"):
        pricing.do("select procrastinate.procrastinate_cancel_job_v1(%s, true, false)", row["id"])

    assert pricing.log_statuses(row["id"]) == ["cancelled"]
    job = pricing.job(job["job_id"])
    assert (job["status"], job["outcome"]) == ("cancelled", "cancelled")
    assert (job["started_at"], job["providers_failed"], job["total_errors"]) == (None, 1, 0)


@pytest.mark.parametrize("running", [True, False])
def test_deleted(pricing: Pricing, running: bool) -> None:
    job = pricing.trigger("openrouter")
    (row,) = pricing.queue_rows(job["job_id"])
    if running:
        pricing.fetch()
    pricing.do("delete from procrastinate.procrastinate_jobs where id = %s", row["id"])

    log = pricing.log(row["id"])
    assert log["error_kind"] == "queue_row_deleted"
    assert log["status"] == ("failed" if running else "cancelled")
    assert pricing.job(job["job_id"])["outcome"] == log["status"]


def test_deleted_after_its_end_changes_nothing(pricing: Pricing) -> None:
    attempt = pricing.start()
    log = pricing.succeed(attempt)
    job = pricing.job(attempt.job_id)
    pricing.do("delete from procrastinate.procrastinate_jobs")

    assert pricing.log(attempt.queue_job_id) == log
    assert pricing.job(attempt.job_id) == job


def test_the_shell_s_retry_opens_the_job_again(pricing: Pricing) -> None:
    attempt = pricing.start()
    pricing.end(attempt, "failed", "timeout", "too slow")
    assert pricing.job(attempt.job_id)["outcome"] == "failed"
    with pricing.as_role("pricing_worker"):
        pricing.do(
            "select procrastinate.procrastinate_retry_job_v2(%s, now(), null, null, null)",
            attempt.queue_job_id,
        )

    assert pricing.log_statuses(attempt.queue_job_id) == ["failed", "queued"]
    job = pricing.job(attempt.job_id)
    assert (job["status"], job["outcome"], job["completed_at"]) == ("running", None, None)
    assert job["error_message"] is None
    again = pricing.fetch()
    assert again is not None
    pricing.succeed(again)
    job = pricing.job(attempt.job_id)
    assert (job["status"], job["outcome"], job["providers_failed"]) == ("completed", "success", 0)


@pytest.mark.parametrize("ended_as", ["failed", "cancelled", "succeeded", "aborted"])
def test_so_does_the_retry_of_a_row_that_ended_while_it_waited(
    pricing: Pricing, ended_as: str
) -> None:
    job = pricing.trigger("openrouter")
    (row,) = pricing.queue_rows(job["job_id"])
    set_status(pricing, row["id"], ended_as)
    set_status(pricing, row["id"], "todo")

    assert pricing.job(job["job_id"])["status"] == "queued"
    attempt = pricing.fetch()
    assert attempt is not None
    assert pricing.log(row["id"], attempt.number)["status"] == "in_progress"
    pricing.succeed(attempt)
    assert pricing.job(job["job_id"])["outcome"] == "success"


def test_what_it_cannot_write_never_stops_the_queue(own_database: Pricing) -> None:
    pricing = own_database
    notices: list[str] = []
    pricing.connection.add_notice_handler(lambda d: notices.append(str(d.message_primary)))
    pricing.do(
        "alter table public.pricing_sync_log add constraint broken"
        " check (status <> 'in_progress') not valid"
    )

    attempt = pricing.start()
    assert pricing.queue_row(attempt.queue_job_id)["status"] == "doing"
    assert any(f"queue row {attempt.queue_job_id} changed to doing" in n for n in notices)


def test_a_serialization_failure_reaches_who_changes_the_row(
    pricing: Pricing, another: Another
) -> None:
    """If the projection swallowed it, the row would run without its log."""
    attempt = pricing.start()
    person = another()
    with pytest.raises(psycopg.errors.SerializationFailure), person.connection.transaction():
        person.do("set transaction isolation level serializable")
        person.do("select 1")
        pricing.do("update public.pricing_sync_jobs set triggered_by = 'somebody'")
        set_status(person, attempt.queue_job_id, "failed")
    assert pricing.queue_row(attempt.queue_job_id)["status"] == "doing"


def test_rows_of_other_tasks_have_no_log(pricing: Pricing) -> None:
    queue_job_id = pricing.other_task()
    for status in ("doing", "todo", "doing", "failed"):
        set_status(pricing, queue_job_id, status)
    pricing.do("delete from procrastinate.procrastinate_jobs")
    assert pricing.rows("select from public.pricing_sync_log") == []
    assert pricing.rows("select from public.pricing_sync_jobs") == []


def shell_cancel(pricing: Pricing, queue_job_id: int, abort: bool = False) -> bool:
    """What ``procrastinate shell`` does for cancel, and ``job_manager`` with ``abort=True``."""
    with pricing.as_role("pricing_worker"):
        cancelled = pricing.value(
            "select procrastinate.procrastinate_cancel_job_v1(%s, %s, false)", queue_job_id, abort
        )
    return cancelled is not None


def shell_retry(pricing: Pricing, queue_job_id: int) -> None:
    with pricing.as_role("pricing_worker"):
        pricing.do(
            "select procrastinate.procrastinate_retry_job_v2(%s, now(), null, null, null)",
            queue_job_id,
        )


@pytest.mark.parametrize("abort", [False, True])
def test_the_shell_s_cancel_of_what_waits(pricing: Pricing, abort: bool) -> None:
    job = pricing.trigger("openrouter", "deepinfra")
    first, second = pricing.queue_rows(job["job_id"])
    assert shell_cancel(pricing, first["id"], abort) is True
    assert_agreed(pricing.connection)
    assert pricing.job(job["job_id"])["status"] == "queued", "the other one waits"
    assert shell_cancel(pricing, second["id"], abort) is True
    assert pricing.job(job["job_id"])["outcome"] == "cancelled"
    assert_agreed(pricing.connection)
    assert pricing.fetch() is None


def test_the_shell_s_cancel_of_what_runs(pricing: Pricing) -> None:
    attempt = pricing.start()
    with pricing.nothing_written():
        assert shell_cancel(pricing, attempt.queue_job_id) is False, "as procrastinate documents"
    assert shell_cancel(pricing, attempt.queue_job_id, abort=True) is True
    assert pricing.log(attempt.queue_job_id)["status"] == "in_progress"
    assert_agreed(pricing.connection)
    with refused("PT409"):
        pricing.succeed(attempt)
    assert pricing.end(attempt, "aborted") is True
    assert pricing.job(attempt.job_id)["outcome"] == "cancelled"
    assert_agreed(pricing.connection)


@pytest.mark.parametrize("asked_to_abort", [False, True])
def test_the_shell_s_retry_of_what_runs(pricing: Pricing, asked_to_abort: bool) -> None:
    attempt = pricing.start()
    if asked_to_abort:
        shell_cancel(pricing, attempt.queue_job_id, abort=True)
    shell_retry(pricing, attempt.queue_job_id)
    assert_agreed(pricing.connection)
    with refused("PT409"):
        pricing.succeed(attempt)
    assert pricing.end(attempt) is False
    if asked_to_abort:
        assert pricing.job(attempt.job_id)["outcome"] == "failed", "the engine's own rule"
        return
    again = pricing.fetch()
    assert again is not None
    pricing.succeed(again)
    assert pricing.job(attempt.job_id)["outcome"] == "success"
    assert_agreed(pricing.connection)


@pytest.mark.parametrize("state", ["todo", "cancelled", "succeeded", "aborted"])
def test_what_the_shell_does_not_retry(pricing: Pricing, state: str) -> None:
    job = pricing.trigger("openrouter")
    (row,) = pricing.queue_rows(job["job_id"])
    if state != "todo":
        set_status(pricing, row["id"], state)
    with (
        pricing.nothing_written(),
        pricing.connection.transaction(force_rollback=True),
        pytest.raises(psycopg.Error, match="invalid status to retry"),
    ):
        pricing.do(
            "select procrastinate.procrastinate_retry_job_v2(%s, now(), null, null, null)",
            row["id"],
        )


@pytest.mark.parametrize("hand", ["update", "cancel", "disabled"])
def test_the_shell_s_retry_under_a_job_that_a_person_ended(pricing: Pricing, hand: str) -> None:
    failed = pricing.start("openrouter", "deepinfra")
    pricing.end(failed)
    if hand == "update":
        pricing.do("update public.pricing_sync_jobs set status = 'failed'")
    elif hand == "cancel":
        pricing.do("select public.cancel_pricing_sync(%s)", failed.job_id)
    else:
        pricing.do("update public.pricing_providers set enabled = false where slug = 'deepinfra'")
    assert pricing.job(failed.job_id)["outcome"] is not None
    shell_retry(pricing, failed.queue_job_id)
    assert_agreed(pricing.connection)
    job = pricing.job(failed.job_id)
    assert (job["status"], job["stopped_at"]) == ("running", None)
    again = pricing.fetch()
    assert again is not None
    pricing.succeed(again)
    assert pricing.job(failed.job_id)["outcome"] == "partial", "the other one was not retried"
    assert_agreed(pricing.connection)


@pytest.mark.parametrize("moved_to", ["todo", "doing"])
def test_a_row_that_comes_back_under_an_ended_job_is_stopped_at_once(
    pricing: Pricing, moved_to: str
) -> None:
    """The session that moves the row finds the job ended only once it has locked the job."""
    attempt = pricing.start("openrouter", "deepinfra")
    (waiting,) = [r for r in pricing.queue_rows(attempt.job_id) if r["status"] == "todo"]
    # As a person's UPDATE leaves a job whose queue rows were all locked.
    pricing.do("set session_replication_role = replica")
    pricing.do(
        "update public.pricing_sync_jobs set status = 'failed', outcome = 'failed',"
        " completed_at = now(), stopped_at = now(), error_message = 'x'"
    )
    pricing.do("reset session_replication_role")
    moved = waiting["id"] if moved_to == "doing" else attempt.queue_job_id
    set_status(pricing, moved, moved_to)
    assert pricing.queue_row(moved)["status"] == ("aborted" if moved_to == "doing" else "cancelled")
    newest = pricing.rows(
        "select * from public.pricing_sync_log where queue_job_id = %s order by attempt", moved
    )[-1]
    assert (newest["status"], newest["error_kind"]) == ("cancelled", "stopped")
    job = pricing.job(attempt.job_id)
    assert (job["status"], job["error_message"]) == ("failed", "x")


@pytest.mark.parametrize("status", ["todo", "doing"])
def test_who_repeats_an_ended_row_by_hand_is_in_the_audit_log(
    pricing: Pricing, status: str
) -> None:
    """The job of the original caller signs what it changes."""
    attempt = pricing.start()
    pricing.succeed(attempt)
    with pricing.as_role("pricing_worker"):
        pricing.do(
            "update procrastinate.procrastinate_jobs set status = %s where id = %s",
            status,
            attempt.queue_job_id,
        )
    audit = pricing.row("select * from public.pricing_audit_log where action = 'repeat_queue_row'")
    assert (audit["subject"], audit["acting_role"]) == (attempt.job_id, "pricing_worker")
    assert audit["details"]["provider"] == "openrouter"
