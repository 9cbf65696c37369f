"""The last use of a key is recorded at most once a minute, without waiting."""

from __future__ import annotations

from tests.db.conftest import Another
from tests.db.pricing import Pricing

USED = "select last_used_at from public.pricing_keys"


def touch(pricing: Pricing, key_id: str) -> bool:
    with pricing.as_role("pricing_web"):
        touched: bool = pricing.value("select public.touch_pricing_api_key(%s)", key_id)
    return touched


def test_once_a_minute(pricing: Pricing) -> None:
    key_id = pricing.value("select public.create_pricing_api_key('ops')").split("_")[1]
    stale = "select is_stale from public.pricing_api_key(%s)"
    assert (pricing.value(USED), pricing.value(stale, key_id)) == (None, True)
    assert touch(pricing, key_id) is True
    first = pricing.value(USED)
    assert first is not None
    assert (touch(pricing, key_id), pricing.value(USED)) == (False, first)
    assert pricing.value(stale, key_id) is False
    pricing.do("update public.pricing_api_keys set last_used_at = now() - interval '61 seconds'")
    assert touch(pricing, key_id) is True
    assert touch(pricing, "000000000000") is False


def test_it_does_not_wait_for_locked_rows_and_fails_on_no_standby(
    pricing: Pricing, another: Another
) -> None:
    key_id = pricing.value("select public.create_pricing_api_key('ops')").split("_")[1]
    holder = another()
    with holder.connection.transaction():
        holder.do("select from public.pricing_api_keys for update")
        assert touch(pricing, key_id) is False
    pricing.do("set default_transaction_read_only = on")
    assert touch(pricing, key_id) is False
    assert pricing.value(USED) is None
