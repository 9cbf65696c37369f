from __future__ import annotations

import json
from typing import Any

import pytest

from service.prices.price_list import PriceList, RawModel
from service.providers.adapter import adapter
from service.providers.chutes import parse


def listed(*entries: Any) -> PriceList:
    return parse(json.dumps({"object": "list", "data": entries}).encode())


def read(**entry: Any) -> RawModel:
    (model,) = listed({"id": "maker/model-tee"} | entry).models
    return model


def reason(**entry: Any) -> str:
    found = listed({"id": "odd"} | entry, {"id": "fine"})
    assert [model.model_id for model in found.models] == ["fine"]
    (skipped,) = found.skipped
    assert skipped.model_id == "odd"
    return skipped.reason


def test_the_adapter_is_found_by_its_slug() -> None:
    found = adapter("chutes")
    assert found.base_url + found.path == "https://llm.chutes.ai/v1/models"
    assert found.credential_variable is None


def test_the_documented_sample() -> None:
    """OpenRouter's names, in USD per 1M tokens; the same prices again in dollars and in a coin."""
    model = read(
        pricing={"prompt": 0.104, "completion": 0.416, "input_cache_read": 0.052},
        price={
            "input": {"tao": 0.000526, "usd": 0.104},
            "output": {"tao": 0.002107, "usd": 0.416},
            "input_cache_read": {"tao": 0.000263, "usd": 0.052},
        },
    )
    assert model.as_charged() == {
        "price_per_input_token": "0.000000104",
        "price_per_output_token": "0.000000416",
        "price_per_cache_read_token": "0.000000052",
    }
    assert {price.unit.label for price in model.prices} == {"usd_per_1m_tokens"}
    assert {price.key: price.text for price in model.prices} == {
        "pricing.prompt": "0.104",
        "pricing.completion": "0.416",
        "pricing.input_cache_read": "0.052",
    }
    assert (model.extra, model.unknown_keys) == ({}, frozenset())


def test_the_coin_changes_nothing() -> None:
    models = [
        read(pricing={"prompt": 0.5}, price={"input": {"tao": tao, "usd": 0.5}})
        for tao in (0.001, 0.9, None, "gone")
    ]
    assert models == [models[0]] * 4


@pytest.mark.parametrize(
    "price",
    [
        None,
        {},
        {"input": None},
        {"input": {}},
        {"input": {"usd": None}},
        {"input": {"usd": 0.30000000000000004}},
    ],
)
def test_what_is_said_once_or_alike_is_the_price(price: Any) -> None:
    assert read(pricing={"prompt": 0.3}, price=price).as_charged() == {
        "price_per_input_token": "0.0000003"
    }


def test_a_price_that_is_said_in_dollars_alone_is_a_price() -> None:
    assert read(price={"input": {"usd": 0.3}}).as_charged() == {
        "price_per_input_token": "0.0000003"
    }


@pytest.mark.parametrize("pricing", [None, {}, {"prompt": None}])
def test_a_model_without_prices_is_unknown_not_free(pricing: Any) -> None:
    assert read(pricing=pricing) == RawModel("maker/model-tee")


def test_unknown_keys_are_kept_verbatim_and_named() -> None:
    model = read(pricing={"prompt": 1, "image": 0.5}, price={"second": {"usd": 0.2}})
    assert model.extra == {"pricing.image": 0.5, "price.second": {"usd": 0.2}}
    assert model.unknown_keys == {"pricing.image", "price.second"}


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (
            {"pricing": {"prompt": 0.104}, "price": {"input": {"usd": 0.000000104}}},
            "pricing.prompt (0.104) is USD 0.000000104 per unit, but price.input.usd",
        ),
        ({"pricing": {"completion": 2}, "price": {"output": {"usd": 2.6}}}, "price.output.usd"),
        (
            {"pricing": {"input_cache_read": 2}, "price": {"input_cache_read": {"usd": 0}}},
            "price.input_cache_read.usd",
        ),
        ({"pricing": {"prompt": 2}, "price": {"input": {"usd": "two"}}}, "price.input.usd"),
        ({"pricing": {"prompt": 2}, "price": {"input": 2}}, "price.input is 2"),
        ({"pricing": {"prompt": 2}, "price": 2}, "price is 2"),
        ({"pricing": {"prompt": -2}}, "pricing.prompt: -2 is negative"),
        ({"pricing": [2]}, "pricing is an array"),
    ],
)
def test_two_prices_that_disagree_skip_the_model(entry: Any, says: str) -> None:
    assert says in reason(**entry)


@pytest.mark.parametrize(("usd", "charged"), [(2.5, {}), (0, {"price_per_input_token": "0"})])
def test_zeros_beside_another_thing_that_costs_something_are_unknown(
    usd: float, charged: dict[str, str]
) -> None:
    model = read(pricing={"prompt": 0}, price={"input": {"usd": 0}, "hourly": {"usd": usd}})
    assert model.as_charged() == charged
    assert model.extra == {"price.hourly": {"usd": usd}}
