"""The rules for stuck syncs, one by one: the reason, since when, and the time allowed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.db.pricing import Attempt, Pricing

AGED = "clock_timestamp() - %s::interval"
HEARTBEAT = f"update procrastinate.procrastinate_workers set last_heartbeat = {AGED}"
STARTED = f"update public.pricing_sync_log set sync_started_at = {AGED}"
EVENT = f"update procrastinate.procrastinate_events set at = {AGED} where type = %s"
QUEUED = f"update public.pricing_sync_log set queued_at = {AGED}"
TICK = f"insert into public.pricing_scheduler_ticks (scheduler, last_tick_at) values (%s, {AGED})"


def stuck(pricing: Pricing) -> list[str]:
    """The reasons that apply now, over all rows."""
    rows = pricing.rows(
        "select reason from public.pricing_sync_expiry where since < clock_timestamp() - allowed"
        " order by reason"
    )
    return [row["reason"] for row in rows]


def expiry(pricing: Pricing, reason: str) -> dict[str, Any]:
    return pricing.row(
        "select provider_slug, queue_job_id, attempt, job_id, allowed"
        " from public.pricing_sync_expiry where reason = %s",
        reason,
    )


def past_the_triggers(pricing: Pricing, statement: str, *parameters: object) -> None:
    with pricing.connection.transaction():
        pricing.do("set local session_replication_role = replica")
        pricing.do(statement, *parameters)


def ask_to_abort(pricing: Pricing, attempt: Attempt) -> None:
    pricing.do(
        "select procrastinate.procrastinate_cancel_job_v1(%s, true, false)", attempt.queue_job_id
    )


def test_nothing_of_a_queue_in_good_order(pricing: Pricing) -> None:
    pricing.succeed(pricing.start("catalogue"))
    pricing.start("openrouter")
    pricing.trigger("openrouter", "deepinfra")
    pricing.other_task("doing", pricing.worker("1 hour"))
    assert stuck(pricing) == []


@pytest.mark.parametrize(("age", "reasons"), [("10 seconds", []), ("21 seconds", ["worker_lost"])])
def test_a_worker_is_lost_after_the_lease(pricing: Pricing, age: str, reasons: list[str]) -> None:
    attempt = pricing.start("openrouter")
    pricing.do(HEARTBEAT, age)
    assert stuck(pricing) == reasons
    row = expiry(pricing, "worker_lost")
    assert {**row, "job_id": str(row["job_id"])} == {
        "provider_slug": "openrouter",
        "queue_job_id": attempt.queue_job_id,
        "attempt": 1,
        "job_id": attempt.job_id,
        "allowed": pricing.value("select lease from public.pricing_settings"),
    }


def test_one_that_is_gone_was_never_seen(pricing: Pricing) -> None:
    pricing.start("openrouter")
    pricing.do(
        "select procrastinate.procrastinate_unregister_worker_v1(id) from"
        " procrastinate.procrastinate_workers"
    )
    assert stuck(pricing) == ["worker_lost"]


@pytest.mark.parametrize(
    ("age", "reasons"), [("10 seconds", []), ("21 seconds", ["abort_ignored"])]
)
def test_an_abort_is_ignored_after_the_lease(
    pricing: Pricing, age: str, reasons: list[str]
) -> None:
    attempt = pricing.start("openrouter")
    pricing.do(EVENT, "1 hour", "started")
    assert stuck(pricing) == [], "nobody asked"
    ask_to_abort(pricing, attempt)
    pricing.do(EVENT, age, "abort_requested")
    assert stuck(pricing) == reasons


def test_an_abort_that_was_asked_for_again_counts_from_then(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    ask_to_abort(pricing, attempt)
    pricing.do(EVENT, "1 hour", "abort_requested")
    ask_to_abort(pricing, attempt)
    pricing.do("update procrastinate.procrastinate_jobs set abort_requested = false")
    ask_to_abort(pricing, attempt)
    assert stuck(pricing) == []


@pytest.mark.parametrize(("age", "reasons"), [("60 seconds", []), ("91 seconds", ["timeout"])])
def test_a_sync_may_run_for_its_provider_s_timeout(
    pricing: Pricing, age: str, reasons: list[str]
) -> None:
    pricing.do("update public.pricing_providers set timeout = '90 seconds'")
    pricing.start("openrouter")
    pricing.do(STARTED, age)
    assert stuck(pricing) == reasons


@pytest.mark.parametrize(("age", "reasons"), [("09:00", []), ("10:01", ["timeout"])])
def test_without_a_provider_it_may_run_for_10_minutes(
    pricing: Pricing, age: str, reasons: list[str]
) -> None:
    pricing.start("openrouter")
    pricing.do("delete from public.pricing_providers where slug = 'openrouter'")
    pricing.do(STARTED, f"00:{age}")
    assert stuck(pricing) == reasons


@pytest.mark.parametrize(("age", "reasons"), [("09:00", []), ("10:01", ["timeout"])])
def test_without_a_log_row_it_runs_since_it_was_fetched(
    pricing: Pricing, age: str, reasons: list[str]
) -> None:
    pricing.start("openrouter", "deepinfra")
    pricing.do("delete from public.pricing_sync_log where status = 'in_progress'")
    pricing.do(EVENT, f"00:{age}", "started")
    assert stuck(pricing) == ["queue_row_adrift", *reasons]


def test_under_a_lost_worker_it_is_lost_and_not_slow(pricing: Pricing) -> None:
    pricing.start("openrouter")
    pricing.do(STARTED, "1 hour")
    pricing.do(HEARTBEAT, "1 hour")
    assert stuck(pricing) == ["worker_lost"]


@pytest.mark.parametrize(("age", "reasons"), [("23:59", []), ("24:01", ["no_worker"])])
def test_what_waits_for_a_worker_that_never_comes(
    pricing: Pricing, age: str, reasons: list[str]
) -> None:
    pricing.trigger("openrouter")
    pricing.do(QUEUED, age)
    assert stuck(pricing) == reasons


@pytest.mark.parametrize("sign", ["heartbeat", "tick"])
@pytest.mark.parametrize(("age", "reasons"), [("23:59", []), ("24:01", ["no_worker"])])
def test_a_worker_was_there(pricing: Pricing, sign: str, age: str, reasons: list[str]) -> None:
    pricing.trigger("openrouter")
    pricing.do(QUEUED, "9 days")
    pricing.do(TICK, "pg_cron", "0 seconds")
    if sign == "heartbeat":
        pricing.worker(age)
    else:
        pricing.do(TICK, "worker", age)
    assert stuck(pricing) == reasons


def test_what_waits_for_a_disabled_provider(pricing: Pricing) -> None:
    pricing.start("openrouter", "deepinfra")
    pricing.trigger("openrouter")
    past_the_triggers(pricing, "update public.pricing_providers set enabled = slug <> 'openrouter'")
    assert stuck(pricing) == ["disabled"]


def test_a_queue_row_without_its_job(pricing: Pricing) -> None:
    pricing.trigger("openrouter")
    past_the_triggers(pricing, "delete from public.pricing_sync_jobs")
    assert stuck(pricing) == ["queue_row_adrift"]
    # As operators do by hand: the log goes as well.
    pricing.do("delete from public.pricing_sync_log")
    assert stuck(pricing) == ["queue_row_adrift"]


def test_a_queue_row_under_a_job_that_has_ended(pricing: Pricing) -> None:
    pricing.start("openrouter")
    past_the_triggers(
        pricing,
        "update public.pricing_sync_jobs set status = 'failed', outcome = 'failed',"
        " completed_at = now()",
    )
    assert stuck(pricing) == ["queue_row_adrift"]


def test_a_queue_row_without_its_log_row(pricing: Pricing) -> None:
    pricing.trigger("openrouter")
    pricing.do("delete from public.pricing_sync_log")
    assert stuck(pricing) == ["queue_row_adrift"], "and its job is not: a sync of it waits"


def test_a_queue_row_whose_log_row_is_behind(pricing: Pricing) -> None:
    pricing.start("openrouter")
    pricing.do("update public.pricing_sync_log set status = 'queued', sync_started_at = null")
    assert stuck(pricing) == ["queue_row_adrift"]


@pytest.mark.parametrize(
    "moved",
    [
        "delete from procrastinate.procrastinate_jobs",
        "update procrastinate.procrastinate_jobs set status = 'succeeded', worker_id = null",
        "update procrastinate.procrastinate_jobs set attempts = 1",
    ],
)
@pytest.mark.parametrize("age", ["2 seconds", "11 seconds"])
def test_a_log_row_whose_queue_row_has_moved_on(pricing: Pricing, moved: str, age: str) -> None:
    """A younger log row may belong to a transaction that is about to change both rows."""
    attempt = pricing.start("openrouter")
    past_the_triggers(pricing, moved)
    pricing.do(QUEUED, age)
    assert ("log_row_adrift" in stuck(pricing)) is (age == "11 seconds")
    row = expiry(pricing, "log_row_adrift")
    assert (row["queue_job_id"], row["attempt"]) == (attempt.queue_job_id, 1)


def test_a_job_of_which_nothing_is_open(pricing: Pricing) -> None:
    job = pricing.trigger("openrouter")
    past_the_triggers(
        pricing,
        "delete from public.pricing_sync_log; delete from procrastinate.procrastinate_jobs",
    )
    assert stuck(pricing) == ["job_adrift"]
    assert expiry(pricing, "job_adrift")["job_id"] == job["job_id"]


def test_a_job_that_does_not_know_of_an_end(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter", "deepinfra")
    pricing.end(attempt)
    assert stuck(pricing) == []
    pricing.do("update public.pricing_sync_jobs set result_data = '{}'")
    assert stuck(pricing) == ["job_adrift"]


def test_an_earlier_attempt_is_not_the_end(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    pricing.end(attempt, "queued")
    assert stuck(pricing) == []


def action(pricing: Pricing, reason: str) -> tuple[str, str | None]:
    row = pricing.row(
        "select action, error_kind from public.pricing_sync_expiry where reason = %s", reason
    )
    return row["action"], row["error_kind"]


def test_it_says_what_is_done_about_a_lost_worker(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    assert action(pricing, "worker_lost") == ("requeued", "worker_lost")
    pricing.do("update public.pricing_settings set max_attempts = 1")
    assert action(pricing, "worker_lost") == ("failed", "worker_lost")
    ask_to_abort(pricing, attempt)
    assert action(pricing, "worker_lost") == ("cancelled", "cancelled")
    assert action(pricing, "abort_ignored") == ("cancelled", "cancelled")


def test_it_says_what_is_done_about_a_queue_row_adrift(pricing: Pricing) -> None:
    pricing.trigger("openrouter")
    pricing.do("delete from public.pricing_sync_log")
    assert action(pricing, "queue_row_adrift") == ("reconciled", None)
    past_the_triggers(pricing, "delete from public.pricing_sync_jobs")
    assert action(pricing, "queue_row_adrift") == ("cancelled", "stopped")


def test_only_what_is_asked_for_is_read(pricing: Pricing) -> None:
    """Otherwise each call of a clean-up would read everything that waits, once for each reason."""
    plan = explained(pricing, "reason = 'worker_lost'")
    assert "procrastinate_workers" in plan
    for table in ("pricing_sync_log", "pricing_sync_jobs", "pricing_providers"):
        assert table not in plan


def test_one_queue_row_is_found_by_its_id(pricing: Pricing) -> None:
    pricing.do("set enable_seqscan = off")
    for reason in ("queue_row_adrift", "disabled", "worker_lost", "abort_ignored", "timeout"):
        plan = explained(pricing, f"reason = '{reason}' and queue_job_id = 1")
        assert "(id = 1)" in plan, plan


def explained(pricing: Pricing, condition: str) -> str:
    rows = pricing.rows(
        "explain (costs off) select queue_job_id, attempt from public.pricing_sync_expiry"
        f" where {condition}"
    )
    return "\n".join(row["QUERY PLAN"] for row in rows)
