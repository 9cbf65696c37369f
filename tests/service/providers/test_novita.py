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


@pytest.mark.parametrize("tiered", [{"is_tiered_billing": True}, {"tiered_billing_configs": TIERS}])
def test_zero_beside_tiers_is_unknown(tiered: dict[str, Any]) -> None:
    model = read({"input_token_price_per_m": 0, "output_token_price_per_m": 5} | tiered)
    assert model.as_charged() == {"price_per_output_token": "0.0000000005"}
    assert model.unknown == {"input_token_price_per_m": "0"}


def test_what_is_said_of_another_thing_is_kept_as_one() -> None:
    """The thing's name is kept once, however long it is and however many values it has."""
    model = read({"pricing": {"song" * 100: {str(n): 1 for n in range(50)}}})
    (key,) = model.extra
    assert key == "pricing." + "song" * 100


def test_tiers_and_whatever_else_is_about_prices_are_kept_and_reported() -> None:
    more: dict[str, Any] = {
        "input_token_price_per_m": 10,
        "tiered_billing_configs": TIERS,
        "multimodal_pricing": {"audio": 3},
        "image_price": 4,
        "pricing": {"audio": 7, "prompt": {"price_per_m": 10, "discount": "half"}},
    }
    model = read(more)
    assert model.as_charged() == {"price_per_input_token": "0.000000001"}
    assert model.extra == {
        "tiered_billing_configs": TIERS,
        "multimodal_pricing": {"audio": 3},
        "image_price": 4,
        "pricing.audio": 7,
        "pricing.prompt.discount": "half",
    }
    assert model.unknown_keys == set(model.extra)
