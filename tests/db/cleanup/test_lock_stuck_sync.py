"""A clean-up locks all rows of a stuck sync or none, and never waits."""

from __future__ import annotations

import pytest

from tests.db.clock import time_passes
from tests.db.conftest import Another
from tests.db.pricing import Attempt, Pricing

LOCK = "select (select count(*) from public.lock_stuck_sync(%s, %s, %s, %s)) as it"
QUEUE_ROW = "select from procrastinate.procrastinate_jobs where id = %s for no key update nowait"
JOB = "select from public.pricing_sync_jobs where job_id = %s for no key update nowait"
PROVIDER = "select from public.pricing_providers where slug = %s for no key update nowait"


def lock(
    pricing: Pricing,
    queue_job_id: int,
    attempt: int = 1,
    reason: str = "worker_lost",
    timeout: str | None = None,
) -> int | None:
    """The queue row if it could be locked."""
    return queue_job_id if pricing.value(LOCK, reason, queue_job_id, attempt, timeout) else None


def start_lost(pricing: Pricing, provider: str = "openrouter") -> Attempt:
    return pricing.start(provider, worker_id=pricing.worker("1 hour"))


@pytest.mark.parametrize("locked", ["nothing", "queue row", "job", "provider"])
def test_unless_another_session_locks_a_part_of_it(
    pricing: Pricing, another: Another, locked: str
) -> None:
    attempt = start_lost(pricing)
    parts = {
        "queue row": (QUEUE_ROW, attempt.queue_job_id),
        "job": (JOB, attempt.job_id),
        "provider": (PROVIDER, "openrouter"),
    }
    other = another()
    other.do("set lock_timeout = '2s'")
    with pricing.connection.transaction():
        if locked in parts:
            pricing.do(*parts[locked])
        found = lock(other, attempt.queue_job_id)
    assert found == (attempt.queue_job_id if locked == "nothing" else None)


def test_until_the_end_of_the_transaction(pricing: Pricing, another: Another) -> None:
    attempt = start_lost(pricing)
    other = another()
    with pricing.connection.transaction():
        assert lock(pricing, attempt.queue_job_id) == attempt.queue_job_id
        for part in (
            (QUEUE_ROW, attempt.queue_job_id),
            (JOB, attempt.job_id),
            (PROVIDER, "openrouter"),
        ):
            with pytest.raises(Exception, match="could not obtain lock"):
                other.do(*part)


def test_the_job_comes_first(pricing: Pricing, another: Another) -> None:
    """An operator who ends a job has locked the job, and must find its queue rows unlocked."""
    attempt = start_lost(pricing)
    cleaner, person = another(), another()
    with person.connection.transaction():
        person.do(JOB, attempt.job_id)
        with cleaner.connection.transaction():
            assert lock(cleaner, attempt.queue_job_id) is None
            assert person.do(QUEUE_ROW, attempt.queue_job_id) == 1


def test_a_row_without_a_job_or_a_provider(pricing: Pricing) -> None:
    attempt = start_lost(pricing)
    pricing.do("delete from public.pricing_sync_jobs")
    assert lock(pricing, attempt.queue_job_id) == attempt.queue_job_id
    pricing.do("delete from public.pricing_providers where slug = 'openrouter'")
    assert lock(pricing, attempt.queue_job_id) == attempt.queue_job_id


def test_a_row_that_is_gone(pricing: Pricing) -> None:
    assert lock(pricing, 0) is None


def test_only_for_what_it_is_stuck_by(pricing: Pricing) -> None:
    attempt = start_lost(pricing)
    for reason in ("timeout", "abort_ignored", "no_worker", "disabled", "queue_row_adrift"):
        assert lock(pricing, attempt.queue_job_id, reason=reason) is None
    assert lock(pricing, attempt.queue_job_id, 2) is None, "another attempt"
    pricing.do("update procrastinate.procrastinate_workers set last_heartbeat = clock_timestamp()")
    assert lock(pricing, attempt.queue_job_id) is None, "its worker is back"


def test_for_a_timeout_that_was_named(pricing: Pricing) -> None:
    attempt = pricing.start("openrouter")
    time_passes(pricing, "3 minutes")
    for timeout, locked in ((None, None), ("4 minutes", None), ("2 minutes", attempt.queue_job_id)):
        assert lock(pricing, attempt.queue_job_id, 1, "timeout", timeout) == locked
