"""Writers of one provider's prices run one after the other; locks are taken in one order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from tests.db.conftest import Another
from tests.db.pricing import Pricing

LOCK = "select public.lock_provider_prices(%s)"


def test_locked_until_the_end_of_the_transaction(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    other = another()
    with pricing.connection.transaction():
        pricing.do(LOCK, ["openrouter"])
        other.do(LOCK, ["deepinfra"])
        waiting = threads.submit(other.do, LOCK, ["deepinfra", "openrouter"])
        pricing.wait_until_blocked(other)
    waiting.result(60)


def test_the_order_of_the_names_does_not_matter(
    another: Another, threads: ThreadPoolExecutor
) -> None:
    # Locked in the order of the arguments, these two would deadlock.
    names = [f"provider-{n}" for n in range(40)]
    for _ in range(10):
        barrier = Barrier(2)

        def lock(racer: Pricing, names: list[str], barrier: Barrier = barrier) -> None:
            with racer.connection.transaction():
                barrier.wait(60)
                racer.do(LOCK, names)

        list(threads.map(lock, [another(), another()], [names, names[::-1]]))


def test_no_row_to_lock(pricing: Pricing) -> None:
    pricing.do(LOCK, [])
