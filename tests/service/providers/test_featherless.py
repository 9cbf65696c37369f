from __future__ import annotations

import json
from typing import Any

import pytest

from service.errors import ParseError
from service.prices.price_list import Page, PriceList, RawModel
from service.providers.adapter import Pages, adapter
from service.providers.featherless import parse
from tests.support.recordings import RECORDINGS, needs_recordings

MARIGOLD = {
    "id": "Garden/Marigold-70B",
    "model_class": "marigold-70b",
    "context_length": 131072,
    "concurrency_cost": 4,
    "pricing": {
        "prompt": "0.00000045",
        "completion": "0.0000018",
        "image": "0",
        "request": "0",
        "input": 0.45,
        "output": 1.8,
    },
    "status": "active",
    "availability": {"tier": "warm", "is_hot_live": True},
}


def listed(*entries: Any, pagination: Any = None) -> PriceList:
    pagination = {"current_page": 3, "total_pages": 22} if pagination is None else pagination
    return parse(json.dumps({"data": entries, "pagination": pagination}).encode())


def read(pricing: Any) -> RawModel:
    (model,) = listed({"id": "Garden/Marigold-70B", "pricing": pricing}).models
    return model


def test_the_adapter_is_found_by_its_slug() -> None:
    found = adapter("featherless")
    assert found.base_url + found.path == "https://api.featherless.ai/v1/models"
    assert found.pages == Pages("page", "per_page", 1_000)


def test_an_ordinary_page() -> None:
    page = listed(MARIGOLD, {"id": "Garden/marigold-70b"}, {"id": "Garden/Aster", "pricing": None})
    assert page.page == Page(number=3, pages=22, models_total=None, entries=3)
    # Ids that differ only in case are different models.
    first, second, third = page.models
    assert first.model_id == "Garden/Marigold-70B"
    assert first.as_charged() == {
        "price_per_input_token": "0.00000045",
        "price_per_output_token": "0.0000018",
    }
    assert {price.key: price.text for price in first.prices}["pricing.prompt"] == "0.00000045"
    assert page.unknown_keys == ()
    assert second == RawModel("Garden/marigold-70b")
    assert third == RawModel("Garden/Aster")


@pytest.mark.parametrize("pricing", [{}, {"prompt": None}, {"input": None, "output": None}])
def test_a_model_without_prices_is_unknown_not_free(pricing: Any) -> None:
    assert read(pricing).as_charged() == {}


@pytest.mark.parametrize(
    "pricing",
    [
        {"prompt": "0", "completion": "0", "image": "0", "request": "0", "input": 0, "output": 0},
        {"image": "0", "request": "0"},
    ],
)
def test_nothing_but_zeros_is_unknown_not_free(pricing: Any) -> None:
    model = read(pricing)
    assert model.as_charged() == {}
    assert model.unknown["pricing.image"] == "0"


def test_one_zero_beside_a_price_is_kept() -> None:
    assert read({"prompt": "0.000001", "completion": "0"}).as_charged() == {
        "price_per_input_token": "0.000001",
        "price_per_output_token": "0",
    }


def test_the_exact_of_two_publications_is_taken() -> None:
    model = read({"prompt": "0.00000033333333333333", "input": 0.333333333})
    assert model.as_charged() == {"price_per_input_token": "0.00000033333333333333"}


@pytest.mark.parametrize("prompt", [{}, {"prompt": None}])
def test_one_publication_alone_is_a_price_too(prompt: Any) -> None:
    model = read({**prompt, "input": 3, "completion": "0.000015"})
    assert model.as_charged() == {
        "price_per_input_token": "0.000003",
        "price_per_output_token": "0.000015",
    }


@pytest.mark.parametrize(
    ("pricing", "says"),
    [
        # One of two equal prices has its unit switched, by 1e6 and 1e3, or has changed.
        ({"prompt": "3", "input": 3}, "pricing.prompt (3) is USD 3 per unit"),
        ({"prompt": "0.000003", "input": 0.003}, "pricing.input (0.003)"),
        ({"completion": "0.000015", "output": 15.51}, "pricing.output (15.51)"),
        ({"prompt": "0", "input": 3}, "pricing.prompt (0)"),
        ({"prompt": "free"}, 'pricing.prompt: "free" is not a price'),
        ({"prompt": "-1"}, "is negative"),
        ({"input": "much"}, 'pricing.input: "much" is not a price'),
        ({"request": True}, "pricing.request: true is not a price"),
        ([3, 15], "pricing is an array"),
    ],
)
def test_an_odd_model_is_skipped_with_the_reason(pricing: Any, says: str) -> None:
    page = listed({"id": "odd", "pricing": pricing}, MARIGOLD)
    assert [model.model_id for model in page.models] == ["Garden/Marigold-70B"]
    (skipped,) = page.skipped
    assert skipped.model_id == "odd"
    assert says in skipped.reason


def test_unknown_keys_are_kept_verbatim_and_named() -> None:
    model = read({"prompt": "0.000001", "video": "0.1"})
    assert model.extra == {"pricing.video": "0.1"}
    assert model.unknown_keys == {"pricing.video"}


@pytest.mark.parametrize(
    "pagination",
    [
        {},
        {"current_page": 1},
        {"current_page": "1", "total_pages": "2"},
        {"current_page": 1, "total_pages": 1.5},
        {"current_page": -1, "total_pages": 2},
        [1, 2],
        "page 1 of 2",
    ],
)
def test_a_page_without_a_known_number_is_refused(pagination: Any) -> None:
    with pytest.raises(ParseError, match="page of the list") as refused:
        listed(MARIGOLD, pagination=pagination)
    assert refused.value.code == "bad_shape"


def test_a_list_without_pages_is_refused() -> None:
    with pytest.raises(ParseError, match="page of the list"):
        parse(json.dumps({"data": [MARIGOLD]}).encode())


@needs_recordings
def test_the_recorded_model_costs_three_and_fifteen_dollars() -> None:
    recorded = json.loads((RECORDINGS / "featherless-sample-2026-09-26.json").read_text())
    without = json.loads((RECORDINGS / "featherless-sample-2026-07-01.json").read_text())
    priced, unpriced = listed(recorded, without).models
    assert priced.as_charged() == {
        "price_per_input_token": "0.000003",
        "price_per_output_token": "0.000015",
    }
    assert unpriced.as_charged() == {}
    assert (unpriced.extra, unpriced.unknown_keys) == ({}, frozenset())
