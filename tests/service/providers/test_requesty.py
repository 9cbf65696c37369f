from __future__ import annotations

import json
from typing import Any

import pytest

from service.prices.price_list import PriceList, RawModel
from service.providers.adapter import adapter
from service.providers.requesty import parse


def listed(*entries: Any) -> PriceList:
    return parse(json.dumps({"object": "list", "data": entries}).encode())


def read(**entry: Any) -> RawModel:
    (model,) = listed({"id": "maker/model", "context_window": 1000} | entry).models
    return model


def test_the_adapter_is_found_by_its_slug() -> None:
    found = adapter("requesty")
    assert found.base_url + found.path == "https://router.requesty.ai/v1/models"
    assert found.credential_variable is None


def test_the_documented_sample() -> None:
    """USD per token in scientific notation; `caching` is for writes, `cached` for reads."""
    (model,) = parse(
        b'{"data": [{"id": "maker/model", "input_price": 2.5e-06, "caching_price": 3.125e-06,'
        b' "cached_price": 2.5e-07, "output_price": 7.5e-06, "supports_caching": true}]}'
    ).models
    assert model.as_charged() == {
        "price_per_input_token": "0.0000025",
        "price_per_output_token": "0.0000075",
        "price_per_cache_write_token": "0.000003125",
        "price_per_cache_read_token": "0.00000025",
    }
    assert {price.unit.label for price in model.prices} == {"usd_per_token"}
    assert {price.key: price.text for price in model.prices}["cached_price"] == "2.5e-07"
    assert (model.extra, model.unknown_keys) == ({}, frozenset())


@pytest.mark.parametrize("entry", [{}, {"input_price": None}])
def test_a_model_without_prices_is_unknown_not_free(entry: Any) -> None:
    assert read(**entry) == RawModel("maker/model")


@pytest.mark.parametrize("supports_caching", [False, None, "true"])
def test_a_cache_at_zero_that_there_is_none_of_is_unknown(supports_caching: Any) -> None:
    model = read(
        input_price=1e-6,
        output_price=0,
        cached_price=0,
        caching_price=0,
        supports_caching=supports_caching,
    )
    assert model.as_charged() == {
        "price_per_input_token": "0.000001",
        "price_per_output_token": "0",
    }
    assert model.unknown == {"cached_price": "0", "caching_price": "0"}


def test_a_zero_of_one_kind_of_token_is_as_published_and_one_of_the_cache_is_unknown() -> None:
    model = read(input_price=1e-6, output_price=0, caching_price=0, supports_caching=True)
    assert model.as_charged() == {
        "price_per_input_token": "0.000001",
        "price_per_output_token": "0",
    }
    assert model.unknown == {"caching_price": "0"}


def test_a_price_of_a_cache_counts_whatever_it_says_of_having_one() -> None:
    assert read(cached_price=1e-7, supports_caching=False).as_charged() == {
        "price_per_cache_read_token": "0.0000001"
    }


def test_a_model_with_zeros_only_is_unknown() -> None:
    model = read(input_price=0, output_price=0.0, cached_price=0, supports_caching=True)
    assert model.as_charged() == {}
    assert model.unknown == {"input_price": "0", "output_price": "0.0", "cached_price": "0"}


def test_unknown_prices_are_kept_verbatim_and_named() -> None:
    model = read(input_price=1e-6, image_price=0.04, vision=True)
    assert model.extra == {"image_price": 0.04}
    assert model.unknown_keys == {"image_price"}


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"input_price": -1}, "input_price: -1 is negative"),
        ({"output_price": "cheap"}, 'output_price: "cheap" is not a price'),
        ({"cached_price": True}, "cached_price: true is not a price"),
        ({"caching_price": [1]}, "caching_price: an array is not a price"),
    ],
)
def test_one_malformed_price_skips_the_model_with_the_reason(entry: Any, says: str) -> None:
    found = listed({"id": "odd"} | entry, {"id": "fine"})
    assert [model.model_id for model in found.models] == ["fine"]
    assert says in found.skipped[0].reason


def tier(above: int, price_in: float, price_out: float, **more: Any) -> dict[str, Any]:
    prices = {"input_price": price_in, "output_price": price_out}
    return {"prompt_tokens_threshold": above} | prices | more


def test_a_tier_is_for_prompts_of_more_tokens_than_its_threshold() -> None:
    flat = {"input_price": 1.25e-6, "output_price": 1e-5, "cached_price": 1.25e-7}
    tiers = [
        tier(200_000, 2.5e-6, 1.5e-5, cached_price=2.5e-7),
        tier(0, 1.25e-6, 1e-5, cached_price=1.25e-7),
    ]
    for prices in (flat, {}, dict.fromkeys(flat, 0)):
        model = read(pricing=tiers, supports_caching=True, **prices)
        assert model.as_charged() == {
            "price_per_input_token": "0.00000125",
            "price_per_output_token": "0.00001",
            "price_per_cache_read_token": "0.000000125",
            "conditions": [
                {
                    "min_prompt_tokens": 200_000,
                    "price_per_input_token": "0.0000025",
                    "price_per_output_token": "0.000015",
                    "price_per_cache_read_token": "0.00000025",
                }
            ],
        }
        assert (model.extra, model.unknown_keys) == ({}, frozenset())


def test_a_model_is_free_where_all_its_tiers_are() -> None:
    free = {"price_per_input_token": "0", "price_per_output_token": "0"}
    assert read(input_price=0, output_price=0, pricing=[tier(0, 0, 0)]).as_charged() == free
    cached = {"input_price": 0, "output_price": 0, "cached_price": 0, "pricing": [tier(0, 0, 0)]}
    assert read(**cached, supports_caching=False).as_charged() == free
    assert read(**cached, supports_caching=True).as_charged() == free | {
        "price_per_cache_read_token": "0"
    }
    model = read(input_price=0, output_price=0, pricing=[tier(0, 0, 0), tier(9, 1e-6, 0)])
    assert model.as_charged() == free | {
        "conditions": [
            {
                "min_prompt_tokens": 9,
                "price_per_input_token": "0.000001",
                "price_per_output_token": "0",
            }
        ]
    }


def test_a_tier_that_says_more_is_a_condition_with_that_key() -> None:
    model = read(pricing=[tier(0, 1e-6, 2e-6), tier(9, 3e-6, 4e-6, hour=5)])
    assert model.as_charged()["conditions"] == [
        {
            "hour": 5,
            "min_prompt_tokens": 9,
            "price_per_input_token": "0.000003",
            "price_per_output_token": "0.000004",
        }
    ]
    assert model.extra == {"pricing[].hour": 5}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"pricing": {"input_price": 1}}, "pricing is an object, not an array"),
        ({"pricing": [1]}, "pricing[0] is 1, not an object"),
        ({"pricing": [{"input_price": 1}]}, "pricing[0].prompt_tokens_threshold"),
        ({"pricing": [tier(0, 2e-6, 1)], "input_price": 3e-6}, "pricing[0].input_price"),
        ({"pricing": [tier(n, 1, 1) for n in range(101)]}, "101 tiers"),
    ],
)
def test_tiers_that_are_not_understood_skip_the_model(more: Any, says: str) -> None:
    body = json.dumps({"data": [{"id": "odd"} | more, {"id": "fine"}]}).encode()
    found = parse(body)
    assert [model.model_id for model in found.models] == ["fine"]
    assert says in found.skipped[0].reason


def input_tier(threshold: int, price: float, **others: Any) -> dict[str, Any]:
    return {"prompt_tokens_threshold": threshold, "input_price": price} | others


def test_two_tiers_from_one_threshold_on_must_agree() -> None:
    same = read(
        input_price=1e-6, pricing=[input_tier(0, 1e-6), input_tier(9, 2e-6), input_tier(9, 2e-6)]
    )
    assert len(same.conditions) == 1
    found = listed(
        {"id": "odd", "pricing": [input_tier(9, 2e-6), input_tier(9, 3e-6)]},
        {"id": "fine"},
    )
    assert [skipped.model_id for skipped in found.skipped] == ["odd"]


def test_a_tier_whose_price_is_not_read_is_not_the_base() -> None:
    model = read(
        input_price=1e-6,
        output_price=2e-6,
        pricing=[input_tier(0, 1e-6), {"prompt_tokens_threshold": 9, "rate": 5}],
    )
    assert model.as_charged()["conditions"] == [
        {
            "rate": 5,
            "min_prompt_tokens": 9,
            "price_per_input_token": None,
            "price_per_output_token": None,
        }
    ]


def test_a_tier_from_0_on_with_a_condition_is_not_the_base() -> None:
    batch = input_tier(0, 5e-7, service_tier="batch")
    model = read(input_price=1e-6, pricing=[input_tier(0, 1e-6), batch])
    assert model.as_charged() == {
        "price_per_input_token": "0.000001",
        "conditions": [{"service_tier": "batch", "price_per_input_token": "0.0000005"}],
    }


def test_flat_zeros_beside_higher_tiers_alone_are_unknown() -> None:
    model = read(input_price=0, output_price=0, pricing=[input_tier(9, 2e-6)])
    assert list(model.as_charged()) == ["conditions"]


def test_false_is_a_condition_too() -> None:
    model = read(input_price=1e-6, pricing=[input_tier(9, 2e-6, is_batch=False)])
    assert model.conditions[0].when == {"is_batch": False}
