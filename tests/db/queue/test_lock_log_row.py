"""A log row is held without a wait, or left alone."""

from __future__ import annotations

from tests.db.conftest import Another
from tests.db.pricing import Attempt, Pricing


def hold(pricing: Pricing, attempt: Attempt, number: int = 1) -> bool:
    held: bool = pricing.value("select public.lock_log_row(%s, %s)", attempt.queue_job_id, number)
    return held


def test_a_free_one_is_held(pricing: Pricing, another: Another) -> None:
    attempt = pricing.start()
    other = another()
    with pricing.connection.transaction():
        assert hold(pricing, attempt)
        assert not hold(other, attempt)
    assert hold(other, attempt)


def test_one_that_is_not_there_is_in_nobodys_hands(pricing: Pricing) -> None:
    assert hold(pricing, pricing.start(), 2)
