"""The overrides in force, as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.db.price_decisions import call, override, prices, said
from tests.db.pricing import Pricing, Row

UNTIL = datetime.now(UTC) + timedelta(days=3)


def shown(pricing: Pricing) -> list[Row]:
    with pricing.as_role("pricing_web"):
        return pricing.rows("select * from public.pricing_active_overrides order by id")


def test_what_is_fixed_and_what_the_provider_says(pricing: Pricing) -> None:
    said(pricing, {"vendor/m": prices("0.3", 2)})
    row = override(
        pricing, "vendor/m", input_per_1m=Decimal("2.5"), prices={"per_image": "0.04"},
        expires_at=UNTIL, author="ann",
    )  # fmt: skip
    said(pricing, {"vendor/m": prices("0.4", None)})

    assert shown(pricing) == [
        {
            "provider": "openrouter",
            "model": "vendor/m",
            "input_per_1m": Decimal("2.5"),
            "output_per_1m": None,
            "provider_input_per_1m": Decimal("0.4"),
            "provider_output_per_1m": None,
            "prices": {"price_per_input_token": "0.0000025", "price_per_image": "0.04"},
            "reason": "contract",
            "created_by": "ann",
            "created_at": row["created_at"],
            "expires_at": UNTIL,
            "id": row["id"],
            "forced": False,
        }
    ]


def test_what_was_replaced_or_cleared_is_not_shown(pricing: Pricing) -> None:
    said(pricing, {"one": prices(1, 2), "two": prices(1, 2)})
    override(pricing, "one", input_per_1m=5)
    newer = override(pricing, "one", input_per_1m=6)
    override(pricing, "two", input_per_1m=5)
    call(pricing, "clear_price_override", provider="openrouter", model="two")

    assert [row["id"] for row in shown(pricing)] == [newer["id"]]
