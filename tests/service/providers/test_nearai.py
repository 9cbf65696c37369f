"""NEAR AI: one price in two units, which must agree."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from service.prices.price_list import PriceList, RawModel
from service.providers.nearai import ADAPTER, parse


def listed(*pricings: Any, **others: Any) -> PriceList:
    """A list with a model for each ``pricing``, and one that is always readable."""
    data = [{"id": f"lab/m{n}", "pricing": pricing} | others for n, pricing in enumerate(pricings)]
    return parse(json.dumps({"object": "list", "data": [*data, {"id": "fine"}]}).encode())


def read(pricing: Any, **others: Any) -> RawModel:
    model = listed(pricing, **others).models[0]
    assert model.model_id == "lab/m0"
    return model


def test_where_it_is() -> None:
    assert ADAPTER.base_url + ADAPTER.path == "https://cloud-api.near.ai/v1/models"
    assert ADAPTER.credential_variable is None


def test_both_publications_are_one_price_and_the_exact_text_is_kept() -> None:
    model = read(
        {
            "input": 0.15,
            "output": 0.5,
            "prompt": "0.00000015",
            "completion": "0.0000005",
            "image": "0",
            "request": "0",
            "input_cache_read": "0.000000035",
        },
        name="Model Zero",
        context_length=1,
        status={"odd": [1, 2]},
    )
    assert model.name == "Model Zero"
    assert model.as_charged() == {
        "price_per_input_token": "0.00000015",
        "price_per_output_token": "0.0000005",
        "price_per_cache_read_token": "0.000000035",
    }
    assert {price.key: price.text for price in model.prices} == {
        "pricing.prompt": "0.00000015",
        "pricing.completion": "0.0000005",
        "pricing.input_cache_read": "0.000000035",
    }
    assert model.unknown_keys == set()


def test_numbers_alone_are_per_million() -> None:
    model = read({"input": 0.15000000000000002, "output": 3})
    assert model.as_charged() == {
        "price_per_input_token": "0.00000015",
        "price_per_output_token": "0.000003",
    }


@pytest.mark.parametrize("pricing", [None, {}, {"prompt": None, "input": None}])
def test_a_model_without_prices_is_unknown_not_free(pricing: Any) -> None:
    assert read(pricing) == RawModel("lab/m0")


def test_a_cache_at_zero_is_free_only_where_the_model_is() -> None:
    assert read({"prompt": "0.1", "input_cache_read": "0"}) == replace(
        read({"prompt": "0.1"}), unknown={"pricing.input_cache_read": "0"}
    )
    free = read({"prompt": "0", "completion": "0", "input_cache_read": "0"}).as_charged()
    assert free["price_per_cache_read_token"] == "0"


@pytest.mark.parametrize(
    ("pricing", "says"),
    [
        ({"prompt": "0.00000015", "input": 0.16}, "pricing.prompt (0.00000015)"),
        ({"prompt": "0.00000015", "input": 0.00000015}, "but pricing.input"),
        ({"prompt": "0.00000015", "input": 0}, "but pricing.input (0)"),
        ({"completion": "0.000005", "output": 0.5}, "but pricing.output (0.5)"),
        ({"prompt": "free"}, 'pricing.prompt: "free" is not a price'),
        ({"input": -1}, "pricing.input: -1 is negative"),
        ([1], "pricing is an array"),
    ],
)
def test_what_disagrees_or_is_no_price_skips_that_model_only(pricing: Any, says: str) -> None:
    found = listed(pricing)
    assert [model.model_id for model in found.models] == ["fine"]
    assert found.skipped[0].model_id == "lab/m0"
    assert says in found.skipped[0].reason


def rates(uncached: str, cached: str, output: str) -> dict[str, str]:
    return {"uncachedInput": uncached, "cachedInput": cached, "output": output}


PROFILE = {
    "version": 1,
    "currency": "USD",
    "unit": "million_tokens",
    "longContextThreshold": 200_000,
    "tiers": {
        "default": {"short": rates("1.25", "0.1255", "10"), "long": rates("2.5", "0.251", "15")},
        "priority": {"short": rates("2.5", "0.251", "20")},
    },
}
BASE = {"prompt": "0.00000125", "completion": "0.00001", "input_cache_read": "0.000000126"}


def test_text_pricing_has_service_tiers_and_long_prompts() -> None:
    short = {
        "price_per_input_token": "0.0000025",
        "price_per_cache_read_token": "0.000000251",
        "price_per_output_token": "0.00002",
    }
    # The server charges more for long prompts of a tier that has no price for them.
    unknown = dict.fromkeys(short)
    model = read(BASE, textPricing=PROFILE)
    assert model.as_charged() == {
        "price_per_input_token": "0.00000125",
        "price_per_output_token": "0.00001",
        # The finer of two publications that agree.
        "price_per_cache_read_token": "0.0000001255",
        "conditions": [
            {
                "min_prompt_tokens": 200_000,
                "price_per_input_token": "0.0000025",
                "price_per_cache_read_token": "0.000000251",
                "price_per_output_token": "0.000015",
            },
            {"service_tier": "priority"} | short,
            {"service_tier": "priority", "min_prompt_tokens": 200_000} | unknown,
            {"service_tier": "fast"} | short,
            {"service_tier": "fast", "min_prompt_tokens": 200_000} | unknown,
        ],
    }
    assert (model.extra, model.unknown_keys) == ({}, frozenset())


@pytest.mark.parametrize(
    "profile",
    [
        {"default": {"long": {"input": "0.3"}}},
        PROFILE | {"version": 2},
        PROFILE | {"tiers": {"default": {"short": {"input": "1"}}}},
        PROFILE | {"tiers": {"default": {}, "batch": {}}},
        PROFILE | {"longContextThreshold": None},
        "1.25",
        [1],
    ],
)
def test_text_pricing_that_is_not_understood_makes_the_prices_unknown(profile: Any) -> None:
    model = read({"prompt": "0.00000015"}, textPricing=profile)
    assert model.as_charged() == {
        "price_per_input_token": "0.00000015",
        "conditions": [{"textPricing": profile, "price_per_input_token": "0.00000015"}],
    }
    assert "textPricing" in model.extra
    assert "textPricing" in model.unknown_keys


@pytest.mark.parametrize("odd", [{"currency": "CNY"}, {"unit": "thousand_tokens"}])
def test_text_pricing_in_another_currency_or_unit_skips_the_model(odd: dict[str, str]) -> None:
    entry = {"id": "odd", "pricing": BASE, "textPricing": PROFILE | odd}
    found = parse(json.dumps({"data": [entry, {"id": "fine"}]}).encode())
    assert [each.model_id for each in found.skipped] == ["odd"]


def test_new_keys_are_kept_and_reported() -> None:
    model = read({"prompt": "0.00000015", "video": "1"})
    assert model.extra == {"pricing.video": "1"}
    assert model.unknown_keys == {"pricing.video"}
