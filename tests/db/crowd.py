"""Hundreds of syncs at once, made set-based: for what must be bounded."""

from __future__ import annotations

from tests.db.pricing import Pricing


def running_crowd(pricing: Pricing, count: int, silent_for: str = "0 seconds") -> int:
    """So many syncs run, each of its own provider and job, on one worker; gives the worker."""
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
    """So many syncs of one provider wait, each with its own job."""
    pricing.do(
        "insert into procrastinate.procrastinate_jobs (queue_name, task_name, args)"
        " select 'pricing', 'sync_provider', jsonb_build_object('provider', %s::text)"
        " from generate_series(1, %s)",
        provider,
        count,
    )
