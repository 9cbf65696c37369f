from __future__ import annotations

import json
from typing import Any

import pytest

from service.prices.price_list import PriceList, RawModel
from service.providers.adapter import adapter
from service.providers.ovhcloud import parse

ZEROS = {
    "prompt": "0",
    "completion": "0",
    "image": "0",
    "request": "0",
    "input_cache_reads": "0",
    "input_cache_writes": "0",
}


def listed(*pricings: Any) -> PriceList:
    entries = [{"id": f"model-{n}", "pricing": pricing} for n, pricing in enumerate(pricings)]
    return parse(json.dumps({"object": "list", "data": entries}).encode())


def read(**pricing: Any) -> RawModel:
    (model,) = listed({"currency_unit": "USD"} | pricing).models
    return model


def test_the_adapter_is_found_by_its_slug() -> None:
    found = adapter("ovhcloud")
    assert found.base_url == "https://oai.endpoints.kepler.ai.cloud.ovh.net"
    assert found.path == "/v1/models"
    assert found.credential_variable is None


def test_the_documented_sample() -> None:
    """$0.09 and $0.47 per 1M tokens, as strings per token among zeros."""
    model = read(**ZEROS | {"prompt": "0.00000009", "completion": "0.00000047"})
    assert model.as_charged() == {
        "price_per_input_token": "0.00000009",
        "price_per_output_token": "0.00000047",
    }
    assert model.unknown == {
        "pricing.image": "0",
        "pricing.request": "0",
        "pricing.input_cache_reads": "0",
        "pricing.input_cache_writes": "0",
    }
    assert (model.extra, model.unknown_keys) == ({}, frozenset())


def test_every_key_has_its_column_and_its_unit() -> None:
    model = read(
        prompt="0.0000011",
        completion="0.0000022",
        image="0.033",
        request="0.044",
        input_cache_reads="0.00000055",
        input_cache_writes="0.00000066",
    )
    assert model.as_charged() == {
        "price_per_input_token": "0.0000011",
        "price_per_output_token": "0.0000022",
        "price_per_image": "0.033",
        "price_per_request": "0.044",
        "price_per_cache_read_token": "0.00000055",
        "price_per_cache_write_token": "0.00000066",
    }
    assert [price.unit.label for price in model.prices] == [
        *["usd_per_token"] * 2,
        "usd_per_image",
        "usd_per_request",
        *["usd_per_token"] * 2,
    ]


def test_zeros_only_are_unknown_with_their_texts() -> None:
    model = read(**ZEROS)
    assert model.as_charged() == {}
    assert model.unknown == {f"pricing.{key}": "0" for key in ZEROS}


def test_what_comes_out_of_an_embedding_is_at_zero() -> None:
    assert read(prompt="0.00000001", completion="0").as_charged() == {
        "price_per_input_token": "0.00000001",
        "price_per_output_token": "0",
    }


@pytest.mark.parametrize("currency", ["EUR", "", None, 5])
def test_any_other_currency_skips_the_model_and_is_named(currency: Any) -> None:
    found = listed({"currency_unit": currency, "prompt": "0.1"}, {"currency_unit": "USD"})
    assert [model.model_id for model in found.models] == ["model-1"]
    assert found.skipped[0].model_id == "model-0"
    assert "currency_unit" in found.skipped[0].reason
    assert "only USD is read" in found.skipped[0].reason


def test_the_currency_may_be_spelt_in_small_letters() -> None:
    assert read(currency_unit="usd", prompt="0.1").prices


@pytest.mark.parametrize("pricing", [None, {}, {"currency_unit": "EUR"}, {"prompt": None}])
def test_a_model_without_prices_is_unknown_not_free(pricing: Any) -> None:
    (model,) = listed(pricing).models
    assert model == RawModel("model-0")


def test_unknown_keys_are_kept_verbatim_and_named() -> None:
    model = read(prompt="0.1", second="0.5")
    assert model.extra == {"pricing.second": "0.5"}
    assert model.unknown_keys == {"pricing.second"}


@pytest.mark.parametrize(
    ("pricing", "says"),
    [
        ({"currency_unit": "USD", "prompt": "-1"}, 'pricing.prompt: "-1" is negative'),
        ({"currency_unit": "USD", "request": True}, "pricing.request: true is not a price"),
        ("cheap", 'pricing is "cheap"'),
    ],
)
def test_one_malformed_price_skips_the_model_with_the_reason(pricing: Any, says: str) -> None:
    found = listed(pricing, {})
    assert [model.model_id for model in found.models] == ["model-1"]
    assert says in found.skipped[0].reason
