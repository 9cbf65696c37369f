"""Every stuck sync is ended or requeued, and no other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.db.conftest import Another
from tests.db.pricing import Attempt, Pricing, refused


def clean(pricing: Pricing, timeout_minutes: int | None = None) -> tuple[int, int]:
    """Run the clean-up as the worker's role."""
    with pricing.as_role("pricing_worker"):
        row = pricing.row(
            "select * from public.cleanup_stuck_pricing_syncs(%s::integer)", timeout_minutes
        )
    return row["stuck_syncs_found"], row["syncs_cleaned"]


def started_before(pricing: Pricing, attempt: Attempt, interval: str) -> None:
    pricing.do(
        "update public.pricing_sync_log"
        " set sync_started_at = sync_started_at - %s::interval where queue_job_id = %s",
        interval,
        attempt.queue_job_id,
    )


def test_nothing_stuck_nothing_written(pricing: Pricing) -> None:
    pricing.succeed(pricing.start("catalogue"))
    pricing.start("openrouter", worker_id=pricing.worker("10 seconds"))
    pricing.trigger("openrouter", "deepinfra")
    with pricing.nothing_written():
        assert clean(pricing) == (0, 0)


@pytest.mark.parametrize("loss", ["silent", "gone"])
def test_a_sync_whose_worker_is_lost_is_queued_again(pricing: Pricing, loss: str) -> None:
    worker_id = pricing.worker("21 seconds" if loss == "silent" else "0 seconds")
    attempt = pricing.start(worker_id=worker_id)
    if loss == "gone":
        pricing.do("select procrastinate.procrastinate_unregister_worker_v1(%s)", worker_id)

    assert clean(pricing) == (1, 1)
    row = pricing.queue_row(attempt.queue_job_id)
    assert (row["status"], row["attempts"], row["worker_id"]) == ("todo", 1, None)
    log = pricing.log(attempt.queue_job_id)
    assert (log["status"], log["error_kind"], log["errors"]) == ("failed", "worker_lost", 1)
    assert pricing.log_statuses(attempt.queue_job_id) == ["failed", "queued"]
    job = pricing.job(attempt.job_id)
    assert (job["status"], job["total_errors"]) == ("running", 0)
    assert clean(pricing) == (0, 0)


def test_the_lease_is_a_setting(pricing: Pricing) -> None:
    pricing.start(worker_id=pricing.worker("50 seconds"))
    pricing.do("update public.pricing_settings set lease = '1 minute'")
    assert clean(pricing) == (0, 0)


def test_it_fails_after_max_attempts(pricing: Pricing) -> None:
    attempt: Attempt | None = pricing.start(worker_id=pricing.worker("1 hour"))
    assert attempt is not None
    pricing.end(attempt, "queued")
    for _ in range(3):
        assert pricing.queue_row(attempt.queue_job_id)["status"] == "todo"
        attempt = pricing.fetch(pricing.worker("1 hour"))
        assert attempt is not None
        assert clean(pricing) == (1, 1)

    assert pricing.queue_row(attempt.queue_job_id)["status"] == "failed"
    assert pricing.log_statuses(attempt.queue_job_id) == ["cancelled", "failed", "failed", "failed"]
    assert pricing.log(attempt.queue_job_id, 4)["error_kind"] == "worker_lost"
    assert pricing.job(attempt.job_id)["outcome"] == "failed"
    assert pricing.provider("openrouter")["consecutive_failures"] == 1


def test_max_attempts_is_a_setting(pricing: Pricing) -> None:
    pricing.do("update public.pricing_settings set max_attempts = 1")
    attempt = pricing.start(worker_id=pricing.worker("1 hour"))
    clean(pricing)
    assert pricing.queue_row(attempt.queue_job_id)["status"] == "failed"


def test_a_lost_sync_that_was_to_be_aborted_is_cancelled(pricing: Pricing) -> None:
    attempt = pricing.start(worker_id=pricing.worker("1 hour"))
    pricing.do("update procrastinate.procrastinate_jobs set abort_requested = true")
    assert clean(pricing) == (1, 1)
    assert pricing.queue_row(attempt.queue_job_id)["status"] == "aborted"
    assert pricing.job(attempt.job_id)["outcome"] == "cancelled"


def test_overtime_fails_under_a_live_worker_too(pricing: Pricing) -> None:
    pricing.do(
        "update public.pricing_providers set timeout = '90 seconds' where slug = 'deepinfra'"
    )
    slow, quick = pricing.start("deepinfra"), pricing.start("openrouter")
    for attempt in (slow, quick):
        started_before(pricing, attempt, "91 seconds")
    pricing.listen("procrastinate_any_queue_v1")

    assert clean(pricing) == (1, 1)
    log = pricing.log(slow.queue_job_id)
    assert (log["status"], log["error_kind"]) == ("failed", "timeout")
    assert log["error_message"] == "Sync timeout - auto-cleaned after 1.5 minutes"
    assert pricing.queue_row(slow.queue_job_id)["status"] == "failed"
    assert pricing.job(slow.job_id)["error_message"] == f"deepinfra: {log['error_message']}"
    assert pricing.provider("deepinfra")["consecutive_failures"] == 1
    assert pricing.log(quick.queue_job_id)["status"] == "in_progress"
    assert any("abort_job_requested" in payload for _, payload in pricing.heard(pricing)), (
        "its worker is told to drop it"
    )
    with refused("PT409"):
        pricing.succeed(slow)


def test_a_timeout_can_be_named(pricing: Pricing) -> None:
    attempt = pricing.start()
    started_before(pricing, attempt, "2 minutes 1 second")
    assert clean(pricing, 3) == (0, 0)
    assert clean(pricing, 2) == (1, 1)
    message = pricing.log(attempt.queue_job_id)["error_message"]
    assert message == "Sync timeout - auto-cleaned after 2 minutes"


@pytest.mark.parametrize("minutes", [0, -5])
def test_a_timeout_of_nothing_is_refused(pricing: Pricing, minutes: int) -> None:
    pricing.start()
    with pricing.nothing_written(), refused("PT422"):
        clean(pricing, minutes)


def test_what_waits_behind_a_lock_is_not_stuck(pricing: Pricing) -> None:
    pricing.start("openrouter")
    (waiting,) = pricing.queue_rows(pricing.trigger("openrouter")["job_id"])
    pricing.do("update public.pricing_sync_log set queued_at = queued_at - interval '5 hours'")
    pricing.do(
        "update public.pricing_sync_jobs set triggered_at = triggered_at - interval '5 hours'"
    )
    with pricing.nothing_written():
        assert clean(pricing, 1) == (0, 0)
    assert pricing.queue_row(waiting["id"])["status"] == "todo"


@pytest.mark.parametrize("stuck", ["stalled", "overtime"])
def test_locked_rows_are_skipped(pricing: Pricing, another: Another, stuck: str) -> None:
    silent = "1 hour" if stuck == "stalled" else "0 seconds"
    locked, free = (
        pricing.start(p, worker_id=pricing.worker(silent)) for p in ("openrouter", "deepinfra")
    )
    for attempt in (locked, free):
        started_before(pricing, attempt, "9 minutes" if stuck == "stalled" else "1 hour")
    holder = another()
    with holder.connection.transaction():
        holder.do(
            "select from procrastinate.procrastinate_jobs where id = %s for update",
            locked.queue_job_id,
        )
        pricing.do("set statement_timeout = '20s'")
        assert clean(pricing) == (2, 1)
    assert pricing.queue_row(locked.queue_job_id)["status"] == "doing"
    assert pricing.queue_row(free.queue_job_id)["status"] != "doing"
    assert clean(pricing) == (1, 1)


def test_two_clean_ups_at_once_end_each_row_once(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    cleaners = [another() for _ in range(4)]
    for _ in range(5):
        pricing.do("delete from procrastinate.procrastinate_jobs")
        attempts = [
            pricing.start(p, worker_id=pricing.worker("1 hour"))
            for p in ("openrouter", "deepinfra", "catalogue")
        ]
        cleaned = [cleaned for _, cleaned in threads.map(clean, cleaners)]
        assert sum(cleaned) == 3
        for attempt in attempts:
            assert pricing.log_statuses(attempt.queue_job_id) == ["failed", "queued"]


def test_a_row_that_fails_does_not_stop_the_others(own_database: Pricing) -> None:
    pricing = own_database
    warnings: list[str] = []
    pricing.connection.add_notice_handler(lambda d: warnings.append(str(d.message_primary)))
    broken, other = (
        pricing.start(p, worker_id=pricing.worker("1 hour")) for p in ("openrouter", "deepinfra")
    )
    pricing.do(
        "alter table public.pricing_sync_log add constraint broken check"
        " (provider_slug <> 'openrouter' or status <> 'failed') not valid"
    )
    assert clean(pricing) == (2, 1)
    assert pricing.queue_row(other.queue_job_id)["status"] == "todo"
    assert pricing.queue_row(broken.queue_job_id)["status"] == "doing"
    assert any(f"queue row {broken.queue_job_id} could not" in w for w in warnings)


def test_log_rows_whose_queue_row_is_gone_are_reconciled(pricing: Pricing) -> None:
    gone, ended = pricing.start("openrouter"), pricing.start("deepinfra")
    pricing.do("set session_replication_role = replica")
    pricing.do("delete from procrastinate.procrastinate_jobs where id = %s", gone.queue_job_id)
    pricing.do(
        "update procrastinate.procrastinate_jobs set status = 'failed', worker_id = null"
        " where id = %s",
        ended.queue_job_id,
    )
    pricing.do("reset session_replication_role")
    assert clean(pricing) == (0, 0), "so young a row may belong to a transaction under way"
    pricing.do("update public.pricing_sync_log set queued_at = queued_at - interval '11 seconds'")

    assert clean(pricing) == (2, 2)
    for attempt, kind in ((gone, "queue_row_deleted"), (ended, "ended_outside")):
        log = pricing.log(attempt.queue_job_id)
        assert (log["status"], log["error_kind"]) == ("failed", kind)
        assert pricing.job(attempt.job_id)["outcome"] == "failed"
    assert clean(pricing) == (0, 0)


def test_rows_of_other_tasks_are_left_alone(pricing: Pricing) -> None:
    queue_job_id = pricing.other_task("doing", pricing.worker("1 hour"))
    assert clean(pricing) == (0, 0)
    assert pricing.queue_row(queue_job_id)["status"] == "doing"


def test_a_part_that_fails_does_not_stop_the_others(own_database: Pricing) -> None:
    pricing = own_database
    lost = pricing.start(worker_id=pricing.worker("1 hour"))
    warnings: list[str] = []
    pricing.connection.add_notice_handler(lambda d: warnings.append(str(d.message_primary)))
    for part in ("reconcile_pricing_jobs", "cancel_disabled_syncs(text)"):
        pricing.do(
            f"create or replace function public.{part.split('(')[0]}"
            f"({'p_provider text default null' if '(' in part else ''}) returns integer"
            " language plpgsql as $$ begin raise 'out of range'; end $$"
        )
    assert clean(pricing) == (1, 1)
    assert pricing.queue_row(lost.queue_job_id)["status"] == "todo"
    assert warnings == [
        "pricing-sync: reconcile_pricing_jobs failed: out of range",
        "pricing-sync: cancel_disabled_syncs failed: out of range",
    ]


def test_a_time_that_a_caller_chose_is_audited(pricing: Pricing) -> None:
    attempt = pricing.start()
    started_before(pricing, attempt, "2 minutes")
    assert clean(pricing) == (0, 0)
    assert clean(pricing, 1) == (1, 1)
    audited = pricing.row("select acting_role, action, details from public.pricing_audit_log")
    assert audited == {
        "acting_role": "pricing_worker",
        "action": "cleanup_stuck_pricing_syncs",
        "details": {"timeout_minutes": 1, "syncs": 1},
    }
