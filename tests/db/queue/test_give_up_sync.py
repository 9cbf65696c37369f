"""Giving up a sync whose end is locked too long: queued again, session named, no wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.db.agreement import assert_agreed
from tests.db.conftest import Another
from tests.db.price_decisions import prices, said
from tests.db.pricing import Attempt, Pricing, Row

CLEAN_UP = "select * from public.cleanup_stuck_pricing_syncs()"


def give_up(pricing: Pricing, attempt: Attempt) -> Row:
    with pricing.as_role("pricing_worker"):
        return pricing.row(
            "select * from public.give_up_sync(%s, %s)", attempt.queue_job_id, attempt.number
        )


def fetch(pricing: Pricing) -> Any:
    """The queue row that a worker would fetch."""
    worker_id = pricing.worker()
    with pricing.as_role("pricing_worker"):
        return pricing.value("select id from public.fetch_queue_row(null, %s)", worker_id)


@contextmanager
def locked(holder: Pricing, statement: str, *arguments: object) -> Iterator[None]:
    """A member of service_role has called this function, and its transaction is open."""
    with holder.connection.transaction():
        holder.do("set local role service_role")
        holder.do(statement, *arguments)
        yield


@pytest.mark.parametrize(
    "call",
    [
        "select public.set_price_override('openrouter', 'm', 'reason', 1)",
        "select public.accept_price_changes('openrouter', 20, now() + interval '1 day', 'reason')",
        "select public.tick_pricing_schedule('worker')",
    ],
)
def test_what_a_caller_of_our_functions_locks(
    pricing: Pricing, another: Another, call: str
) -> None:
    said(pricing, {"m": prices(1)})
    holder = another()
    attempt = pricing.start("openrouter")
    other = pricing.trigger("deepinfra")
    pricing.do("update public.pricing_settings set scheduler_enabled = true")
    pricing.do("update public.pricing_providers set next_sync_at = now()")
    with locked(holder, call):
        assert give_up(pricing, attempt)["outcome"] == "queued"
        log = pricing.log(attempt.queue_job_id)
        assert (log["status"], log["error_kind"]) == ("failed", "locked")
        assert f"locked by pid {holder.backend} (" in log["error_message"]
        assert pricing.job(attempt.job_id)["outcome"] is None
        # No worker gets it, to fetch a list that cannot be written; other syncs are given out.
        assert fetch(pricing) == pricing.queue_rows(other["job_id"])[0]["id"]
        assert fetch(pricing) is None
    assert fetch(pricing) == attempt.queue_job_id
    assert_agreed(pricing.connection)
    again = Attempt(attempt.queue_job_id, 2, "openrouter", attempt.job_id)
    pricing.succeed(again, "m", "n")
    assert pricing.job(attempt.job_id)["outcome"] == "success"


@pytest.mark.parametrize(
    "statement",
    [
        "update procrastinate.procrastinate_jobs set worker_id = worker_id",
        "update public.pricing_sync_log set triggered_by = triggered_by",
        "select from public.pricing_sync_jobs for update",
    ],
)
def test_where_the_rows_that_say_so_are_locked_the_clean_up_does_it_later(
    pricing: Pricing, another: Another, statement: str
) -> None:
    holder = another()
    attempt = pricing.start("openrouter")
    with holder.connection.transaction():
        holder.do(statement)
        answer = give_up(pricing, attempt)
        assert answer["outcome"] == "noted"
        assert f"locked by pid {holder.backend} (" in answer["message"]
        assert give_up(pricing, attempt)["outcome"] == "noted"
        # No worker runs it, so a dead worker makes it neither lost nor late.
        pricing.do(
            "update procrastinate.procrastinate_workers set last_heartbeat = now() - interval '1 h'"
        )
        assert pricing.row(CLEAN_UP)["syncs_cleaned"] == 0
        stuck = pricing.rows("select reason from public.stuck_pricing_syncs()")
        assert [row["reason"] for row in stuck] == ["given_up"]
    assert pricing.row(CLEAN_UP)["syncs_cleaned"] == 1
    log = pricing.log(attempt.queue_job_id)
    assert (log["status"], log["error_kind"]) == ("failed", "locked")
    assert log["error_message"] == answer["message"]
    assert pricing.log_statuses(attempt.queue_job_id) == ["failed", "queued"]
    assert pricing.rows("select from public.pricing_given_up_syncs") == []
    assert_agreed(pricing.connection)


def test_a_job_that_its_holder_cancels_is_cancelled(pricing: Pricing, another: Another) -> None:
    holder = another()
    attempt = pricing.start("openrouter")
    with locked(holder, "select public.cancel_pricing_sync(%s)", attempt.job_id):
        assert give_up(pricing, attempt)["outcome"] == "noted"
    pricing.row(CLEAN_UP)
    assert pricing.log_statuses(attempt.queue_job_id) == ["cancelled"]
    assert pricing.rows("select from public.pricing_given_up_syncs") == []
    assert_agreed(pricing.connection)


def test_it_is_never_the_last_try(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    tries = pricing.value("select max_attempts from public.pricing_settings") + 2
    for number in range(1, tries + 1):
        this = Attempt(attempt.queue_job_id, number, "openrouter", attempt.job_id)
        assert give_up(pricing, this)["outcome"] == "queued"
        assert fetch(pricing) == attempt.queue_job_id
    pricing.do("update procrastinate.procrastinate_jobs set worker_id = null")
    pricing.row(CLEAN_UP)
    assert pricing.log_statuses(attempt.queue_job_id) == ["failed"] * (tries + 1) + ["queued"]


def test_one_that_shall_be_aborted_is_cancelled(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    pricing.do("update procrastinate.procrastinate_jobs set abort_requested = true")
    assert give_up(pricing, attempt)["outcome"] == "queued"
    assert pricing.log_statuses(attempt.queue_job_id) == ["cancelled"]
    assert pricing.job(attempt.job_id)["outcome"] == "cancelled"


def test_a_late_caller_changes_nothing(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    pricing.succeed(attempt)
    with pricing.nothing_written():
        assert give_up(pricing, attempt)["outcome"] == "late"


def test_a_locked_table_is_named_and_not_waited_for(pricing: Pricing, another: Another) -> None:
    holder = another()
    attempt = pricing.start("openrouter")
    with holder.connection.transaction():
        holder.do("set local role pricing_worker")
        holder.do("lock table procrastinate.procrastinate_jobs in access exclusive mode")
        answer = give_up(pricing, attempt)
        assert answer["outcome"] == "held"
        assert f"procrastinate_jobs is locked by pid {holder.backend} (" in answer["message"]
    assert give_up(pricing, attempt)["outcome"] == "queued"
