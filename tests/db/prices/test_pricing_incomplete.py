"""Models of which a price was published and not read."""

from __future__ import annotations

from tests.db.pricing import Pricing, price

SAID = {"pricing.song": "0.08", "costs": {"image": 3}}


def test_what_was_not_read_is_named_and_shown(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("a", "1", "2", extra=SAID), price("b", "1", "2")])
    with pricing.as_role("pricing_web"):
        row = pricing.row("select * from public.pricing_incomplete")
        unread = pricing.rows("select model, unread from public.model_prices order by model")
    assert (row["provider"], row["model"], row["price_state"]) == ("openrouter", "a", "priced")
    assert (row["unread"], row["published"]) == (["costs", "pricing.song"], SAID)
    assert [(each["model"], each["unread"]) for each in unread] == [
        ("a", ["costs", "pricing.song"]),
        ("b", []),
    ]


def test_only_models_that_are_sold(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("a", extra=SAID)])
    pricing.maintain("update public.model_pricing set is_active = false")
    assert pricing.rows("select * from public.pricing_incomplete") == []


def test_what_is_read_by_the_next_list_is_no_longer_there(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("a", "1", "2", extra=SAID)])
    pricing.sync("openrouter", [price("a", "1", "2")])
    assert pricing.rows("select * from public.pricing_incomplete") == []
