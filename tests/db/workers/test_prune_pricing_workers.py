"""A starting worker deletes dead workers, and skips locked ones."""

from __future__ import annotations

import pytest

from tests.db.conftest import Another
from tests.db.pricing import Pricing

LEASE_SECONDS = 20
ENGINE = "procrastinate.procrastinate_prune_stalled_workers_v1"
OURS = "public.prune_pricing_workers"


def prune(pricing: Pricing, function: str = OURS) -> list[int]:
    """Prune as the worker's role; returns the pruned workers."""
    with pricing.as_role("pricing_worker"):
        rows = pricing.rows(f"select * from {function}(%s) as worker_id", LEASE_SECONDS)
    return sorted(row["worker_id"] for row in rows)


def known(pricing: Pricing) -> list[int]:
    rows = pricing.rows("select id from procrastinate.procrastinate_workers order by id")
    return [row["id"] for row in rows]


def test_dead_workers_are_pruned_and_no_others(pricing: Pricing) -> None:
    dead = [pricing.worker(silent_for="21 seconds"), pricing.worker(silent_for="1 hour")]
    alive = [pricing.worker(silent_for="19 seconds"), pricing.worker()]
    assert prune(pricing) == dead
    assert known(pricing) == alive
    assert prune(pricing) == []


@pytest.mark.parametrize("seconds", [-1000000, 0, None])
def test_no_worker_is_pruned_before_the_lease_is_over(
    pricing: Pricing, seconds: float | None
) -> None:
    pricing.worker(silent_for="19 seconds")
    with pricing.as_role("pricing_worker"):
        assert pricing.rows(f"select * from {OURS}(%s)", seconds) == []
    assert len(known(pricing)) == 1


@pytest.mark.parametrize("function", [ENGINE, OURS])
def test_what_it_ran_runs_on_without_a_worker(pricing: Pricing, function: str) -> None:
    """As in the engine: the next clean-up takes its sync back."""
    dead = pricing.worker(silent_for="1 hour")
    attempt = pricing.start(worker_id=dead)
    other = pricing.other_task("doing", worker_id=dead)
    assert prune(pricing, function) == [dead]
    for queue_job_id in (attempt.queue_job_id, other):
        row = pricing.queue_row(queue_job_id)
        assert (row["status"], row["worker_id"], row["attempts"]) == ("doing", None, 0)
    assert pricing.log(attempt.queue_job_id)["worker_id"] == dead
    pricing.do("select * from public.cleanup_stuck_pricing_syncs()")
    assert pricing.log_statuses(attempt.queue_job_id) == ["failed", "queued"]


@pytest.mark.parametrize(
    "statement",
    [
        "delete from procrastinate.procrastinate_workers where id = %s",
        "select from procrastinate.procrastinate_workers where id = %s for update",
        # As a fetch in its name does.
        "select from procrastinate.procrastinate_workers where id = %s for key share",
    ],
)
def test_a_locked_worker_stays(pricing: Pricing, another: Another, statement: str) -> None:
    locked, free = pricing.worker(silent_for="1 hour"), pricing.worker(silent_for="1 hour")
    person = another()
    pricing.do("set lock_timeout = '2s'")
    with person.connection.transaction(force_rollback=True):
        person.do(statement, locked)
        assert prune(pricing) == [free]
    assert prune(pricing) == [locked]


def test_a_worker_whose_queue_row_is_locked_stays(pricing: Pricing, another: Another) -> None:
    """Deleting it would wait, because the foreign key also updates the queue row."""
    locked, free = pricing.worker(silent_for="1 hour"), pricing.worker(silent_for="1 hour")
    first = pricing.start("openrouter", worker_id=locked)
    second = pricing.start("deepinfra", worker_id=locked)
    third = pricing.start("catalogue", worker_id=free)
    person = another()
    pricing.do("set lock_timeout = '2s'")
    with person.connection.transaction():
        person.do("select public.cancel_pricing_sync(%s::uuid)", second.job_id)
        assert prune(pricing) == [free]
        assert pricing.queue_row(third.queue_job_id)["worker_id"] is None
        assert pricing.queue_row(first.queue_job_id)["worker_id"] == locked
    assert prune(pricing) == [locked]
    assert pricing.queue_row(first.queue_job_id)["worker_id"] is None


def test_a_worker_that_comes_back_meanwhile_stays(pricing: Pricing, another: Another) -> None:
    worker_id = pricing.worker(silent_for="1 hour")
    back = another()
    with back.connection.transaction():
        assert back.value("select public.beat_pricing_worker(%s)", worker_id)
        assert prune(pricing) == []
    assert prune(pricing) == []
    assert known(pricing) == [worker_id]
