"""Cerebras: strings per token."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.prices.price_list import PriceList, RawModel
from service.providers.cerebras import ADAPTER, parse


def listed(pricing: Any, **others: Any) -> PriceList:
    data = [{"id": "m", "pricing": pricing} | others, {"id": "fine"}]
    return parse(json.dumps({"object": "list", "data": data}).encode())


def test_the_public_address_is_asked_without_a_key() -> None:
    assert ADAPTER.base_url + ADAPTER.path == "https://api.cerebras.ai/public/v1/models"
    assert ADAPTER.credential_variable is None


def test_strings_are_per_token() -> None:
    model = listed(
        {"prompt": "0.00000099", "completion": "0.00000149"},
        name="The Model",
        limits=None,
        deprecated=False,
    ).models[0]
    assert model.name == "The Model"
    assert model.as_charged() == {
        "price_per_input_token": "0.00000099",
        "price_per_output_token": "0.00000149",
    }
    assert [price.key for price in model.prices] == ["pricing.prompt", "pricing.completion"]


@pytest.mark.parametrize("pricing", [None, {}, {"prompt": None}])
def test_a_model_without_prices_is_unknown_not_free(pricing: Any) -> None:
    assert listed(pricing).models[0] == RawModel("m")


def test_new_keys_are_kept_and_reported() -> None:
    model = listed({"prompt": "0.1", "input_cache_read": "0.01"}).models[0]
    assert model.extra == {"pricing.input_cache_read": "0.01"}
    assert model.unknown_keys == {"pricing.input_cache_read"}


@pytest.mark.parametrize(
    ("pricing", "says"),
    [
        ({"prompt": "1,5"}, 'pricing.prompt: "1,5" is not a price'),
        ({"completion": "-0.1"}, 'pricing.completion: "-0.1" is negative'),
        ("none", 'pricing is "none"'),
    ],
)
def test_one_malformed_price_skips_that_model_only(pricing: Any, says: str) -> None:
    found = listed(pricing)
    assert [model.model_id for model in found.models] == ["fine"]
    assert says in found.skipped[0].reason
