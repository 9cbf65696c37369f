"""The settings row is the only one, and it must exist."""

from __future__ import annotations

import pytest

from tests.db.agreement import assert_agreed
from tests.db.pricing import Pricing, refused


@pytest.mark.parametrize("statement", ["delete from", "truncate"])
def test_it_stays(pricing: Pricing, statement: str) -> None:
    with refused("PT409"):
        pricing.do(f"{statement} public.pricing_settings")
    assert pricing.value("select count(*) from public.pricing_settings") == 1


@pytest.mark.parametrize(
    "setting",
    ["heartbeat_interval", "lease", "queued_timeout", "retention"],
)
def test_what_is_no_time_any_more_is_refused(pricing: Pricing, setting: str) -> None:
    with refused("23514"):
        pricing.do(f"update public.pricing_settings set {setting} = '9999 years'")


@pytest.mark.parametrize("column", ["sync_interval", "timeout"])
def test_so_it_is_with_a_provider(pricing: Pricing, column: str) -> None:
    with refused("23514"):
        pricing.do(f"update public.pricing_providers set {column} = '9999 years'")


def test_the_longest_of_all_stop_nothing(pricing: Pricing) -> None:
    """Everything that computes a time from them still works."""
    pricing.do(
        "update public.pricing_settings set heartbeat_interval = '1 hour', lease = '1 day',"
        " queued_timeout = '100 years', retention = '100 years', scheduler_enabled = true"
    )
    pricing.do(
        "update public.pricing_providers set sync_interval = '100 years', timeout = '100 years'"
    )
    pricing.start("openrouter")
    pricing.trigger("deepinfra")
    for function in (
        "cleanup_stuck_pricing_syncs()",
        "tick_pricing_schedule('worker')",
        "tick_pricing_schedule('pg_cron')",
        "stuck_pricing_syncs()",
        "pricing_doctor()",
        "pricing_scheduler_status()",
    ):
        pricing.rows(f"select * from public.{function}")
    ticks = pricing.rows("select last_error from public.pricing_scheduler_ticks")
    assert [tick["last_error"] for tick in ticks] == [None, None]
    assert_agreed(pricing.connection)
