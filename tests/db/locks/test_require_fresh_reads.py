"""A caller that takes a lock must be able to read what was committed before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.db.conftest import Another
from tests.db.pricing import Pricing, price, refused

LEVELS = ["repeatable read", "serializable"]


@contextmanager
def begun(pricing: Pricing, level: str) -> Iterator[None]:
    """A transaction of this isolation level that has read; it is rolled back."""
    with pricing.connection.transaction(force_rollback=True):
        pricing.do(f"set transaction isolation level {level}")
        pricing.do("select 1")
        yield


@pytest.mark.parametrize("level", LEVELS)
def test_a_rule_that_was_ended_meanwhile_lets_nothing_pass(
    pricing: Pricing, another: Another, level: str
) -> None:
    pricing.do("update public.pricing_providers set guards_enabled = true")
    pricing.sync("openrouter", [price("m")])
    rule = pricing.value(
        "select id from public.accept_price_changes("
        "'openrouter', 100, now() + interval '1 day', 'r')"
    )
    attempt = pricing.start("openrouter")
    person = another()
    with refused("PT422"), begun(pricing, level):
        person.do("select public.end_price_change_rule(%s)", rule)
        pricing.apply(attempt, [price("m", "0.000015")])
    assert pricing.apply(attempt, [price("m", "0.000015")])["models_held"] == 1


@pytest.mark.parametrize("level", LEVELS)
def test_a_sync_that_was_triggered_meanwhile_is_rejected(
    pricing: Pricing, another: Another, level: str
) -> None:
    person = another()
    with refused("PT422"), begun(pricing, level):
        person.trigger("openrouter")
        pricing.trigger("openrouter", on_conflict="reject")
    with refused("PT429"):
        pricing.trigger("openrouter", on_conflict="reject")


@pytest.mark.parametrize(
    "statement",
    [
        "select public.tick_pricing_schedule('worker')",
        "select public.end_provider_sync({id}, 1, 'failed')",
    ],
)
def test_nor_does_anything_else_that_looks_behind_a_lock(
    pricing: Pricing, another: Another, statement: str
) -> None:
    attempt = pricing.start("openrouter")
    with refused("PT422"), begun(pricing, "repeatable read"):
        pricing.do(statement.format(id=attempt.queue_job_id))
