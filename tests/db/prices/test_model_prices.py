"""Prices for people: USD per million tokens, and whether a price is zero or unknown."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.db.price_decisions import held, listed, override, prices, said
from tests.db.pricing import Pricing, Row, catalogue_price, price

AXES = (
    "input",
    "output",
    "cache_read",
    "cache_write",
    "cache_write_1h",
    "reasoning",
    "input_audio",
    "output_audio",
    "cache_read_audio",
    "input_image",
    "output_image",
)


def shown(pricing: Pricing, model: str = "m") -> Row:
    with pricing.as_role("pricing_web"):
        return pricing.row("select * from public.model_prices where model = %s", model)


def test_each_token_price_is_shown_per_million(pricing: Pricing) -> None:
    tokens = {f"price_per_{axis}_token": f"0.0000{n:02}" for n, axis in enumerate(AXES, start=1)}
    others = {
        "price_per_image": "0.04",
        "price_per_request": "0.01",
        "price_per_web_search": "0.02",
    }
    pricing.sync("openrouter", [price("m", None, None, name="M", **tokens, **others)])
    row = shown(pricing)

    assert (row["provider"], row["name"], row["source"]) == ("openrouter", "M", "api:openrouter")
    assert [row[f"{axis}_per_1m"] for axis in AXES] == list(range(1, 12))
    assert (row["per_image"], row["per_request"], row["per_web_search"]) == (
        Decimal("0.04"),
        Decimal("0.01"),
        Decimal("0.02"),
    )
    assert row["has_conditions"] is False


def test_prices_have_no_trailing_zeros(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("m", "0.000000250000", "0.00001")])
    row = shown(pricing)
    assert (str(row["input_per_1m"]), str(row["output_per_1m"])) == ("0.25", "10")
    assert row["cache_read_per_1m"] is None


@pytest.mark.parametrize(
    ("prices", "state"),
    [
        ({}, "unknown"),
        ({"price_per_request": "0", "price_per_image": "0"}, "unknown"),
        ({"price_per_web_search": "0.01"}, "unknown"),
        ({"price_per_input_token": "0", "price_per_output_token": "0"}, "free"),
        ({"price_per_input_token": "0", "price_per_web_search": "0.01"}, "free"),
        ({"price_per_input_token": "0", "price_per_output_token": "0.1"}, "priced"),
        ({"price_per_input_token": "0", "price_per_request": "0.1"}, "priced"),
        ({"price_per_image": "0.1"}, "priced"),
        ({"price_per_input_audio_token": "0.1"}, "priced"),
        ({"price_per_input_token": "0", "price_per_output_image_token": "0.1"}, "priced"),
    ],
)
def test_free_unknown_or_priced(pricing: Pricing, prices: dict[str, str], state: str) -> None:
    pricing.sync("openrouter", [price("m", None, None, **prices)])
    assert shown(pricing)["price_state"] == state


@pytest.mark.parametrize(
    ("under_it", "state"),
    [
        ({"price_per_output_token": "0.000001"}, "priced"),
        ({"price_per_request": "0.01"}, "priced"),
        ({"price_per_output_token": "0.000"}, "free"),
        ({"price_per_web_search": "0.01"}, "free"),
        ({"price_per_output_token": None}, "unknown"),
    ],
)
def test_a_model_is_free_only_if_it_is_under_every_condition(
    pricing: Pricing, under_it: dict[str, str | None], state: str
) -> None:
    conditions = [{"min_prompt_tokens": 1000} | under_it]
    pricing.sync("openrouter", [price("m", "0", "0", conditions=conditions)])
    assert shown(pricing)["price_state"] == state


def test_conditions_are_pointed_out(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("m", conditions=[{"min_prompt_tokens": 1}])])
    assert shown(pricing)["has_conditions"] is True


def test_a_price_is_confirmed_by_its_own_source(pricing: Pricing) -> None:
    pricing.sync("catalogue", [catalogue_price("openrouter", "from-catalogue")])
    pricing.sync("openrouter", [price("own")])
    pricing.do(
        "update public.pricing_providers set last_success_at = now() - interval '90 minutes'"
        " where slug = 'catalogue'"
    )
    from_catalogue, own = shown(pricing, "from-catalogue"), shown(pricing, "own")
    assert from_catalogue["confirmed_at"] == pricing.provider("catalogue")["last_success_at"]
    assert own["confirmed_at"] == pricing.provider("openrouter")["last_success_at"]
    assert timedelta(minutes=90) <= from_catalogue["confirmed_ago"] < timedelta(minutes=92)


def test_models_of_a_provider_without_a_row_are_shown(pricing: Pricing) -> None:
    pricing.sync("catalogue", [catalogue_price("somebody-else", "m")])
    assert shown(pricing)["provider"] == "somebody-else"


def test_what_waits_is_pointed_out(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2), "other": prices(1, 2)})
    held(pricing, "m", prices(300, 2))
    held(pricing, "other", prices(300, 2), status="rejected", decided_at="now")
    assert (shown(pricing)["is_held"], shown(pricing, "other")["is_held"]) == (True, False)
    assert shown(pricing)["input_per_1m"] == 1


def test_beside_an_override_what_the_provider_says(pricing: Pricing) -> None:
    said(pricing, {"m": prices("0.30", 2)})
    columns = ("is_overridden", "input_per_1m", "provider_input_per_1m", "provider_output_per_1m")
    assert [str(shown(pricing)[c]) for c in columns] == ["False", "0.3", "0.3", "2"]
    override(pricing, input_per_1m=5)
    assert [str(shown(pricing)[c]) for c in columns] == ["True", "5", "0.3", "2"]


def test_an_override_of_what_the_provider_does_not_know(pricing: Pricing) -> None:
    listed(pricing, "m")
    override(pricing, input_per_1m=5)
    row = shown(pricing)
    assert (row["is_overridden"], row["input_per_1m"], row["provider_input_per_1m"]) == (
        True,
        5,
        None,
    )
