"""A clean-up holds a sync whole or not at all, and waits for nobody."""

from __future__ import annotations

import pytest

from tests.db.conftest import Another
from tests.db.pricing import Pricing

HOLD = "select (public.hold_stuck_sync(%s)).id as it"
QUEUE_ROW = "select from procrastinate.procrastinate_jobs where id = %s for no key update nowait"
JOB = "select from public.pricing_sync_jobs where job_id = %s for no key update nowait"
PROVIDER = "select from public.pricing_providers where slug = %s for no key update nowait"


@pytest.mark.parametrize("held", ["nothing", "queue row", "job", "provider"])
def test_unless_somebody_else_has_a_part_of_it(
    pricing: Pricing, another: Another, held: str
) -> None:
    attempt = pricing.start("openrouter")
    parts = {
        "queue row": (QUEUE_ROW, attempt.queue_job_id),
        "job": (JOB, attempt.job_id),
        "provider": (PROVIDER, "openrouter"),
    }
    other = another()
    other.do("set lock_timeout = '2s'")
    with pricing.connection.transaction():
        if held in parts:
            pricing.do(*parts[held])
        found = other.value(HOLD, attempt.queue_job_id)
    assert found == (attempt.queue_job_id if held == "nothing" else None)


def test_until_the_end_of_the_transaction(pricing: Pricing, another: Another) -> None:
    attempt = pricing.start("openrouter")
    other = another()
    with pricing.connection.transaction():
        assert pricing.value(HOLD, attempt.queue_job_id) == attempt.queue_job_id
        for part in (
            (QUEUE_ROW, attempt.queue_job_id),
            (JOB, attempt.job_id),
            (PROVIDER, "openrouter"),
        ):
            with pytest.raises(Exception, match="could not obtain lock"):
                other.do(*part)


def test_the_job_comes_first(pricing: Pricing, another: Another) -> None:
    """Who ends a job by hand has it, and must find its queue rows free."""
    attempt = pricing.start("openrouter")
    cleaner, person = another(), another()
    with person.connection.transaction():
        person.do(JOB, attempt.job_id)
        with cleaner.connection.transaction():
            assert cleaner.value(HOLD, attempt.queue_job_id) is None
            assert person.do(QUEUE_ROW, attempt.queue_job_id) == 1


def test_a_row_without_a_job_or_a_provider(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    pricing.do("delete from public.pricing_sync_jobs")
    assert pricing.value(HOLD, attempt.queue_job_id) == attempt.queue_job_id
    pricing.do("delete from public.pricing_providers where slug = 'openrouter'")
    assert pricing.value(HOLD, attempt.queue_job_id) == attempt.queue_job_id


def test_a_row_that_is_gone(pricing: Pricing) -> None:
    assert pricing.value(HOLD, 0) is None
