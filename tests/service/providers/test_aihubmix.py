"""AiHubMix: a list that was never recorded."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.errors import ParseError
from service.prices.price_list import PriceList, RawModel
from service.providers.aihubmix import ADAPTER, parse


def listed(pricing: Any, **others: Any) -> PriceList:
    data = [{"model_id": "m", "pricing": pricing} | others, {"model_id": "fine"}]
    return parse(json.dumps({"data": data, "message": "", "success": True}).encode())


def test_where_it_is_and_that_it_is_unconfirmed() -> None:
    assert ADAPTER.base_url + ADAPTER.path == "https://aihubmix.com/api/v1/models"
    assert ADAPTER.credential_variable is None
    assert not ADAPTER.evidence.was_seen


def test_numbers_are_per_million() -> None:
    pricing = {"input": 1.25, "output": 10, "cache_read": 0.125, "cache_write": 1.5}
    model = listed(pricing, types="llm", desc="A model", context_length=9).models[0]
    assert model.as_charged() == {
        "price_per_input_token": "0.00000125",
        "price_per_output_token": "0.00001",
        "price_per_cache_read_token": "0.000000125",
        "price_per_cache_write_token": "0.0000015",
    }
    assert model.unknown_keys == set()


@pytest.mark.parametrize("pricing", [None, {}, {"input": None}])
def test_a_model_without_prices_is_unknown_not_free(pricing: Any) -> None:
    assert listed(pricing).models[0] == RawModel("m")


@pytest.mark.parametrize("types", ["llm", "embedding", "rerank", "llm, rerank"])
def test_zeros_are_free_where_tokens_are_charged(types: str) -> None:
    model = listed({"input": 0, "output": 0}, types=types).models[0]
    assert model.as_charged() == {"price_per_input_token": "0", "price_per_output_token": "0"}


@pytest.mark.parametrize("types", ["image_generation", "video", "tts", "stt", "llm,tts", "", None])
def test_zeros_are_unknown_where_they_are_not(types: str | None) -> None:
    model = listed({"input": 0, "output": 0}, types=types).models[0]
    assert model.as_charged() == {}
    assert model.unknown == {"pricing.input": "0", "pricing.output": "0"}


@pytest.mark.parametrize("types", ["image_generation", "video", "tts", "stt", "tts,video"])
def test_numbers_are_no_prices_of_tokens_where_they_are_not(types: str) -> None:
    model = listed({"input": 0, "output": 4}, types=types).models[0]
    assert model.as_charged() == {}
    assert (model.unknown, model.extra) == ({"pricing.input": "0"}, {"pricing.output": "4"})


@pytest.mark.parametrize("types", ["llm", "llm,tts", "", None])
def test_numbers_are_prices_of_tokens_elsewhere(types: str | None) -> None:
    model = listed({"input": 0, "output": 4}, types=types).models[0]
    assert model.as_charged()["price_per_output_token"] == "0.000004"


def test_an_id_under_another_key_is_another_list() -> None:
    with pytest.raises(ParseError, match="None of the 1 entries can be read"):
        parse(b'{"data": [{"id": "m", "pricing": {"input": 1}}]}')


@pytest.mark.parametrize("body", [b'[{"model_id": "m"}]', b'{"models": [{"model_id": "m"}]}'])
def test_a_list_elsewhere_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse(body)


def test_a_refusal_with_status_200_is_one() -> None:
    with pytest.raises(ParseError, match="too busy") as refused:
        parse(b'{"success": false, "message": "too busy", "data": [{"model_id": "m"}]}')
    assert refused.value.code == "refused_by_provider"


def test_new_keys_are_kept_and_reported() -> None:
    model = listed({"input": 0.5, "per_call": 0.04}, types="llm").models[0]
    assert model.extra == {"pricing.per_call": 0.04}
    assert model.unknown_keys == {"pricing.per_call"}


@pytest.mark.parametrize(
    ("pricing", "says"),
    [
        ({"input": "1.25 USD"}, 'pricing.input: "1.25 USD" is not a price'),
        ({"cache_read": [1]}, "pricing.cache_read: an array is not a price"),
        ([], "pricing is an array"),
    ],
)
def test_one_malformed_price_skips_that_model_only(pricing: Any, says: str) -> None:
    found = listed(pricing)
    assert [model.model_id for model in found.models] == ["fine"]
    assert says in found.skipped[0].reason
