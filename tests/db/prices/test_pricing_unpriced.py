"""Active models without a price, and the reason."""

from __future__ import annotations

from tests.db.price_decisions import call, held, listed, override, prices, said
from tests.db.pricing import Pricing


def unpriced(pricing: Pricing) -> dict[str, tuple[str, int | None]]:
    with pricing.as_role("pricing_web"):
        rows = pricing.rows("select * from public.pricing_unpriced")
    return {row["model"]: (row["why"], row["held_id"]) for row in rows}


def test_why(pricing: Pricing) -> None:
    listed(pricing, "said", "held", "rejected", "missing", "gone", "no number", "by the minute")
    waits = held(pricing, "held", prices(3000, 1))
    refused = held(pricing, "rejected", prices(3000, 1))
    call(pricing, "reject_held_price_change", id=refused)
    pricing.maintain(
        "update public.model_pricing set missing_count = 1 where model_id in ('missing', 'gone')"
    )
    pricing.maintain("update public.model_pricing set is_active = false where model_id = 'gone'")
    pricing.maintain(
        "update public.model_pricing set pricing_source = 'catalogue:test'"
        " where model_id = 'no number'"
    )
    pricing.maintain(
        "update public.model_pricing set pricing_source = 'catalogue:test',"
        " extra = '{\"input_audio_minute\": \"0.006\"}' where model_id = 'by the minute'"
    )
    assert unpriced(pricing) == {
        "by the minute": ("only in extra", None),
        "said": ("said unknown", None),
        "held": ("held", waits),
        "rejected": ("rejected", refused),
        "missing": ("not in the list", None),
        "no number": ("not in the catalogue", None),
    }


def test_what_has_a_price(pricing: Pricing) -> None:
    said(pricing, {"priced": prices(1, 2), "free": prices(0, 0), "fee": {"price_per_image": "1"}})
    listed(pricing, "fixed")
    override(pricing, "fixed", input_per_1m=1)
    assert unpriced(pricing) == {}


def test_a_fee_of_nothing_is_no_price(pricing: Pricing) -> None:
    said(pricing, {"m": {"price_per_image": "0"}})
    assert unpriced(pricing) == {"m": ("said unknown", None)}


def test_what_has_lost_its_price(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    said(pricing, {"m": {}})
    row = pricing.row("select * from public.pricing_unpriced")
    assert row["why"] == "said unknown"
    assert row["lost_at"] == pricing.history("m")[-1]["changed_at"]


def test_a_rejection_of_what_is_said_no_more_is_no_reason(pricing: Pricing) -> None:
    listed(pricing, "m")
    call(pricing, "reject_held_price_change", id=held(pricing, "m", prices(3000, 1)))
    pricing.do("update public.pricing_held_changes set still_said = false")
    assert unpriced(pricing) == {"m": ("said unknown", None)}
