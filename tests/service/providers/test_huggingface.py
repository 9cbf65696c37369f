from __future__ import annotations

import json
from typing import Any

import pytest

from service.errors import ParseError
from service.prices.price_list import PriceList, RawModel
from service.providers.adapter import adapter
from service.providers.huggingface import parse


def listed(*entries: Any) -> PriceList:
    return parse(json.dumps({"object": "list", "data": entries}).encode())


def offer(provider: str = "somebody", **others: Any) -> dict[str, Any]:
    return {"provider": provider, "status": "live", "is_free": False} | others


def read(**others: Any) -> RawModel:
    (model,) = listed({"id": "maker/model", "providers": [offer(**others)]}).models
    assert model.model_id == "maker/model:somebody"
    return model


def test_the_adapter_is_found_by_its_slug() -> None:
    found = adapter("huggingface")
    assert found.base_url + found.path == "https://router.huggingface.co/v1/models"
    assert found.credential_variable is None


def test_the_documented_sample() -> None:
    """$3 and $15 per 1M tokens at each of two providers."""
    prices = {"pricing": {"input": 3, "output": 15}}
    found = listed(
        {"id": "maker/kite-3", "providers": [offer("one", **prices), offer("two", **prices)]}
    )
    assert [model.model_id for model in found.models] == ["maker/kite-3:one", "maker/kite-3:two"]
    for model in found.models:
        assert model.as_charged() == {
            "price_per_input_token": "0.000003",
            "price_per_output_token": "0.000015",
        }
        assert {price.unit.label for price in model.prices} == {"usd_per_1m_tokens"}
        assert {price.key for price in model.prices} == {"pricing.input", "pricing.output"}


def test_each_provider_has_a_price_of_its_own() -> None:
    one, two = listed(
        {
            "id": "a",
            "providers": [offer("x", pricing={"input": 1}), offer("y", pricing={"input": 2})],
        }
    ).models
    assert one.as_charged() != two.as_charged()


@pytest.mark.parametrize("pricing", [None, {}, {"input": None}])
def test_a_provider_without_prices_is_unknown_not_free(pricing: Any) -> None:
    model = read(pricing=pricing, is_free=True)
    assert model == RawModel("maker/model:somebody", says_free=True)


@pytest.mark.parametrize("is_free", [False, None])
def test_zeros_that_are_not_called_free_are_unknown(is_free: Any) -> None:
    model = read(pricing={"input": 0, "output": 0.0}, is_free=is_free)
    assert model.as_charged() == {}
    assert model.unknown == {"pricing.input": "0", "pricing.output": "0.0"}


def test_zeros_that_are_called_free_are_free() -> None:
    model = read(pricing={"input": 0, "output": 0}, is_free=True)
    assert model.as_charged() == {"price_per_input_token": "0", "price_per_output_token": "0"}
    assert model.unknown == {}


def test_one_zero_beside_a_price_is_as_published() -> None:
    assert read(pricing={"input": 0.01, "output": 0}).as_charged() == {
        "price_per_input_token": "0.00000001",
        "price_per_output_token": "0",
    }


@pytest.mark.parametrize("status", ["live", "error", "staging", None, 5])
def test_a_price_stays_whatever_the_service_does(status: Any) -> None:
    assert read(status=status, pricing={"input": 1}).as_charged() == {
        "price_per_input_token": "0.000001"
    }


def test_unknown_keys_are_kept_verbatim_and_named() -> None:
    model = read(pricing={"input": 1, "image": 0.5})
    assert model.extra == {"pricing.image": 0.5}
    assert model.unknown_keys == {"pricing.image"}


@pytest.mark.parametrize(
    ("odd", "label", "says"),
    [
        (offer("o", is_free=True, pricing={"input": 0.1}), "a:o", "but it has a price"),
        (offer("o", is_free="yes", pricing={"input": 0.1}), "a:o", 'is_free is "yes"'),
        (offer("o", pricing={"input": "x"}), "a:o", 'pricing.input: "x" is not a price'),
        (offer("o", pricing=5), "a:o", "pricing is 5"),
        (offer(""), "a, provider 2", 'its provider is ""'),
        (offer("x" * 600), "a, provider 2", "602 characters"),
        (offer("a\nb"), "a, provider 2", "control characters"),
        ({"status": "live"}, "a, provider 2", "its provider is null"),
        ("somebody", "a, provider 2", "the provider is"),
    ],
)
def test_one_odd_provider_leaves_the_others(odd: Any, label: str, says: str) -> None:
    fine = offer("fine", pricing={"input": 1})
    found = listed({"id": "a", "providers": [fine, odd]})
    assert [model.model_id for model in found.models] == ["a:fine"]
    (skipped,) = found.skipped
    assert skipped.model_id == label
    assert says in skipped.reason


@pytest.mark.parametrize("second", [{"input": 1.0}, {"input": 1.5}])
def test_one_provider_twice(second: Any) -> None:
    found = listed(
        {"id": "a", "providers": [offer("x", pricing={"input": 1}), offer("x", pricing=second)]},
        {"id": "b", "providers": [offer("x")]},
    )
    same = second == {"input": 1.0}
    assert [model.model_id for model in found.models] == (["a:x", "b:x"] if same else ["b:x"])
    assert [skipped.model_id for skipped in found.skipped] == ([] if same else ["a:x"])


def test_a_model_without_a_list_of_providers_is_skipped_and_one_with_an_empty_list_is_not() -> None:
    found = listed({"id": "a"}, {"id": "b", "providers": []}, {"id": "c", "providers": [offer()]})
    assert [model.model_id for model in found.models] == ["c:somebody"]
    assert [skipped.model_id for skipped in found.skipped] == ["a"]


def test_a_list_without_a_served_model_is_refused() -> None:
    with pytest.raises(ParseError, match="no models in it"):
        listed({"id": "b", "providers": []})
