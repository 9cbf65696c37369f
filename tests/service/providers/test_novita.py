"""Novita AI: ten-thousandths of a USD per 1M tokens, published up to three times."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.prices.price_list import PriceList, RawModel
from service.providers.novita import ADAPTER, parse


def listed(entry: dict[str, Any]) -> PriceList:
    return parse(json.dumps({"data": [{"id": "lab/m"} | entry, {"id": "fine"}]}).encode())


def read(entry: dict[str, Any]) -> RawModel:
    return listed(entry).models[0]


def test_where_it_is() -> None:
    assert ADAPTER.base_url + ADAPTER.path == "https://api.novita.ai/v3/openai/models"
    assert ADAPTER.credential_variable is None


def test_numbers_are_ten_thousandths_of_a_dollar_per_million() -> None:
    model = read(
        {
            "input_token_price_per_m": 630,
            "output_token_price_per_m": 50000,
            "title": "lab/m",
            "display_name": "The Model",
            "status": 1,
            "permission": None,
        }
    )
    assert model.name == "The Model"
    assert model.as_charged() == {
        "price_per_input_token": "0.000000063",
        "price_per_output_token": "0.000005",
    }
    assert {price.unit.label for price in model.prices} == {"usd_0.0001_per_1m_tokens"}
    assert model.unknown_keys == set()


@pytest.mark.parametrize(("said", "usd"), [(0.5, "0.00000000005"), ("630.25", "0.000000063025")])
def test_fractions_and_strings_keep_the_unit(said: Any, usd: str) -> None:
    assert read({"input_token_price_per_m": said}).as_charged() == {"price_per_input_token": usd}


def test_minus_one_is_unknown() -> None:
    model = read({"input_token_price_per_m": -1, "pricing": {"completion": {"price_per_m": -1}}})
    assert model.as_charged() == {}
    assert model.unknown == {
        "input_token_price_per_m": "-1",
        "pricing.completion.price_per_m": "-1",
    }


def test_all_publications_of_a_newer_list_are_one_price() -> None:
    model = read(
        {
            "input_token_price_per_m": 1500,
            "output_token_price_per_m": 5000,
            "is_tiered_billing": False,
            "tiered_billing_configs": [],
            "pricing": {
                "prompt": {"price_per_m": 1500, "price_per_m_decimal": "0.15"},
                "completion": {"price_per_m": 5000, "price_per_m_decimal": "0.5"},
                "input_cache_read": {"price_per_m": 300},
                "input_cache_write": {"price_per_m_decimal": "0.1875"},
            },
        }
    )
    assert model.as_charged() == {
        "price_per_input_token": "0.00000015",
        "price_per_output_token": "0.0000005",
        "price_per_cache_read_token": "0.00000003",
        "price_per_cache_write_token": "0.0000001875",
    }
    assert model.extra == {}


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (
            {"input_token_price_per_m": 1500, "pricing": {"prompt": {"price_per_m": 1600}}},
            "but pricing.prompt.price_per_m (1600)",
        ),
        (
            {"pricing": {"prompt": {"price_per_m": 1500, "price_per_m_decimal": "1500"}}},
            "but pricing.prompt.price_per_m_decimal (1500)",
        ),
        (
            {"output_token_price_per_m": 0, "pricing": {"completion": {"price_per_m": 1}}},
            "but pricing.completion.price_per_m (1)",
        ),
        ({"input_token_price_per_m": -2}, "input_token_price_per_m: -2 is negative"),
        ({"input_token_price_per_m": False}, "input_token_price_per_m: false is not a price"),
        ({"pricing": {"prompt": {"price_per_m": "x"}}}, 'pricing.prompt.price_per_m: "x"'),
        ({"pricing": 3}, "pricing is 3"),
    ],
)
def test_what_disagrees_or_is_no_price_skips_that_model_only(
    entry: dict[str, Any], says: str
) -> None:
    found = listed(entry)
    assert [model.model_id for model in found.models] == ["fine"]
    assert says in found.skipped[0].reason


@pytest.mark.parametrize(
    "entry", [{}, {"pricing": None}, {"pricing": {}}, {"pricing": {"prompt": None}}]
)
def test_a_model_without_prices_is_unknown_not_free(entry: dict[str, Any]) -> None:
    assert read(entry) == RawModel("lab/m")


def test_zero_without_tiers_is_kept_as_published() -> None:
    assert read({"input_token_price_per_m": 0}).as_charged() == {"price_per_input_token": "0"}


TIERS = [{"min_tokens": 1, "max_tokens": 9, "pricing": {"prompt": {"price_per_m": 10}}}]


def test_a_flat_zero_beside_tiers_is_unknown() -> None:
    flat = {"input_token_price_per_m": 0, "output_token_price_per_m": 5}
    model = read(flat | {"tiered_billing_configs": TIERS})
    assert model.as_charged() == {
        "price_per_input_token": "0.000000001",
        "price_per_output_token": "0.0000000005",
    }
    assert model.unknown == {"input_token_price_per_m": "0"}


def test_tiers_that_are_there_but_not_said_leave_no_price_certain() -> None:
    flat = {"input_token_price_per_m": 0, "output_token_price_per_m": 5}
    model = read(flat | {"is_tiered_billing": True})
    assert model.as_charged() == {
        "price_per_output_token": "0.0000000005",
        "conditions": [{"is_tiered_billing": True, "price_per_output_token": "0.0000000005"}],
    }


def tier(start: int, end: int | None, prompt: int, completion: int, **more: Any) -> Any:
    prices = {"prompt": {"price_per_m": prompt}, "completion": {"price_per_m": completion}}
    return {"min_tokens": start, "max_tokens": end, "pricing": prices} | more


def test_a_tier_begins_with_its_first_number_of_tokens() -> None:
    flat = {"input_token_price_per_m": 3000, "output_token_price_per_m": 12000}
    tiers = [tier(524_288, 1_000_000, 6000, 24000), tier(1, 524_288, 3000, 12000)]
    for entry in ({}, flat, dict.fromkeys(flat, 0)):
        tiered = {"is_tiered_billing": True, "tiered_billing_configs": tiers}
        model = read(entry | tiered)
        assert model.as_charged() == {
            "price_per_input_token": "0.0000003",
            "price_per_output_token": "0.0000012",
            "conditions": [
                {
                    "min_prompt_tokens": 524_287,
                    "price_per_input_token": "0.0000006",
                    "price_per_output_token": "0.0000024",
                }
            ],
        }
        assert (model.extra, model.unknown_keys) == ({}, frozenset())


def test_a_tier_that_says_more_is_a_condition_with_that_key() -> None:
    tiers = [tier(1, 9, 10, 20), tier(9, None, 30, 40, hour=5)]
    model = read({"tiered_billing_configs": tiers})
    assert model.as_charged()["conditions"] == [
        {
            "hour": 5,
            "min_prompt_tokens": 8,
            "price_per_input_token": "0.000000003",
            "price_per_output_token": "0.000000004",
        }
    ]
    assert model.extra == {"tiered_billing_configs[].hour": 5}


@pytest.mark.parametrize(
    ("tiers", "says"),
    [
        ([tier(1, 9, 1, 1), tier(20, 30, 2, 2)], "leave a gap"),
        ([tier(1, 9, 1, 1), tier(5, 30, 2, 2)], "leave a gap or overlap"),
        ([{"pricing": {}}], "tiered_billing_configs[0].min_tokens"),
        ({}, None),
        ({"a": 1}, "tiered_billing_configs is an object"),
        ([7], "tiered_billing_configs[0] is 7"),
    ],
)
def test_tiers_that_are_not_understood_skip_the_model(tiers: Any, says: str | None) -> None:
    found = listed({"input_token_price_per_m": 1, "tiered_billing_configs": tiers})
    if says is None:
        assert found.skipped == ()
    else:
        assert says in found.skipped[0].reason


def test_the_coarser_of_two_publications_may_be_rounded() -> None:
    cached = {"price_per_m": 36, "price_per_m_decimal": "0.00361"}
    model = read({"pricing": {"input_cache_read": cached}})
    assert model.as_charged() == {"price_per_cache_read_token": "0.00000000361"}


def test_what_is_said_of_another_thing_is_kept_as_one() -> None:
    """The thing's name is kept once, however long it is and however many values it has."""
    model = read({"pricing": {"song" * 100: {str(n): 1 for n in range(50)}}})
    (key,) = model.extra
    assert key == "pricing." + "song" * 100


def test_whatever_else_is_about_prices_are_kept_and_reported() -> None:
    more: dict[str, Any] = {
        "input_token_price_per_m": 10,
        "multimodal_pricing": {"audio": 3},
        "image_price": 4,
        "pricing": {"audio": 7, "prompt": {"price_per_m": 10, "discount": "half"}},
    }
    model = read(more)
    assert model.as_charged() == {"price_per_input_token": "0.000000001"}
    assert model.extra == {
        "multimodal_pricing": {"audio": 3},
        "image_price": 4,
        "pricing.audio": 7,
        "pricing.prompt.discount": "half",
    }
    assert model.unknown_keys == set(model.extra)


def long_tier(pricing: Any, **others: Any) -> Any:
    entry = {
        "input_token_price_per_m": 3000,
        "output_token_price_per_m": 12000,
        "tiered_billing_configs": [{"min_tokens": 1000, "pricing": pricing} | others],
    }
    return read(entry).as_charged()["conditions"]


@pytest.mark.parametrize(
    ("pricing", "known"),
    [
        (None, {}),
        ({"input": {"price_per_m": 6000}}, {}),
        ({"prompt": {"price": 6000}}, {}),
        (
            {"prompt": {"price_per_m": 6000}, "output": {"price_per_m": 1}},
            {"price_per_input_token": "0.0000006"},
        ),
    ],
)
def test_a_tier_whose_price_is_not_read_is_not_the_base(pricing: Any, known: Any) -> None:
    unknown = {"price_per_input_token": None, "price_per_output_token": None}
    assert long_tier(pricing) == [{"min_prompt_tokens": 999} | unknown | known]


def test_a_tier_of_one_axis_leaves_the_other_at_the_base() -> None:
    said = {"prompt": {"price_per_m": 6000, "origin_price_per_m": 9000}, "currency": "USD"}
    expected = {"min_prompt_tokens": 999, "price_per_input_token": "0.0000006"}
    assert long_tier(said) == [expected]


def test_two_tiers_from_one_bound_on_must_agree() -> None:
    tiers = [
        {"min_tokens": 9, "pricing": {"prompt": {"price_per_m": price}}} for price in (6000, 7000)
    ]
    assert listed({"tiered_billing_configs": tiers}).skipped[0].model_id == "lab/m"
    (condition,) = read({"tiered_billing_configs": tiers[:1] * 2}).conditions
    assert condition.min_prompt_tokens == 8


@pytest.mark.parametrize("said", [True, "true", 1])
def test_tiers_that_are_not_in_the_list_are_said_in_any_way(said: Any) -> None:
    entry = {"input_token_price_per_m": 3000, "is_tiered_billing": said}
    assert read(entry).conditions[0].when == {"is_tiered_billing": True}
    assert read(entry | {"is_tiered_billing": 0}).conditions == ()
