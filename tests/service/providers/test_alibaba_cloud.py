"""Alibaba Cloud: ranges of prompts as conditions, units in words, and no currency."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.errors import ParseError
from service.prices.price_list import Page, PriceList, RawModel
from service.providers.adapter import Pages
from service.providers.alibaba_cloud import ADAPTER, parse

TOKENS = "per million tokens"


def body(*models: dict[str, Any], **output: Any) -> bytes:
    pages = {"total": len(models), "page_no": 1, "page_size": 100}
    return json.dumps(
        {
            "code": None,
            "message": None,
            "success": True,
            "output": pages | {"models": models} | output,
        }
    ).encode()


def price(kind: str, amount: Any, unit: Any = TOKENS, **others: Any) -> dict[str, Any]:
    said = {"type": kind, "price": amount, "price_unit": unit, "price_name": "A name"}
    return said | others


def span(name: Any, *prices: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {"range_name": name, "prices": prices} | others


def listed(*ranges: dict[str, Any], **others: Any) -> PriceList:
    entry = {"model": "m", "name": "The Model", "prices": ranges} | others
    return parse(body(entry, {"model": "fine", "prices": []}))


def read(*ranges: dict[str, Any], **others: Any) -> RawModel:
    model = listed(*ranges, **others).models[0]
    assert model.model_id == "m"
    return model


def skipped(*ranges: dict[str, Any], **others: Any) -> str:
    found = listed(*ranges, **others)
    assert [model.model_id for model in found.models] == ["fine"]
    assert found.skipped[0].model_id == "m"
    return found.skipped[0].reason


def test_the_international_site_is_asked_page_by_page() -> None:
    assert ADAPTER.base_url + ADAPTER.path == (
        "https://dashscope-intl.aliyuncs.com/api/v1/models"
        "?capabilities=TG&service_site=international&language=en-US"
    )
    assert ADAPTER.pages == Pages("page_no", "page_size", 100)
    assert ADAPTER.credential_variable == "DASHSCOPE_API_KEY"


def test_ordinary_prices() -> None:
    model = read(
        span(
            "Default",
            price("input_token", "0.4"),
            price("output_token", "1.2", "Per 1M tokens"),
            price("input_token_cache", "0.08"),
            price("input_token_cache_creation_5m", "0.5", "PER  1M Tokens"),
            price("image_number", "0.075", "Per image"),
        ),
        capabilities=["TG"],
        model_info={"context_window": None},
    )
    assert model.name == "The Model"
    assert model.as_charged() == {
        "price_per_input_token": "0.0000004",
        "price_per_output_token": "0.0000012",
        "price_per_cache_read_token": "0.00000008",
        "price_per_cache_write_token": "0.0000005",
        "price_per_image": "0.075",
    }
    assert not model.extra


@pytest.mark.parametrize("prices", [None, [], [span("Default")]])
def test_a_model_without_prices_is_unknown_not_free(prices: Any) -> None:
    found = parse(body({"model": "m", "prices": prices}))
    assert found.models == (RawModel("m"),)


@pytest.mark.parametrize(
    "first", ["0<Token<=32k", "0<Input<=32K", "Input <= 32000", "0<tokens≤32k"]
)
def test_ranges_are_a_base_and_conditions(first: str) -> None:
    # The ranges come in any order: the lowest is the base.
    model = read(
        span("256k<Input<=1M", price("input_token", "0.2"), price("output_token", "0.8")),
        span(first, price("input_token", "0.03"), price("output_token", "0.13")),
        span("32k<Input<=256k", price("input_token", "0.1"), price("output_token", "0.4")),
    )
    assert model.as_charged() == {
        "price_per_input_token": "0.00000003",
        "price_per_output_token": "0.00000013",
        "conditions": [
            {
                "min_prompt_tokens": 32_000,
                "price_per_input_token": "0.0000001",
                "price_per_output_token": "0.0000004",
            },
            {
                "min_prompt_tokens": 256_000,
                "price_per_input_token": "0.0000002",
                "price_per_output_token": "0.0000008",
            },
        ],
    }
    keys = [p.key for p in (*model.prices, *model.conditions[0].prices)]
    assert keys == [
        "prices.input_token",
        "prices.output_token",
        "prices[32k<Input<=256k].input_token",
        "prices[32k<Input<=256k].output_token",
    ]


def test_the_last_range_may_be_open() -> None:
    model = read(
        span("Token<=1m", price("input_token", "1")), span("1M<Token", price("input_token", "2"))
    )
    assert [condition.min_prompt_tokens for condition in model.conditions] == [1_000_000]


@pytest.mark.parametrize(
    "names",
    [
        ["32k<Token<=128k"],
        ["0<Token<=32k", "64k<Token<=128k"],
        ["0<Token<=32k", "16k<Token<=128k"],
        ["0<Token<=32k", "0<Token<=32k"],
        ["Default", "32k<Token<=128k"],
        ["Default", "Default"],
        ["Default", "1<Token"],
        ["0<Token<=32k", "32k<Token<=32k"],
        ["0<Token<=0"],
        ["0<Token", "32k<Token"],
    ],
)
def test_ranges_that_leave_a_gap_or_overlap_skip_the_model(names: list[str]) -> None:
    assert "leave a gap or overlap" in skipped(
        *[span(name, price("input_token", "1")) for name in names]
    )


@pytest.mark.parametrize(
    "name",
    [
        *["", "Token", "32k", "peak", None, 5],
        *["0<Token<32k", "0<=Token<=32k", "0<Output<=32k", "0<Token<=32kb", "0<Token<=1.5m"],
        *["0<Token<=-1", "0<Token<=9999999999", "0<Token<=٣٢k"],
    ],
)
def test_a_range_that_is_not_understood_skips_the_model(name: Any) -> None:
    assert "is not understood" in skipped(span(name, price("input_token", "1")))


@pytest.mark.parametrize("dearer", [[], [price("output_token", "2")]])
def test_ranges_that_price_different_things_skip_the_model(dearer: list[Any]) -> None:
    assert skipped(
        span("0<Token<=32k", price("input_token", "1")), span("32k<Token<=64k", *dearer)
    ) == ("its ranges do not price the same things")


@pytest.mark.parametrize(
    ("kind", "unit"),
    [
        ("input_token", "per image"),
        ("input_token", "per 1K tokens"),
        ("input_token", "per thousand tokens"),
        ("input_token", "per million characters"),
        ("input_token", "每百万tokens"),
        ("output_token", None),
        ("output_token", 1000),
        ("image_number", "per million tokens"),
        ("image_number", "per 100 images"),
    ],
)
def test_a_unit_that_is_not_understood_skips_the_model(kind: str, unit: Any) -> None:
    reason = skipped(span("Default", price(kind, "1", unit)))
    assert reason.startswith(f"{kind} in the unit")


@pytest.mark.parametrize("key", ["time_band", "discount"])
def test_a_range_that_says_more_is_a_condition_with_that_key(key: str) -> None:
    there: dict[str, Any] = {key: "peak"}
    model = read(
        span("Default", price("input_token", "1")),
        span("Default", price("input_token", "3"), **there),
    )
    assert model.as_charged() == {
        "price_per_input_token": "0.000001",
        "conditions": [{key: "peak", "price_per_input_token": "0.000003"}],
    }
    only = read(
        span("Input<=32k", price("input_token", "3"), **there),
        span("32k<Input<=64k", price("input_token", "4")),
    )
    assert only.as_charged() == {
        "conditions": [
            {"min_prompt_tokens": 32_000, "price_per_input_token": "0.000004"},
            {key: "peak", "price_per_input_token": "0.000003"},
        ]
    }


@pytest.mark.parametrize("key", ["time_band", "discount"])
def test_a_price_that_says_more_is_unknown_under_a_condition_with_that_key(key: str) -> None:
    there: dict[str, Any] = {key: "peak"}
    model = read(span("Default", price("input_token", "1", **there), price("output_token", "2")))
    assert model.as_charged() == {
        "price_per_input_token": "0.000001",
        "price_per_output_token": "0.000002",
        "conditions": [{key: "peak", "price_per_input_token": "0.000001"}],
    }
    assert model.extra == {f"prices[].prices[].{key}": "peak"}


@pytest.mark.parametrize("base", ["1", None])
def test_of_several_prices_of_one_type_those_that_say_more_are_conditions(base: Any) -> None:
    peak = price("input_token", "3", time_band="peak")
    night = price("input_token", "2", time_band="night")
    plain = [price("input_token", base)] if base else []
    assert read(span("Default", *plain, peak, night)).as_charged() == {
        **({"price_per_input_token": "0.000001"} if base else {}),
        "conditions": [
            {"time_band": "peak", "price_per_input_token": "0.000003"},
            {"time_band": "night", "price_per_input_token": "0.000002"},
        ],
    }


def test_thinking_mode_has_a_price_of_its_own_for_all_output() -> None:
    model = read(
        span(
            "Default",
            price("input_token", "0.7"),
            price("output_token", "2.8"),
            price("thinking_output_token", "8.4"),
        )
    )
    assert model.as_charged() == {
        "price_per_input_token": "0.0000007",
        "price_per_output_token": "0.0000028",
        "conditions": [{"thinking": True, "price_per_output_token": "0.0000084"}],
    }
    assert (model.extra, model.unknown_keys) == ({}, frozenset())


def test_a_range_without_a_price_of_thinking_has_none_in_that_mode() -> None:
    thinking = price("thinking_output_token", "8")
    model = read(
        span("0<Token<=32k", price("output_token", "2"), thinking),
        span("32k<Token<=64k", price("output_token", "4")),
    )
    assert model.as_charged()["conditions"] == [
        {"min_prompt_tokens": 32_000, "price_per_output_token": "0.000004"},
        {"thinking": True, "price_per_output_token": "0.000008"},
        {"thinking": True, "min_prompt_tokens": 32_000, "price_per_output_token": None},
    ]


@pytest.mark.parametrize("empty", [None, "", [], {}])
def test_what_says_nothing_is_nothing(empty: Any) -> None:
    priced = span("Default", price("input_token", "1", time_band=empty), time_band=empty)
    assert read(priced).as_charged() == {"price_per_input_token": "0.000001"}


@pytest.mark.parametrize("where", ["model", "range", "price"])
@pytest.mark.parametrize("key", ["currency", "priceCurrency"])
def test_any_other_currency_skips_the_model(where: str, key: str) -> None:
    def there(place: str, currency: str | None) -> dict[str, Any]:
        return {key: currency} if place == where else {}

    def priced(currency: str | None) -> dict[str, Any]:
        said = price("input_token", "1", **there("price", currency))
        return span("Default", said, **there("range", currency))

    assert "only USD is read" in skipped(priced("CNY"), **there("model", "CNY"))
    for fine in ("USD", None):
        assert read(priced(fine), **there("model", fine)).prices


def test_any_other_currency_of_the_whole_list_refuses_it() -> None:
    entry = {"model": "m", "prices": []}
    with pytest.raises(ParseError, match="not in USD"):
        parse(body(entry, currency="CNY"))
    with pytest.raises(ParseError, match="not in USD"):
        parse(body(entry).replace(b'{"code"', b'{"currency": "CNY", "code"'))
    assert parse(body(entry, currency="USD")).models


def test_types_that_are_no_axis_are_kept_and_reported() -> None:
    model = read(
        span(
            "0<Token<=32k",
            price("input_token", "1"),
            price("output_token", "2"),
            price("text_input_token", "0.5"),
            price("content_duration", "8", "per hour"),
        ),
        span(
            "32k<Token<=64k",
            price("input_token", "3"),
            price("output_token", "4"),
            price("content_duration", "9", "per hour"),
        ),
    )
    assert model.as_charged()["price_per_input_token"] == "0.000001"
    assert model.as_charged()["price_per_output_token"] == "0.000002"
    assert model.extra == {
        "prices.text_input_token": [
            {"range_name": "0<Token<=32k"} | price("text_input_token", "0.5")
        ],
        "prices.content_duration": [
            {"range_name": "0<Token<=32k"} | price("content_duration", "8", "per hour"),
            {"range_name": "32k<Token<=64k"} | price("content_duration", "9", "per hour"),
        ],
    }
    assert model.unknown_keys == {"prices.text_input_token", "prices.content_duration"}


def test_a_model_with_such_types_only_has_no_price() -> None:
    model = read(
        span("0<Token<=32k", price("vision_input_token", "1")),
        span("32k<Token<=64k", price("vision_input_token", "2")),
    )
    assert model.as_charged() == {}


def test_the_cache_that_works_by_itself_is_the_price_of_a_cache() -> None:
    asked_for = price("input_token_cache_read", "0.1")
    both = read(span("Default", price("input_token_cache", "0.2"), asked_for))
    assert both.as_charged() == {"price_per_cache_read_token": "0.0000002"}
    assert both.extra == {"prices.input_token_cache_read": [{"range_name": "Default"} | asked_for]}
    assert both.unknown_keys == set()
    assert read(span("Default", asked_for)).as_charged() == {
        "price_per_cache_read_token": "0.0000001"
    }


def test_which_cache_it_is_holds_for_all_ranges() -> None:
    assert "do not price the same things" in skipped(
        span("0<Token<=32k", price("input_token_cache", "0.2")),
        span("32k<Token<=64k", price("input_token_cache_read", "0.1")),
    )


def test_one_type_with_two_prices_skips_the_model() -> None:
    said = skipped(span("Default", price("input_token", "1"), price("input_token", "1.1")))
    assert "prices.input_token (1)" in said
    same = span("Default", price("input_token", "1"), price("input_token", "1.0"))
    assert read(same).as_charged() == {"price_per_input_token": "0.000001"}


@pytest.mark.parametrize(
    ("prices", "says"),
    [
        ("0.5", 'prices is "0.5", not an array'),
        ([3], "prices[0] is 3, not an object"),
        ([{"range_name": "Default", "prices": {}}], "prices[0].prices is an object"),
        ([{"range_name": "Default", "prices": [1]}], "prices[0].prices[0] is 1, not an object"),
        ([span("Default", price("input_token", "free"))], 'prices.input_token: "free" is not'),
        ([span("Default", {"price": "1"})], "prices[0].prices[0].type is null"),
    ],
)
def test_one_malformed_price_skips_that_model_only(prices: Any, says: str) -> None:
    found = parse(body({"model": "odd", "prices": prices}, {"model": "fine"}))
    assert [model.model_id for model in found.models] == ["fine"]
    assert says in found.skipped[0].reason


def test_a_refusal_with_status_200_is_one() -> None:
    with pytest.raises(ParseError, match="no such key") as refused:
        parse(b'{"success": false, "code": "InvalidApiKey", "message": "no such key"}')
    assert refused.value.code == "refused_by_provider"


def test_a_page_says_where_it_stands() -> None:
    found = parse(body({"model": "m"}, {"model": 3}, total=241, page_no=2))
    assert found.page == Page(number=2, pages=None, models_total=241, entries=2)


@pytest.mark.parametrize("odd", [{"total": None}, {"page_no": None}, {"total": "2"}])
def test_a_page_that_does_not_say_it_is_refused(odd: dict[str, Any]) -> None:
    with pytest.raises(ParseError, match="page of the list"):
        parse(body({"model": "m"}, **odd))


def test_a_page_of_odd_models_is_a_page() -> None:
    found = parse(body({"model": "odd", "prices": 5}, total=101, page_no=2))
    assert (found.models, found.page) == ((), Page(2, None, 101, 1))
    assert [skipped.model_id for skipped in found.skipped] == ["odd"]


@pytest.mark.parametrize(
    "answer", [b"[]", b'{"output": null}', b'{"output": {"total": 1}}', b'{"data": []}']
)
def test_a_list_elsewhere_is_refused(answer: bytes) -> None:
    with pytest.raises(ParseError):
        parse(answer)


def test_the_name_of_a_range_is_short() -> None:
    """The history repeats the name beside each price of the range."""
    longest = "0<Token" + " " * 49 + "<=1k"
    assert listed(span(longest, price("input_token", "1"))).models[0].prices
    found = listed(span(longest + " ", price("input_token", "1")))
    assert "is not understood" in found.skipped[0].reason


@pytest.mark.parametrize(("seconds", "is_free"), [("0.1", False), ("0", True)])
def test_zeros_beside_a_type_that_costs_something_are_unknown(seconds: str, is_free: bool) -> None:
    model = read(
        span("0<Token<=1k", price("input_token", "0"), price("content_duration", seconds)),
        span("1k<Token", price("input_token", "0")),
    )
    assert bool(model.prices) is bool(model.conditions) is is_free
    assert bool(model.unknown) is not is_free
    assert model.extra.keys() == {"prices.content_duration"}
