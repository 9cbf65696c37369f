"""Recognition of our functions in the call stack, however the session quotes names."""

from __future__ import annotations

import pytest

from tests.db.price_decisions import override, prices, said
from tests.db.pricing import Pricing, refused


@pytest.mark.parametrize("quoted", ["on", "off"])
def test_our_functions_are_known(pricing: Pricing, quoted: str) -> None:
    said(pricing, {"m": prices(1, 2)})
    pricing.do(f"set quote_all_identifiers = {quoted}")
    override(pricing, input_per_1m=3)
    override(pricing, input_per_1m=4)
    actions = pricing.rows("select action from pricing_audit_log")
    assert [row["action"] for row in actions] == ["set_price_override"] * 2
    with refused("PT409"):
        pricing.do("update pricing_overrides set ended_at = now() where ended_at is null")


def test_rights_are_compared_however_the_session_writes_names(own_database: Pricing) -> None:
    own_database.do("set quote_all_identifiers = on")
    assert own_database.rows("select * from pricing_access_differences()") == []
