"""Every change that was held, in any state, with what a person needs to know of it."""

from __future__ import annotations

from tests.db.price_decisions import call, held, prices, said
from tests.db.pricing import Pricing


def test_one_that_was_decided_has_its_model_and_its_moves(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    waits = held(pricing, "m", prices(300, 2), **{"class": "large"})
    shown = "select * from public.pricing_held_all where id = %s"
    with pricing.as_role("pricing_web"):
        before = pricing.row(shown, waits)
    assert before["applies_at"] is not None
    call(pricing, "approve_held_price_change", id=waits, approved_by="ann", note="checked")
    with pricing.as_role("pricing_web"):
        row = pricing.row(shown, waits)
    assert (row["provider"], row["model"], row["status"]) == ("openrouter", "m", "approved")
    assert (row["decided_by"], row["decision_note"]) == ("ann", "checked")
    assert (row["input_per_1m_before"], row["input_per_1m_now"]) == (1, 300)
    (move,) = row["moves"]
    assert (move["price"], move["before"], move["after"]) == ("input_per_1m", "1", "300")
    assert row["applies_at"] is None


def test_the_model_costs_nothing_where_it_is_not_asked_for(pricing: Pricing) -> None:
    """Functions that compare lists read the view, too."""
    plan = str(pricing.rows("explain select id, status, prices from public.pricing_held_all"))
    assert "pricing_held_changes" in plan
    assert "model_pricing" not in plan
