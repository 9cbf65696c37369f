"""Triggers that check before they queue lock their providers, always in the same order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from tests.db.conftest import Another
from tests.db.pricing import Pricing

LOCK = "select public.lock_provider_triggers(%s)"
TRY = "select public.lock_provider_triggers(%s, p_wait => false)"


def test_locked_until_the_end_of_the_transaction(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor
) -> None:
    other = another()
    with pricing.connection.transaction():
        assert pricing.value(LOCK, ["openrouter"]) == ["openrouter"]
        assert other.value(LOCK, ["deepinfra"]) == ["deepinfra"]
        waiting = threads.submit(other.value, LOCK, ["deepinfra", "openrouter"])
        pricing.wait_until_blocked(other)
    assert sorted(waiting.result(60)) == ["deepinfra", "openrouter"]


def test_who_does_not_wait_gets_what_is_free(pricing: Pricing, another: Another) -> None:
    other = another()
    other.do("set lock_timeout = '2s'")
    with pricing.connection.transaction():
        pricing.value(LOCK, ["openrouter"])
        assert other.value(TRY, ["deepinfra", "openrouter"]) == ["deepinfra"]
    assert sorted(other.value(TRY, ["deepinfra", "openrouter"])) == ["deepinfra", "openrouter"]


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
    assert pricing.value(LOCK, []) == []
