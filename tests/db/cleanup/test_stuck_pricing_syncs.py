"""The view of stuck syncs shows exactly what the clean-up ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.db.pricing import Pricing


def _lost(pricing: Pricing) -> None:
    pricing.start("openrouter", worker_id=pricing.worker("1 hour"))


def _gone(pricing: Pricing) -> None:
    worker_id = pricing.worker()
    pricing.start("openrouter", worker_id=worker_id)
    pricing.do("select procrastinate.procrastinate_unregister_worker_v1(%s)", worker_id)


def _overtime(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    pricing.do(
        "update public.pricing_sync_log set sync_started_at = sync_started_at - interval '11 min'"
        " where queue_job_id = %s",
        attempt.queue_job_id,
    )


def _abort_ignored(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    pricing.do(
        "update procrastinate.procrastinate_jobs set abort_requested = true where id = %s",
        attempt.queue_job_id,
    )
    pricing.do(
        "update procrastinate.procrastinate_events set at = at - interval '1 minute'"
        " where job_id = %s",
        attempt.queue_job_id,
    )


def _unattended(pricing: Pricing) -> None:
    pricing.trigger("openrouter", "deepinfra")
    pricing.do("update public.pricing_sync_log set queued_at = queued_at - interval '25 hours'")


def _disabled(pricing: Pricing) -> None:
    pricing.trigger("openrouter")
    _without_triggers(
        pricing, "update public.pricing_providers set enabled = false where slug = 'openrouter'"
    )


def _queue_row_gone(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    _without_triggers(
        pricing,
        f"delete from procrastinate.procrastinate_jobs where id = {attempt.queue_job_id}",
    )
    _aged(pricing)


def _queue_row_ended_outside(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    _without_triggers(
        pricing,
        "update procrastinate.procrastinate_jobs set status = 'succeeded'"
        f" where id = {attempt.queue_job_id}",
    )
    _aged(pricing)


def _log_row_gone(pricing: Pricing) -> None:
    pricing.start("openrouter")
    pricing.do("delete from public.pricing_sync_log")


def _log_row_behind(pricing: Pricing) -> None:
    pricing.start("openrouter")
    pricing.do("update public.pricing_sync_log set status = 'queued', sync_started_at = null")


def _job_ended(pricing: Pricing) -> None:
    pricing.trigger("openrouter")
    _without_triggers(
        pricing,
        "update public.pricing_sync_jobs set status = 'failed', outcome = 'failed',"
        " completed_at = now()",
    )


def _job_left_open(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    _without_triggers(
        pricing,
        "delete from public.pricing_sync_log; delete from procrastinate.procrastinate_jobs"
        f" where id = {attempt.queue_job_id}",
    )


def _provider_gone(pricing: Pricing) -> None:
    _overtime(pricing)
    pricing.do("delete from public.pricing_providers where slug = 'openrouter'")


def _end_not_known(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter", "deepinfra")
    pricing.end(attempt)
    pricing.do(
        "update public.pricing_sync_jobs set result_data = '{}' where job_id = %s", attempt.job_id
    )


def _without_triggers(pricing: Pricing, statement: str) -> None:
    pricing.do("set session_replication_role = replica")
    pricing.do(statement)
    pricing.do("reset session_replication_role")


def _aged(pricing: Pricing) -> None:
    pricing.do("update public.pricing_sync_log set queued_at = queued_at - interval '1 minute'")


CASES: list[tuple[Callable[[Pricing], None], dict[str, int]]] = [
    (_lost, {"worker_lost": 1}),
    (_gone, {"worker_lost": 1}),
    (_overtime, {"timeout": 1}),
    (_provider_gone, {"timeout": 1}),
    (_end_not_known, {"adrift": 1}),
    (_abort_ignored, {"abort_ignored": 1}),
    (_unattended, {"no_worker": 2}),
    (_disabled, {"disabled": 1}),
    (_queue_row_gone, {"adrift": 1}),
    (_queue_row_ended_outside, {"adrift": 1}),
    (_log_row_gone, {"adrift": 1}),
    (_log_row_behind, {"adrift": 1}),
    (_job_ended, {"adrift": 1}),
    (_job_left_open, {"adrift": 1}),
]


def reasons(pricing: Pricing) -> dict[str, int]:
    rows = pricing.rows(
        "select reason, count(*) as syncs from public.stuck_pricing_syncs() group by reason"
    )
    return {row["reason"]: row["syncs"] for row in rows}


@pytest.mark.parametrize(("make", "expected"), CASES, ids=[c[0].__name__[1:] for c in CASES])
def test_what_is_stuck_is_what_the_clean_up_ends(
    pricing: Pricing, make: Callable[[Pricing], None], expected: dict[str, int]
) -> None:
    make(pricing)
    with pricing.nothing_written():
        assert reasons(pricing) == expected
    settled = pricing.row("select * from public.cleanup_stuck_pricing_syncs()")
    assert settled["syncs_cleaned"] == sum(expected.values())
    pricing.do("select * from public.cleanup_stuck_pricing_syncs()")
    assert reasons(pricing) == {}


def test_what_is_not_stuck(pricing: Pricing) -> None:
    worker_id = pricing.worker("10 seconds")
    pricing.succeed(pricing.start("catalogue", worker_id=worker_id))
    pricing.start("openrouter", worker_id=worker_id)
    pricing.trigger("openrouter", "deepinfra")
    # A waiting sync is not stuck while a worker lives, however long it has waited.
    pricing.do("update public.pricing_sync_log set queued_at = queued_at - interval '30 days'")
    assert reasons(pricing) == {}
    assert pricing.row("select * from public.cleanup_stuck_pricing_syncs()") == {
        "stuck_syncs_found": 0,
        "syncs_cleaned": 0,
    }


def test_it_names_what_is_stuck(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter", worker_id=pricing.worker("1 hour"))
    row = pricing.row("select * from public.stuck_pricing_syncs()")
    assert {**row, "job_id": str(row["job_id"])} == {
        "reason": "worker_lost",
        "provider_slug": "openrouter",
        "queue_job_id": attempt.queue_job_id,
        "job_id": attempt.job_id,
    }


def test_what_is_stuck_for_several_reasons_is_named_once(pricing: Pricing) -> None:
    """The view gives the first reason for which the clean-up expires it."""
    attempt = pricing.start("openrouter", worker_id=pricing.worker("1 hour"))
    pricing.do("update procrastinate.procrastinate_jobs set abort_requested = true")
    pricing.do("delete from procrastinate.procrastinate_events")
    assert reasons(pricing) == {"worker_lost": 1}
    pricing.do("delete from public.pricing_sync_log")
    assert reasons(pricing) == {"adrift": 1}
    pricing.do("select public.cleanup_stuck_pricing_syncs()")
    assert reasons(pricing) == {}
    assert pricing.queue_row(attempt.queue_job_id)["status"] == "aborted"
