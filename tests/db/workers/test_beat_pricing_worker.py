"""A worker's heartbeat, and its result once the worker has been pruned."""

from __future__ import annotations

from tests.db.pricing import Pricing


def test_a_registered_worker_is_alive_again(pricing: Pricing) -> None:
    worker = pricing.worker(silent_for="1 hour")
    assert pricing.value("select pricing_workers_alive()") == 0
    assert pricing.value("select beat_pricing_worker(%s)", worker) is True
    assert pricing.value("select pricing_workers_alive()") == 1


def test_a_pruned_worker_hears_of_it(pricing: Pricing) -> None:
    worker = pricing.worker()
    pricing.do("delete from procrastinate.procrastinate_workers where id = %s", worker)
    assert pricing.value("select beat_pricing_worker(%s)", worker) is False
    assert pricing.value("select pricing_workers_alive()") == 0
