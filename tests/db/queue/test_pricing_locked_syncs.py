"""The waiting syncs that are locked, and the sessions that lock them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.db.conftest import Another
from tests.db.pricing import Pricing


def locked_syncs(pricing: Pricing) -> list[tuple[Any, ...]]:
    with pricing.as_role("pricing_worker"):
        rows = pricing.rows("select providers, holder from public.pricing_locked_syncs()")
    return [(row["providers"], row["holder"]) for row in rows]


def test_nothing_is_locked_in_a_queue_that_only_waits(pricing: Pricing) -> None:
    assert locked_syncs(pricing) == []
    pricing.trigger("openrouter", "deepinfra")
    assert locked_syncs(pricing) == []


@pytest.mark.parametrize(
    ("statement", "locked"),
    [
        ("select from procrastinate.procrastinate_jobs for update", ["queue row"]),
        ("select from procrastinate.procrastinate_jobs for share", ["queue row"]),
        ("select from public.pricing_sync_jobs for update", ["job"]),
        ("select public.cancel_pricing_sync(job_id) from public.pricing_sync_jobs", ["job"]),
    ],
)
def test_who_locks_the_rows_of_a_sync(
    pricing: Pricing, another: Another, statement: str, locked: list[str]
) -> None:
    pricing.trigger("openrouter", "deepinfra")
    holder = another()
    with holder.connection.transaction():
        # Also a lock that was taken in a savepoint which has ended.
        with holder.connection.transaction():
            holder.do(statement)
        found = locked_syncs(pricing)
        pid = holder.connection.info.backend_pid
        for name in locked:
            assert any(
                providers == ["deepinfra", "openrouter"]
                and text.startswith(f"the {name} is locked by pid {pid} (")
                for providers, text in found
            ), found
    assert locked_syncs(pricing) == []


def test_a_row_that_two_share_is_locked_until_both_have_ended(
    pricing: Pricing, another: Another
) -> None:
    pricing.trigger("openrouter")
    holders = [another(), another()]
    for holder in holders:
        holder.do("begin")
        holder.do("select from procrastinate.procrastinate_jobs for share")
    for holder in holders:
        ((providers, text),) = locked_syncs(pricing)
        assert providers == ["openrouter"]
        assert f"pid {holder.connection.info.backend_pid} " in text
        holder.do("rollback")
    assert locked_syncs(pricing) == []


def test_what_gave_up_once_waits_for_the_provider_too(pricing: Pricing, another: Another) -> None:
    attempt = pricing.start("openrouter")
    holder = another()
    with holder.connection.transaction():
        holder.do("select from public.pricing_providers where slug = 'openrouter' for update")
        with pricing.as_role("pricing_worker"):
            pricing.row(
                "select * from public.give_up_sync(%s, %s)", attempt.queue_job_id, attempt.number
            )
        pricing.trigger("deepinfra")
        pricing.do("update procrastinate.procrastinate_jobs set scheduled_at = null")
        ((providers, text),) = locked_syncs(pricing)
        assert providers == ["openrouter"]
        assert text.startswith("the provider row is locked by pid")


def test_nothing_is_locked_by_looking(pricing: Pricing, another: Another) -> None:
    pricing.trigger("openrouter")
    looker = another()
    with looker.connection.transaction():
        locked_syncs(looker)
        assert locked_syncs(pricing) == []
        assert pricing.value("select id from public.fetch_queue_row(null, %s)", pricing.worker())


def test_what_waits_behind_a_running_one_is_not_said_to_be_locked(
    pricing: Pricing, another: Another
) -> None:
    pricing.start("openrouter")
    pricing.trigger("openrouter")
    holder = another()
    with holder.connection.transaction():
        holder.do("select from procrastinate.procrastinate_jobs for update")
        assert locked_syncs(pricing) == []
