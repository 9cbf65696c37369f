"""Storage of the catalogue's numbers beside the prices."""

from __future__ import annotations

import pytest
from psycopg.types.json import Jsonb

from tests.db.price_decisions import prices
from tests.db.pricing import Pricing, Row, catalogue_price, price, refused


def store(
    pricing: Pricing,
    *reference: Row,
    provider: str = "openrouter",
    version: str = "genai-prices@1",
) -> int:
    stored: int = pricing.value(
        "select public.store_pricing_catalogue(%s, %s, %s)",
        *(provider, Jsonb(list(reference)), version),
    )
    return stored


def known(pricing: Pricing) -> dict[tuple[str, str], Row]:
    return {
        (row["provider_slug"], row["model_id"]): row
        for row in pricing.rows("select * from public.pricing_catalogue_prices")
    }


def test_each_number_is_kept_under_its_exact_id(pricing: Pricing) -> None:
    assert (
        store(
            pricing,
            {"model_id": "M", "prices": {"price_per_input_token": "1.50", "conditions": [{}]}},
            {"model_id": "m", "prices": {}, "provider": "openrouter"},
        )
        == 2
    )
    row = known(pricing)["openrouter", "M"]
    assert (row["prices"], row["version"]) == ({"price_per_input_token": "1.5"}, "genai-prices@1")
    assert known(pricing)["openrouter", "m"]["prices"] == {}


def test_the_catalogue_alone_names_other_providers(pricing: Pricing) -> None:
    named: Row = {"model_id": "m", "prices": prices("1"), "provider": "openrouter"}
    assert store(pricing, named, provider="catalogue") == 1
    with pricing.nothing_written():
        assert store(pricing, named | {"prices": prices("9")}, provider="cerebras") == 0


def test_only_what_is_new_is_written(pricing: Pricing) -> None:
    reference = [{"model_id": name, "prices": prices("1")} for name in "abc"]
    store(pricing, *reference)
    with pricing.nothing_written():
        assert store(pricing, *reference) == 0
    was = known(pricing)["openrouter", "b"]
    assert store(pricing, reference[0], {"model_id": "b", "prices": prices("2")}) == 1
    row = known(pricing)["openrouter", "b"]
    assert row["prices"] == prices("2")
    assert row["updated_at"] > was["updated_at"]
    assert len(known(pricing)) == 3
    assert store(pricing, *reference, version="genai-prices@2") == 3


@pytest.mark.parametrize("amount", ["NaN", "-1"])
def test_what_is_no_price_is_refused(pricing: Pricing, amount: str) -> None:
    with refused("23514"):
        store(pricing, {"model_id": "m", "prices": {"price_per_input_token": amount}})


def test_the_catalogue_s_sync_keeps_all_that_it_lists(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("own")])
    pricing.sync(
        "catalogue",
        [
            catalogue_price("openrouter", "own", "9", "9"),
            catalogue_price("openai", "new", "3", "0"),
        ],
    )
    assert {key: row["prices"] for key, row in known(pricing).items()} == {
        ("openrouter", "own"): {"price_per_input_token": "9", "price_per_output_token": "9"},
        ("openai", "new"): {"price_per_input_token": "3", "price_per_output_token": "0"},
    }
    assert {row["version"] for row in known(pricing).values()} == {"genai-prices@0.2.3"}
    assert pricing.model("own")["pricing_source"] == "api:openrouter"


def test_a_provider_s_sync_brings_the_numbers_for_its_list(pricing: Pricing) -> None:
    reference = [{"model_id": "m", "prices": prices("1")}]
    pricing.sync(
        "openrouter", [price("m")], reference=reference, reference_version="genai-prices@3"
    )
    assert known(pricing)["openrouter", "m"]["version"] == "genai-prices@3"
    pricing.sync("openrouter", [price("m")])
    assert known(pricing)["openrouter", "m"]["prices"] == prices("1")
