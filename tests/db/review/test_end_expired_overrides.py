"""The tick ends an expired override, with a history row."""

from __future__ import annotations

from tests.db.conftest import Another
from tests.db.price_decisions import (
    audit,
    charged,
    charged_now,
    course,
    override,
    prices,
    said,
)
from tests.db.pricing import Pricing


def overridden(pricing: Pricing, *models: str, provider: str = "openrouter") -> None:
    said(pricing, {model: prices(1, 2) for model in models}, provider=provider)
    for model in models:
        override(pricing, model, provider=provider, input_per_1m=5)


def expire(pricing: Pricing, ago: str = "1 second") -> None:
    pricing.do(
        "update public.pricing_overrides set expires_at = clock_timestamp() - %s::interval", ago
    )


def end_expired(pricing: Pricing) -> int:
    ended: int = pricing.value("select public.end_expired_overrides()")
    return ended


def test_what_the_provider_says_is_in_force_again(pricing: Pricing) -> None:
    overridden(pricing, "m")
    said(pricing, {"m": prices(3, 4)})
    expire(pricing)
    assert end_expired(pricing) == 1
    assert charged(pricing) == prices(3, 4)
    row = pricing.row("select * from public.pricing_overrides")
    assert row["ended_by"] == "expiry"
    assert course(pricing)[-1] == (f"expiry:{row['id']}", True, 3, 4)
    assert end_expired(pricing) == 0
    actions = [row["action"] for row in audit(pricing)]
    assert actions == ["set_price_override", "update_pricing_overrides"], "the test's own two"


def test_what_has_not_expired_stays(pricing: Pricing) -> None:
    overridden(pricing, "m")
    override(pricing, expires_at="tomorrow", input_per_1m=5)
    assert end_expired(pricing) == 0
    expire(pricing, ago="-1 hour")
    assert end_expired(pricing) == 0
    assert charged_now(pricing) == prices(5, 2)


def test_many_of_many_providers(pricing: Pricing) -> None:
    overridden(pricing, "m1", "m2")
    overridden(pricing, "m1", provider="deepinfra")
    expire(pricing)
    assert end_expired(pricing) == 3
    assert charged(pricing, "m1", "deepinfra") == prices(1, 2)
    ids = [row["id"] for row in pricing.rows("select id from public.pricing_overrides order by id")]
    found = pricing.rows(
        "select changed_by from public.model_pricing_history where changed_by like 'expiry:%%'"
        " order by changed_by"
    )
    assert sorted(row["changed_by"] for row in found) == sorted(f"expiry:{it}" for it in ids)


def test_it_does_not_wait_for_sessions_that_write_prices(
    pricing: Pricing, another: Another
) -> None:
    overridden(pricing, "m")
    overridden(pricing, "m", provider="deepinfra")
    expire(pricing)
    sync = another()
    pricing.do("set lock_timeout = '2s'")
    with sync.connection.transaction():
        sync.rows("select public.lock_provider_prices('{openrouter}')")
        assert end_expired(pricing) == 1
        (left,) = pricing.rows("select provider from public.pricing_active_overrides")
        assert left["provider"] == "openrouter"
    assert end_expired(pricing) == 1
    assert charged(pricing) == prices(1, 2)


def test_two_at_once_end_each_once(pricing: Pricing, another: Another) -> None:
    overridden(pricing, "m")
    expire(pricing)
    other = another()
    with pricing.connection.transaction():
        assert end_expired(pricing) == 1
        assert end_expired(other) == 0
    assert [row[0].partition(":")[0] for row in course(pricing)] == ["api_sync", "manual", "expiry"]
