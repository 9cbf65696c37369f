"""Together AI: a bare array, and zeros that are not free."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.errors import ParseError
from service.prices.price_list import PriceList, RawModel
from service.providers.together import ADAPTER, parse


def listed(*entries: Any) -> PriceList:
    return parse(json.dumps([*entries, {"id": "fine"}]).encode())


def read(pricing: Any, kind: str | None = "chat") -> RawModel:
    return listed({"id": "m", "type": kind, "pricing": pricing}).models[0]


def test_where_it_is() -> None:
    assert ADAPTER.base_url + ADAPTER.path == "https://api.together.xyz/v1/models"
    assert ADAPTER.credential_variable == "TOGETHER_API_KEY"


def test_numbers_are_per_million_and_the_name_is_the_display_name() -> None:
    pricing = {
        "hourly": 0,
        "input": 0.88,
        "output": 1.7600000000000002,
        "base": 0,
        "finetune": 0,
        "cached_input": 0.2,
    }
    entry = {"id": "lab/Model", "type": "chat", "display_name": "The Model", "pricing": pricing}
    model = listed(entry).models[0]
    assert (model.model_id, model.name) == ("lab/Model", "The Model")
    assert model.as_charged() == {
        "price_per_input_token": "0.00000088",
        "price_per_output_token": "0.00000176",
        "price_per_cache_read_token": "0.0000002",
    }
    assert not model.extra
    assert not model.unknown


def test_a_price_by_the_hour_makes_zeros_unknown() -> None:
    model = read({"hourly": 2.5, "input": 0, "output": 0, "cached_input": 0})
    assert model.as_charged() == {}
    assert model.unknown == {
        "pricing.input": "0",
        "pricing.output": "0",
        "pricing.cached_input": "0",
    }


@pytest.mark.parametrize("other", ["hourly", "base", "finetune", "per_image"])
def test_so_does_whatever_else_costs_something(other: str) -> None:
    assert read({"input": 0, "output": 0, other: 0.01}).as_charged() == {}


def test_beside_prices_for_tokens_an_hourly_one_changes_nothing() -> None:
    assert read({"hourly": 2.5, "input": 0, "output": 0.1}).as_charged() == {
        "price_per_input_token": "0",
        "price_per_output_token": "0.0000001",
    }


@pytest.mark.parametrize("kind", ["chat", "language", "code", "embedding", "moderation", "rerank"])
@pytest.mark.parametrize("hourly", [{}, {"hourly": 0}, {"hourly": None}])
def test_zeros_are_free_where_tokens_are_charged(kind: str, hourly: dict[str, Any]) -> None:
    assert read({"input": 0, "output": 0} | hourly, kind).as_charged() == {
        "price_per_input_token": "0",
        "price_per_output_token": "0",
    }


@pytest.mark.parametrize("kind", ["image", "audio", "video", "transcribe", None])
def test_zeros_are_unknown_where_they_are_not(kind: str | None) -> None:
    model = read({"hourly": 0, "input": 0, "output": 0}, kind)
    assert model.as_charged() == {}
    assert model.unknown == {"pricing.input": "0", "pricing.output": "0"}


ZEROS = {"input": 0, "output": 0, "hourly": 0, "base": 0, "finetune": 0}


@pytest.mark.parametrize(
    ("model_id", "name", "is_free"),
    [
        ("x/dedicated-32b", "Dedicated 32B", False),
        ("x/dedicated-32b", None, False),
        ("x/dedicated-32b", "Dedicated 32B Free", True),
        ("x/Dedicated-32B-Free", "Dedicated", True),
    ],
)
def test_zeros_of_a_model_that_is_not_served_are_free_only_if_it_is_called_so(
    model_id: str, name: str | None, *, is_free: bool
) -> None:
    entry = {"id": model_id, "display_name": name, "type": "chat", "pricing": ZEROS}
    for running in (True, False):
        model = listed(entry | {"running": running}).models[0]
        assert bool(model.prices) is (running or is_free)
        assert model.says_free is is_free


@pytest.mark.parametrize("pricing", [None, {}, {"hourly": 1.2}])
def test_a_model_without_prices_is_unknown_not_free(pricing: Any) -> None:
    assert read(pricing) == RawModel("m")


def test_new_keys_are_kept_and_reported() -> None:
    model = read({"input": 1, "output": 1, "image_input": 0.2})
    assert model.extra == {"pricing.image_input": 0.2}
    assert model.unknown_keys == {"pricing.image_input"}


@pytest.mark.parametrize(
    ("pricing", "says"),
    [
        ({"input": "$0.5"}, 'pricing.input: "$0.5" is not a price'),
        ({"input": True}, "pricing.input: true is not a price"),
        ({"input": 0, "hourly": "dear"}, 'pricing.hourly: "dear" is not a price'),
        ("0.88", 'pricing is "0.88"'),
    ],
)
def test_one_malformed_price_skips_that_model_only(pricing: Any, says: str) -> None:
    found = listed({"id": "odd", "type": "chat", "pricing": pricing})
    assert [model.model_id for model in found.models] == ["fine"]
    assert says in found.skipped[0].reason


@pytest.mark.parametrize("body", [b'{"data": [{"id": "m"}]}', b'{"error": {"message": "no"}}'])
def test_a_list_inside_an_object_is_another_list(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse(body)


def test_a_speech_model_with_its_unit_is_kept_and_unknown() -> None:
    model = read({"input": 65, "output": 0, "unit": "1M characters"}, kind="audio")
    assert (model.as_charged(), model.extra) == ({}, {"pricing.input": "65"})
