"""An override is changed and ended by its functions, which change the price with it."""

from __future__ import annotations

import pytest

from tests.db.price_decisions import call, charged, override, prices, said
from tests.db.pricing import Pricing, refused


@pytest.mark.parametrize(
    "statement",
    [
        'update pricing_overrides set prices = \'{"price_per_input_token": "1"}\'',
        "update pricing_overrides set ended_at = now(), ended_by = 'me'",
        "update pricing_overrides set ended_at = now() where false",
        "delete from pricing_overrides",
        "truncate pricing_overrides",
        # It would be charged with the next sync, without a look from the guards.
        "insert into pricing_overrides (model_id, prices, reason, created_by)"
        " select model_id, prices, reason, created_by from pricing_overrides",
    ],
)
def test_by_hand_it_is_refused(pricing: Pricing, statement: str) -> None:
    said(pricing, {"m": prices(1, 2)})
    override(pricing, input_per_1m=3)
    if statement.startswith("insert"):
        call(pricing, "clear_price_override", provider="openrouter", model="m")
    with pricing.nothing_written(), refused("PT409") as info:
        pricing.do(statement)
    assert "select clear_price_override(" in str(info.value.diag.message_primary)


def test_its_functions_and_its_expiry_pass(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    override(pricing, input_per_1m=3)
    override(pricing, input_per_1m=4)
    call(pricing, "clear_price_override", provider="openrouter", model="m")
    override(pricing, input_per_1m=5)
    pricing.do("update pricing_overrides set expires_at = now() where ended_at is null")
    assert pricing.value("select end_expired_overrides()") == 1
    assert charged(pricing) == prices(1, 2)


def test_maintenance_passes_and_is_audited(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    override(pricing, input_per_1m=3)
    pricing.maintain("delete from pricing_overrides")
    subjects = pricing.rows("select subject from pricing_audit_log where action = 'maintenance'")
    assert subjects == [{"subject": "pricing_overrides"}]
