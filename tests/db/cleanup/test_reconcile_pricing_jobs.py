"""Reconciliation of what the projection could not write, and of manual changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.db.agreement import assert_agreed, disagreements
from tests.db.clock import time_passes
from tests.db.conftest import Another
from tests.db.crowd import running_crowd
from tests.db.meanwhile import meanwhile
from tests.db.pricing import Attempt, Pricing, refused

SET_STATUS = "update procrastinate.procrastinate_jobs set status = %s where id = %s"


def clean(pricing: Pricing) -> tuple[int, int]:
    row = pricing.row("select * from public.cleanup_stuck_pricing_syncs()")
    return row["stuck_syncs_found"], row["syncs_cleaned"]


def is_reconciled(pricing: Pricing) -> None:
    """One reconciliation is enough: a second one finds nothing to do."""
    assert_agreed(pricing.connection)
    with pricing.nothing_written():
        assert clean(pricing) == (0, 0)


@contextmanager
def broken_projection(pricing: Pricing, table: str = "pricing_sync_log") -> Iterator[None]:
    """No write to the log (or the jobs) succeeds; the queue must go on all the same."""
    pricing.do(
        "create or replace function public.refuse() returns trigger language plpgsql as"
        " $$ begin raise exception 'broken'; end; $$"
    )
    pricing.do(
        f"create trigger refuse before insert or update on public.{table}"
        " for each row execute function public.refuse()"
    )
    yield
    pricing.do(f"drop trigger refuse on public.{table}")
    assert disagreements(pricing.connection), "or nothing was broken"


@contextmanager
def past_the_triggers(pricing: Pricing) -> Iterator[None]:
    pricing.do("set session_replication_role = replica")
    yield
    pricing.do("reset session_replication_role")


# The projection could not write.


@pytest.mark.parametrize("table", ["pricing_sync_log", "pricing_sync_jobs"])
def test_a_fetch_that_was_not_projected(own_database: Pricing, table: str) -> None:
    pricing = own_database
    job = pricing.trigger("openrouter")
    with broken_projection(pricing, table):
        attempt = pricing.fetch()
    assert attempt is not None
    assert clean(pricing) == (1, 1)
    is_reconciled(pricing)
    log = pricing.log(attempt.queue_job_id)
    assert log["worker_id"] == pricing.queue_row(attempt.queue_job_id)["worker_id"]
    started = pricing.value(
        "select at from procrastinate.procrastinate_events where type = 'started'"
    )
    assert log["sync_started_at"] == started, "when it really started"
    pricing.succeed(attempt)
    assert pricing.job(job["job_id"])["outcome"] == "success"
    is_reconciled(pricing)


@pytest.mark.parametrize("status", ["failed", "aborted", "succeeded", "cancelled", "todo"])
def test_an_end_or_a_retry_that_was_not_projected(own_database: Pricing, status: str) -> None:
    pricing = own_database
    attempt = pricing.start("openrouter")
    with broken_projection(pricing):
        pricing.do(SET_STATUS, status, attempt.queue_job_id)
    time_passes(pricing, "11 seconds")
    assert clean(pricing)[1] >= 1
    is_reconciled(pricing)
    first = pricing.log(attempt.queue_job_id, 1)
    assert (first["status"], first["error_kind"]) == ("failed", "ended_outside")
    if status != "todo":
        assert pricing.job(attempt.job_id)["outcome"] == "failed"
        return
    again = pricing.fetch()
    assert again is not None
    assert again.number == 2
    pricing.succeed(again)
    assert pricing.job(attempt.job_id)["outcome"] == "success"
    is_reconciled(pricing)


def test_a_deletion_that_was_not_projected(own_database: Pricing) -> None:
    pricing = own_database
    attempt = pricing.start("openrouter", "deepinfra")
    with broken_projection(pricing):
        pricing.do("delete from procrastinate.procrastinate_jobs where status = 'doing'")
    time_passes(pricing, "11 seconds")
    assert clean(pricing) == (1, 1)
    is_reconciled(pricing)
    assert pricing.log(attempt.queue_job_id)["error_kind"] == "queue_row_deleted"
    assert pricing.job(attempt.job_id)["status"] == "running"


def test_a_job_that_could_not_be_projected(own_database: Pricing) -> None:
    """The prices are applied and the attempt has ended; only the job row is behind."""
    pricing = own_database
    attempt = pricing.start("openrouter")
    with broken_projection(pricing, "pricing_sync_jobs"):
        pricing.succeed(attempt)
    assert pricing.job(attempt.job_id)["status"] == "running"
    assert clean(pricing) == (1, 1)
    is_reconciled(pricing)
    job = pricing.job(attempt.job_id)
    assert (job["outcome"], job["models_updated"]) == ("success", 1)


def test_a_part_of_a_job_that_could_not_be_projected(own_database: Pricing) -> None:
    pricing = own_database
    attempt = pricing.start("openrouter", "deepinfra")
    with broken_projection(pricing, "pricing_sync_jobs"):
        pricing.succeed(attempt)
    assert clean(pricing) == (1, 1)
    is_reconciled(pricing)
    assert pricing.job(attempt.job_id)["providers_synced"] == 1


def test_a_whole_sync_that_was_not_projected(own_database: Pricing) -> None:
    pricing = own_database
    job = pricing.trigger("openrouter")
    with broken_projection(pricing):
        attempt = pricing.fetch()
        assert attempt is not None
        with pytest.raises(Exception, match="broken"):
            pricing.succeed(attempt)
    assert clean(pricing) == (1, 1)
    pricing.succeed(attempt)
    assert pricing.job(job["job_id"])["outcome"] == "success"
    is_reconciled(pricing)


def test_one_that_cannot_be_reconciled_does_not_stop_the_others(own_database: Pricing) -> None:
    pricing = own_database
    warnings: list[str] = []
    pricing.connection.add_notice_handler(lambda d: warnings.append(str(d.message_primary)))
    broken, other = pricing.trigger("openrouter"), pricing.trigger("deepinfra")
    with broken_projection(pricing):
        assert pricing.fetch() is not None and pricing.fetch() is not None
    pricing.do(
        "alter table public.pricing_sync_log add constraint broken check"
        " (provider_slug <> 'openrouter' or status <> 'in_progress') not valid"
    )
    assert clean(pricing) == (1, 1)
    assert pricing.job(other["job_id"])["status"] == "running"
    (row,) = pricing.queue_rows(broken["job_id"])
    assert any(f"queue row {row['id']} could not be reconciled" in w for w in warnings)
    pricing.do("alter table public.pricing_sync_log drop constraint broken")
    assert clean(pricing) == (1, 1)
    is_reconciled(pricing)


# Changes by hand.


@pytest.mark.parametrize("running", [True, False])
def test_a_job_that_is_deleted_by_hand(pricing: Pricing, running: bool) -> None:
    job = pricing.trigger("openrouter", idempotency_key="k")
    attempt = pricing.fetch() if running else None
    pricing.do("delete from public.pricing_sync_jobs")
    assert clean(pricing) == (1, 1)
    is_reconciled(pricing)
    (row,) = pricing.queue_rows(job["job_id"])
    assert row["status"] == ("aborted" if running else "cancelled")
    assert pricing.rows("select from public.pricing_sync_lock") == []
    if attempt is not None:
        with pricing.nothing_written():
            with refused("PT409"):
                pricing.succeed(attempt)
            assert pricing.end(attempt) is False


def test_a_waiting_sync_whose_job_is_gone_stops_when_it_is_fetched(pricing: Pricing) -> None:
    pricing.trigger("openrouter")
    pricing.do("delete from public.pricing_sync_jobs")
    attempt = pricing.fetch()
    assert attempt is not None
    assert pricing.queue_row(attempt.queue_job_id)["status"] == "aborted"
    is_reconciled(pricing)


@pytest.mark.parametrize("running", [True, False])
def test_a_log_row_that_is_deleted_by_hand(pricing: Pricing, running: bool) -> None:
    job = pricing.trigger("openrouter")
    attempt = pricing.fetch() if running else None
    pricing.do("delete from public.pricing_sync_log")
    assert clean(pricing) == (1, 1)
    is_reconciled(pricing)
    attempt = attempt or pricing.fetch()
    assert attempt is not None
    pricing.succeed(attempt)
    assert pricing.job(job["job_id"])["outcome"] == "success"
    is_reconciled(pricing)


def test_a_log_row_that_is_deleted_while_its_sync_waits_is_written_at_the_fetch(
    pricing: Pricing,
) -> None:
    job = pricing.trigger("openrouter")
    pricing.do("delete from public.pricing_sync_log")
    attempt = pricing.fetch()
    assert attempt is not None
    assert_agreed(pricing.connection)
    pricing.succeed(attempt)
    assert pricing.job(job["job_id"])["outcome"] == "success"
    is_reconciled(pricing)


@pytest.mark.parametrize("running", [True, False])
def test_queue_and_log_rows_that_are_deleted_by_hand(pricing: Pricing, running: bool) -> None:
    job = pricing.trigger("openrouter")
    if running:
        pricing.fetch()
    pricing.do("delete from procrastinate.procrastinate_jobs")
    pricing.do("delete from public.pricing_sync_log")
    is_reconciled(pricing)
    assert pricing.job(job["job_id"])["outcome"] == ("failed" if running else "cancelled")


def test_a_log_row_that_is_deleted_before_its_queue_row(pricing: Pricing) -> None:
    job = pricing.trigger("openrouter")
    pricing.do("delete from public.pricing_sync_log")
    pricing.do("delete from procrastinate.procrastinate_jobs")
    assert pricing.job(job["job_id"])["status"] == "cancelled"
    is_reconciled(pricing)


@pytest.mark.parametrize("state", ["waiting", "running", "ended"])
def test_a_provider_that_is_deleted_by_hand(pricing: Pricing, state: str) -> None:
    job = pricing.trigger("openrouter")
    attempt = None if state == "waiting" else pricing.fetch()
    if state == "ended":
        assert attempt is not None
        pricing.end(attempt)
    pricing.do("delete from public.pricing_providers where slug = 'openrouter'")
    is_reconciled(pricing)
    if state == "running":
        assert attempt is not None
        assert pricing.succeed(attempt)["status"] == "cancelled"
    expected = "failed" if state == "ended" else "cancelled"
    assert pricing.job(job["job_id"])["outcome"] == expected
    is_reconciled(pricing)


def test_a_provider_that_is_deleted_under_a_worker_that_hangs(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    pricing.do("delete from public.pricing_providers where slug = 'openrouter'")
    time_passes(pricing, "11 minutes")
    assert clean(pricing) == (1, 1)
    assert pricing.log(attempt.queue_job_id)["error_kind"] == "timeout"
    is_reconciled(pricing)


# Changes past every trigger.


@pytest.mark.parametrize("status", ["todo", "doing"])
def test_a_row_that_is_open_under_a_job_that_has_ended(pricing: Pricing, status: str) -> None:
    attempt = pricing.start("openrouter")
    pricing.end(attempt, "failed", "timeout", "too slow")
    job = pricing.job(attempt.job_id)
    with past_the_triggers(pricing):
        pricing.do(SET_STATUS, status, attempt.queue_job_id)
    assert clean(pricing) == (1, 1)
    is_reconciled(pricing)
    assert pricing.queue_row(attempt.queue_job_id)["status"] in ("cancelled", "aborted")
    assert pricing.job(attempt.job_id) == job


def test_log_rows_so_young_that_their_transaction_may_go_on_are_left(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    with past_the_triggers(pricing):
        pricing.do("delete from procrastinate.procrastinate_jobs")
    assert clean(pricing) == (0, 0)
    time_passes(pricing, "11 seconds")
    assert clean(pricing) == (1, 1)
    assert pricing.job(attempt.job_id)["outcome"] == "failed"
    is_reconciled(pricing)


def end_quietly(pricing: Pricing, attempt: Attempt) -> None:
    pricing.do(
        "update procrastinate.procrastinate_jobs set status = 'failed', attempts = attempts + 1,"
        " worker_id = null where id = %s",
        attempt.queue_job_id,
    )


@pytest.mark.parametrize("locked", ["queue row", "job"])
@pytest.mark.parametrize("broken", ["log behind", "log open", "row gone", "job gone", "job open"])
def test_it_does_not_wait_for_locked_rows(own_database: Pricing, locked: str, broken: str) -> None:
    pricing = own_database
    attempt = pricing.start("openrouter")
    with past_the_triggers(pricing):
        if broken == "log behind":
            pricing.do(
                "update public.pricing_sync_log set status = 'queued', sync_started_at = null"
            )
        elif broken == "log open":
            end_quietly(pricing, attempt)
        elif broken == "row gone":
            pricing.do("delete from procrastinate.procrastinate_jobs")
        elif broken == "job gone":
            pricing.do("delete from public.pricing_sync_log")
            pricing.do("delete from public.pricing_sync_jobs")
        else:
            end_quietly(pricing, attempt)
            pricing.do(
                "update public.pricing_sync_log set status = 'failed', error_kind = 'x',"
                " errors = 1, error_message = 'x', sync_completed_at = clock_timestamp()"
            )
    time_passes(pricing, "1 minute")
    url = pricing.connection.info.dsn
    password = pricing.connection.info.password
    warnings: list[str] = []
    pricing.connection.add_notice_handler(lambda d: warnings.append(str(d.message_primary)))
    pricing.do("set lock_timeout = '2s'")
    with psycopg.connect(url, password=password, row_factory=dict_row) as other:
        holder = Pricing(other)
        if locked == "queue row":
            holder.do("select from procrastinate.procrastinate_jobs for update")
        else:
            holder.do("select from public.pricing_sync_jobs for no key update")
        clean(pricing)
        other.rollback()
    clean(pricing)
    is_reconciled(pricing)
    assert warnings == [], "a wait that was cut short"


def test_a_job_whose_row_is_locked_is_not_ended_without_it(
    pricing: Pricing, another: Another
) -> None:
    attempt = pricing.start("openrouter")
    pricing.do("delete from public.pricing_sync_log")
    holder = another()
    with holder.connection.transaction():
        holder.do("select from procrastinate.procrastinate_jobs for update")
        assert clean(pricing) == (0, 0)
    assert pricing.job(attempt.job_id)["status"] == "running"
    assert clean(pricing) == (1, 1)
    pricing.succeed(attempt)
    assert pricing.job(attempt.job_id)["outcome"] == "success"
    is_reconciled(pricing)


@pytest.mark.parametrize("broken", ["log", "queue", "jobs"])
def test_a_call_is_bounded(pricing: Pricing, broken: str) -> None:
    running_crowd(pricing, 501)
    time_passes(pricing, "1 minute")
    with past_the_triggers(pricing):
        if broken != "queue":
            pricing.do("delete from public.pricing_sync_log")
        if broken != "log":
            pricing.do("delete from procrastinate.procrastinate_jobs")
    assert [clean(pricing) for _ in range(3)] == [(500, 500), (1, 1), (0, 0)]


def test_a_row_that_moves_in_between_is_left_alone(own_database: Pricing) -> None:
    """The clean-up checks each row again after locking it; the row waits for a retry by then."""
    pricing = own_database
    first, second = pricing.start("openrouter"), pricing.start("deepinfra")
    pricing.do("delete from public.pricing_sync_log")
    hand_back = (
        "update procrastinate.procrastinate_jobs set status = 'todo'"
        f" where id = {second.queue_job_id} and status = 'doing'"
    )
    meanwhile(pricing, first.queue_job_id, hand_back)
    assert clean(pricing) == (1, 1)
    assert pricing.log(second.queue_job_id, 2)["status"] == "queued"
    assert_agreed(pricing.connection)


def test_a_row_that_runs_under_a_job_that_has_ended(pricing: Pricing) -> None:
    """Queue and log agree with each other, but not with the job."""
    attempt = pricing.start("openrouter")
    with past_the_triggers(pricing):
        pricing.do(
            "update public.pricing_sync_jobs set status = 'failed', outcome = 'failed',"
            " completed_at = now(), stopped_at = now(), error_message = 'x'"
        )
    assert clean(pricing) == (1, 1)
    is_reconciled(pricing)
    assert pricing.queue_row(attempt.queue_job_id)["status"] == "aborted"
    job = pricing.job(attempt.job_id)
    assert (job["outcome"], job["error_message"]) == ("failed", "x")
