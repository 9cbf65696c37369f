"""The agreement check itself: silent on consistent tables, and it finds each contradiction."""

from __future__ import annotations

import pytest

from tests.db.agreement import assert_agreed, disagreements
from tests.db.pricing import Attempt, Pricing


def every_state(pricing: Pricing) -> Attempt:
    """Create jobs and attempts in every possible state; returns a running attempt."""
    pricing.succeed(pricing.start("openrouter"))
    pricing.end(pricing.start("openrouter"), "failed", "timeout", "too slow")
    pricing.end(pricing.start("openrouter"), "cancelled")
    partial = pricing.start("openrouter", "deepinfra")
    pricing.succeed(partial)
    other = pricing.fetch()
    assert other is not None
    pricing.end(other, "queued")
    other = pricing.fetch()
    assert other is not None
    pricing.end(other)
    running = pricing.start("openrouter", "deepinfra")
    pricing.trigger("openrouter")
    return running


def test_all_is_well(pricing: Pricing) -> None:
    assert_agreed(pricing.connection)
    every_state(pricing)
    pricing.other_task("doing", pricing.worker())
    assert_agreed(pricing.connection)


LOG = "update public.pricing_sync_log set"
QUEUE = "update procrastinate.procrastinate_jobs set"
JOB = "update public.pricing_sync_jobs set"


@pytest.mark.parametrize(
    ("broken_by", "found"),
    [
        ("delete from public.pricing_sync_log where status = 'queued'", "no log row"),
        (f"{LOG} status = 'queued', sync_started_at = null where status = 'in_progress'", "log:"),
        ("delete from procrastinate.procrastinate_jobs where status = 'doing'", "row is gone"),
        (f"{QUEUE} status = 'failed' where status = 'todo'", "row is failed"),
        (f"{QUEUE} attempts = attempts + 1 where status = 'todo'", "no log row of attempt 2"),
        (f"{QUEUE} attempts = 0 where attempts = 2", "ahead of its queue row"),
        (f"{QUEUE} status = 'failed' where status = 'succeeded'", "wrote prices"),
        (
            f"{LOG} provider_slug = 'catalogue' where status = 'in_progress'",
            "another job or provider",
        ),
        (f"{QUEUE} abort_requested = true where status = 'failed'", "an abort"),
        (f"{QUEUE} worker_id = 1 where status = 'failed'", "names a worker"),
        (f"{QUEUE} priority = 1 where status = 'todo'", "lost its lock"),
        (f"{QUEUE} lock = 'x' where status = 'todo'", "lost its lock"),
        (f"{LOG} sync_completed_at = null where status = 'failed'", "wrong times"),
        (f"{LOG} sync_started_at = now() where status = 'queued'", "wrong times"),
        (f"{LOG} applied_at = null where status = 'success'", "wrong times"),
        (f"{LOG} errors = 0 where status = 'failed'", "wrong error"),
        (f"{LOG} error_kind = null where status = 'cancelled'", "wrong error"),
        ("delete from public.pricing_sync_jobs where status = 'running'", "under no job"),
        (
            f"{JOB} status = 'failed', outcome = 'failed', completed_at = now(),"
            " error_message = 'x', revision = revision + 1 where status = 'running'",
            "is open under job",
        ),
        (f"{JOB} completed_at = null where status = 'failed'", "ended at null"),
        (f"{JOB} outcome = 'partial' where status = 'failed'", "outcome partial"),
        (f"{JOB} error_message = null where status = 'failed'", "saying nothing"),
        (f"{JOB} completed_at = started_at - interval '1 s' where status = 'failed'", "ended at"),
        (
            f"{JOB} status = 'running', outcome = null, completed_at = null,"
            " revision = revision + 1 where status = 'failed'",
            "nothing of it is",
        ),
        (f"{JOB} started_at = null where status = 'running'", "its first attempt at"),
        (f"{JOB} status = 'queued', revision = revision + 1 where status = 'running'", "its first"),
        (f"{JOB} models_updated = 7 where status = 'completed'", "counts"),
        (f"{JOB} providers_failed = 7 where status = 'failed'", "counts"),
        (f"{JOB} result_data = '{{}}' where status = 'running'", "has results"),
        (
            f"{JOB} outcome = 'success' where outcome = 'partial'",
            "has ended by itself as success",
        ),
    ],
)
def test_each_disagreement_is_found(pricing: Pricing, broken_by: str, found: str) -> None:
    every_state(pricing)
    pricing.do("set session_replication_role = replica")
    assert pricing.do(broken_by) >= 1
    assert any(found in line for line in disagreements(pricing.connection)), disagreements(
        pricing.connection
    )
