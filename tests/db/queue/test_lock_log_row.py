"""A log row is locked without waiting, or not at all."""

from __future__ import annotations

from tests.db.conftest import Another
from tests.db.pricing import Attempt, Pricing


def lock(pricing: Pricing, attempt: Attempt, number: int = 1) -> bool:
    locked: bool = pricing.value("select public.lock_log_row(%s, %s)", attempt.queue_job_id, number)
    return locked


def test_a_free_one_is_locked(pricing: Pricing, another: Another) -> None:
    attempt = pricing.start()
    other = another()
    with pricing.connection.transaction():
        assert lock(pricing, attempt)
        assert not lock(other, attempt)
    assert lock(other, attempt)


def test_one_that_is_not_there_is_not_locked(pricing: Pricing) -> None:
    assert lock(pricing, pricing.start(), 2)
