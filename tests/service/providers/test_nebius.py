"""Nebius: strings per token, and a refused list without prices."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.errors import ParseError
from service.prices.price_list import PriceList, RawModel
from service.providers.nebius import ADAPTER, parse


def listed(*entries: dict[str, Any]) -> PriceList:
    return parse(json.dumps({"object": "list", "data": entries}).encode())


PRICED = {"id": "lab/m", "pricing": {"prompt": "0.00000013", "completion": "0.0000004"}}


def test_prices_are_asked_for() -> None:
    assert ADAPTER.base_url + ADAPTER.path == (
        "https://api.tokenfactory.nebius.com/v1/models?verbose=true"
    )
    assert ADAPTER.credential_variable == "NEBIUS_API_KEY"


def test_strings_are_per_token_and_the_time_of_the_request_is_nothing() -> None:
    (model,) = listed(PRICED | {"created": 1, "name": "The Model"}).models
    assert model == listed(PRICED | {"created": 2, "name": "The Model"}).models[0]
    assert model.name == "The Model"
    assert model.as_charged() == {
        "price_per_input_token": "0.00000013",
        "price_per_output_token": "0.0000004",
    }


@pytest.mark.parametrize("none", [{}, {"pricing": None}, {"pricing": {}}])
def test_beside_priced_ones_a_model_without_prices_is_unknown(none: dict[str, Any]) -> None:
    assert listed(PRICED, {"id": "bare"} | none).models[1] == RawModel("bare")


@pytest.mark.parametrize("none", [{}, {"pricing": None}])
def test_a_list_without_any_price_is_refused(none: dict[str, Any]) -> None:
    with pytest.raises(ParseError, match=r"without verbose=true") as refused:
        listed({"id": "a"} | none, {"id": "b"} | none, {"id": 7})
    assert refused.value.code == "bad_shape"


def test_an_odd_price_skips_that_model_only() -> None:
    found = listed({"id": "odd", "pricing": {"prompt": "NaN"}}, {"id": "bare"})
    assert found.models == (RawModel("bare"),)
    assert found.skipped[0].reason == 'pricing.prompt: "NaN" is not a price'


def test_new_keys_are_kept_and_reported() -> None:
    (model,) = listed({"id": "a", "pricing": {"prompt": "0.1", "price_per_minute": "0.2"}}).models
    assert model.extra == {"pricing.price_per_minute": "0.2"}
    assert model.unknown_keys == {"pricing.price_per_minute"}
