from __future__ import annotations

import json
from typing import Any

import pytest

from service.prices.price_list import RawModel
from service.providers.adapter import adapter
from service.providers.deepinfra import parse


def read(metadata: str) -> RawModel:
    (model,) = parse(f'{{"data": [{{"id": "m", "metadata": {metadata}}}]}}'.encode()).models
    return model


def test_the_adapter_is_found_by_its_slug() -> None:
    found = adapter("deepinfra")
    assert found.base_url + found.path == "https://api.deepinfra.com/v1/openai/models"


def test_numbers_per_million_lose_their_noise_and_keep_their_text() -> None:
    model = read(
        '{"pricing": {"input_tokens": 0.030000000000000002, "output_tokens": 2.5999999999999996,'
        ' "cache_read_tokens": 0.020000000000000004, "cache_write_tokens": 1}}'
    )
    assert model.as_charged() == {
        "price_per_input_token": "0.00000003",
        "price_per_output_token": "0.0000026",
        "price_per_cache_read_token": "0.00000002",
        "price_per_cache_write_token": "0.000001",
    }
    assert {price.text for price in model.prices} >= {"0.030000000000000002", "1"}
    assert {price.unit.label for price in model.prices} == {"usd_per_1m_tokens"}


@pytest.mark.parametrize(
    "metadata",
    ["null", "{}", '{"pricing": null}', '{"pricing": {}}', '{"pricing": {"input_tokens": null}}'],
)
def test_a_model_without_prices_is_unknown_not_free(metadata: str) -> None:
    assert read(metadata) == RawModel("m")


def test_zero_is_kept_as_published() -> None:
    assert read('{"pricing": {"input_tokens": 0}}').as_charged() == {"price_per_input_token": "0"}


def test_unknown_keys_are_kept_verbatim_and_named() -> None:
    model = read('{"pricing": {"input_tokens": 0.1, "seconds": 0.0005, "note": "beta"}}')
    unread = {"metadata.pricing.seconds": 0.0005, "metadata.pricing.note": "beta"}
    assert model.extra == unread
    assert model.unknown_keys == unread.keys()


@pytest.mark.parametrize(
    ("metadata", "says"),
    [
        ({"pricing": {"input_tokens": -1}}, "input_tokens: -1 is negative"),
        ({"pricing": {"input_tokens": "cheap"}}, 'input_tokens: "cheap" is not a price'),
        ({"pricing": {"output_tokens": False}}, "output_tokens: false is not a price"),
        ({"pricing": [0.1]}, "metadata.pricing is an array"),
        ("none", 'metadata is "none"'),
    ],
)
def test_one_malformed_price_skips_the_model_with_the_reason(metadata: Any, says: str) -> None:
    entries = [{"id": "odd", "metadata": metadata}, {"id": "fine", "metadata": None}]
    listed = parse(json.dumps({"data": entries}).encode())
    assert [model.model_id for model in listed.models] == ["fine"]
    assert listed.skipped[0].model_id == "odd"
    assert says in listed.skipped[0].reason
