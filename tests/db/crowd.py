"""Make hundreds of syncs at once, set-based, for tests of bounds."""

from __future__ import annotations

from tests.db.pricing import Pricing


def running_crowd(pricing: Pricing, count: int, silent_for: str = "0 seconds") -> int:
    """Start this many syncs on one worker, each of its own provider and job; returns the worker."""
    worker_id = pricing.worker(silent_for)
    with pricing.connection.transaction():
        pricing.do(
            "insert into public.pricing_providers (slug, name, adapter, enabled)"
            " select 'crowd-' || n, 'x', 'x', true from generate_series(1, %s) as n",
            count,
        )
        pricing.do(
            "insert into procrastinate.procrastinate_jobs (queue_name, task_name, args)"
            " select 'pricing', 'sync_provider', jsonb_build_object('provider', 'crowd-' || n)"
            " from generate_series(1, %s) as n",
            count,
        )
        started = pricing.do(
            "update procrastinate.procrastinate_jobs set status = 'doing', worker_id = %s"
            " where status = 'todo'",
            worker_id,
        )
    assert started == count
    return worker_id


def defer_many(pricing: Pricing, provider: str, count: int) -> None:
    """Queue this many syncs of one provider, each with its own job."""
    pricing.do(
        "insert into procrastinate.procrastinate_jobs (queue_name, task_name, args)"
        " select 'pricing', 'sync_provider', jsonb_build_object('provider', %s::text)"
        " from generate_series(1, %s)",
        provider,
        count,
    )
