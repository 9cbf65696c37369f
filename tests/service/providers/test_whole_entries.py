"""What holds for every adapter: nothing that an entry says of its prices is left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import ParseError
from service.prices.price_list import PriceList
from service.providers.adapter import adapter, adapter_slugs
from tests.service.providers.test_any_body import ID_KEYS, WITH_PRICES, sample, wrapped
from tests.support.provider_shapes import SHAPES

PRICE_NAMES = [
    *["pricing_tiers", "price_tiers", "tieredPricing", "costs", "tiered_billing", "discount_price"],
    *["inputCost", "input_cost_per_token", "billing", "fees", "rates", "surcharge", "usd"],
    *["pricePerImage", "tokenprice", "input_per_1m", "hourly_rate", "creditsPerRequest"],
]
OTHER_NAMES = ["tokens_per_minute", "rate_limit", "requests_per_day", "sample_rate", "max_images"]
VALUES: list[Any] = [0.5, "0.000002", {"input": {"usd": "0.1"}}, [{"up_to": 9, "input": 3}], "dear"]
EMPTY: list[Any] = [None, "", " ", [], {}, [{}], {"input": None}, [[""]]]

slugs = st.sampled_from(adapter_slugs())


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths to all objects in an entry, the entry included."""
    if isinstance(value, dict):
        yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*path, key))


def put(entry: Any, path: tuple[Any, ...], key: str, value: Any) -> Any:
    """The entry with a key more, in the object at the path."""
    changed = deepcopy(entry)
    inner = changed
    for step in path:
        inner = inner[step]
    inner[key] = value
    return changed


def is_read(slug: str, path: tuple[Any, ...], name: str) -> bool:
    """Whether the provider's own list has a price of that name there."""
    return slug == "chutes" and path[:1] == ("price",) and name == "usd"


def parsed(slug: str, entry: Any, **around: Any) -> PriceList:
    """A list of two models, the entry and one that is fine."""
    shape, (_, _, other) = sample(slug)
    body = json.loads(wrapped(shape, [entry, other]))
    return adapter(slug).parse(json.dumps(body | around if around else body).encode())


def entry_of(slug: str) -> Any:
    _, (_, longest, _) = sample(slug)
    # A level that no price is in.
    return longest | {"more": {"within": [{"colour": "blue"}]}}


@pytest.mark.parametrize("slug", adapter_slugs())
def test_what_nothing_reads_is_reported_once_and_kept_at_every_level(slug: str) -> None:
    entry = entry_of(slug)
    before = parsed(slug, entry)
    assert before.unknown_keys == ()
    for path in places(entry):
        for number, name in enumerate(PRICE_NAMES):
            if is_read(slug, path, name):
                continue
            value = VALUES[number % len(VALUES)]
            found = parsed(slug, put(entry, path, name, value))
            (key,) = found.unknown_keys
            assert key.endswith(name), (path, name)
            model = found.models[0]
            assert model.extra[key] in (value, [value]), (path, name)
            assert found.skipped == ()


@pytest.mark.parametrize("slug", adapter_slugs())
def test_what_says_nothing_of_a_price_changes_nothing(slug: str) -> None:
    entry = entry_of(slug)
    before = parsed(slug, entry)
    prices = {step for path in places(entry) for step in path if "pric" in str(step)}
    for path in places(entry):
        for number, name in enumerate(PRICE_NAMES):
            if is_read(slug, path, name):
                continue
            empty = EMPTY[number % len(EMPTY)]
            assert parsed(slug, put(entry, path, name, empty)) == before, (path, name, empty)
        for name in OTHER_NAMES if not prices & set(path) else ():
            assert parsed(slug, put(entry, path, name, 9)) == before, (path, name)
    assert parsed(slug, entry | {"description": {"price": 5}, "free_text": "$5"}) == before


def is_in_prices(slug: str, path: tuple[Any, ...]) -> bool:
    """Whether an object is the entry, or has prices in it, or is in one that has."""
    return not path or any(
        "pric" in str(step) or step in {"metadata", "providers"} for step in path
    )


@pytest.mark.parametrize("slug", WITH_PRICES)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("currency", "CNY"),
        ("currency_unit", "EUR"),
        ("currencyCode", "GBP"),
        ("price_currency", "¥"),
        ("currency", 5),
        ("currency", {"code": "EUR"}),
        ("priced_in", "EUR"),
    ],
)
def test_another_currency_skips_the_model_wherever_it_is_said(
    slug: str, name: str, value: Any
) -> None:
    entry = entry_of(slug)
    for path in places(entry):
        if not is_in_prices(slug, path):
            continue
        found = parsed(slug, put(entry, path, name, value))
        assert [each.model_id for each in found.skipped] == [SHAPES[slug].id_of(entry)], path
        assert "USD" in found.skipped[0].reason
        for dollars in ("USD", "usd", "US$", "$", "US dollars", {"code": "USD", "symbol": "$"}):
            if name not in {"currency_unit", "priced_in"}:
                fine = parsed(slug, put(entry, path, name, dollars))
                assert fine == parsed(slug, entry), (path, dollars)


# Without a word for them in the key.
@pytest.mark.parametrize("slug", WITH_PRICES)
def test_another_unit_of_any_name_skips_the_model(slug: str) -> None:
    entry = entry_of(slug)
    for unit in ("per_1k", "characters", "per minute"):
        found = parsed(slug, entry | {"billing_mode": unit})
        assert [each.model_id for each in found.skipped] == [SHAPES[slug].id_of(entry)], unit


UNITS = ["per_1k_tokens", "per 1K", "1K tokens", "per cow", "per_hour", 1000, ["token"]]


@pytest.mark.parametrize("slug", WITH_PRICES)
@pytest.mark.parametrize("name", ["unit", "price_unit", "billingUnit", "per"])
def test_another_unit_skips_the_model(slug: str, name: str) -> None:
    entry = entry_of(slug)
    for path in places(entry):
        if not is_in_prices(slug, path) or (slug == "alibaba-cloud" and path):
            continue
        for unit in UNITS:
            found = parsed(slug, put(entry, path, name, unit))
            assert [each.model_id for each in found.skipped] == [SHAPES[slug].id_of(entry)], path


DECLARED = {
    "usd_per_token": ["token", "per_token", "TOKEN", "per token", "USD per token", 1],
    "usd_per_1m_tokens": ["1M tokens", "per_1m_tokens", "million tokens", "per 1M", 1000000],
}


@pytest.mark.parametrize("slug", WITH_PRICES)
def test_the_declared_unit_is_understood_in_any_spelling(slug: str) -> None:
    entry = entry_of(slug)
    before = parsed(slug, entry)
    labels = {price.unit.label for price in before.models[0].prices}
    for unit in (unit for label in labels for unit in DECLARED.get(label, ())):
        for name in ("unit", "price_unit", "per"):
            assert parsed(slug, entry | {name: unit}) == before, unit


@pytest.mark.parametrize("slug", [slug for slug in WITH_PRICES if slug != "together"])
def test_another_currency_or_unit_around_the_list_refuses_it(slug: str) -> None:
    entry = entry_of(slug)
    odd: list[dict[str, Any]] = [
        {"currency": "CNY"},
        {"meta": {"currencyCode": "EUR"}},
        {"unit": "per_1k_tokens"},
        {"meta": {"priced_in": "EUR"}},
        {"price_basis": "per_1k_tokens"},
    ]
    for around in odd:
        with pytest.raises(ParseError) as refused:
            parsed(slug, entry, **around)
        assert refused.value.code == "bad_shape"
    assert parsed(slug, entry, currency="USD") == parsed(slug, entry)


NO_TOKENS = [
    "tts",
    "text-to-speech",
    "transcribe",
    "speech-to-text",
    "image",
    "text-to-image",
    "video",
]
TYPE_KEYS = [
    "type",
    "model_type",
    "types",
    "task",
    "pipeline_tag",
    "kind",
    "category",
    "mode",
    "api",
]


@pytest.mark.parametrize("slug", WITH_PRICES)
@pytest.mark.parametrize("zero", [False, True])
def test_a_number_of_another_thing_than_tokens_is_no_price_of_a_token(
    slug: str, *, zero: bool
) -> None:
    entry = entry_of(slug)
    if zero:
        entry = zeroed(entry)
    for number, kind in enumerate([*NO_TOKENS, "rerank", "embedding"]):
        if kind in {"rerank", "embedding"} and slug in BY_TOKEN_TOO:
            continue
        for key in TYPE_KEYS if number == 0 else TYPE_KEYS[:1]:
            found = parsed(slug, without_types(entry) | {key: kind})
            model = found.models[0]
            assert not any("token" in column for column in model.as_charged()), (key, kind)
            assert zero or model.extra, (key, kind)


def zeroed(value: Any) -> Any:
    """The same with 0 for every price."""
    if isinstance(value, dict):
        return {
            k: each if k.startswith(("min", "max")) else zeroed(each) for k, each in value.items()
        }
    if isinstance(value, list):
        return [zeroed(each) for each in value]
    if isinstance(value, str) and value.replace(".", "", 1).isdecimal():
        return "0"
    return 0 if isinstance(value, int | float) and not isinstance(value, bool) else value


BY_TOKEN_TOO = {
    "aihubmix",
    "alibaba-cloud",
    "deepinfra",
    "novita",
    "openrouter",
    "together",
    "vercel",
}


def without_types(entry: Any) -> Any:
    return {key: value for key, value in entry.items() if key not in TYPE_KEYS}


CHAT = ["chat", "language", "llm", "image-text-to-text", "vision", "text-generation", "code"]


@pytest.mark.parametrize("slug", WITH_PRICES)
def test_a_chat_model_is_charged_by_the_token(slug: str) -> None:
    entry = without_types(entry_of(slug))
    before = parsed(slug, entry)
    for kind in CHAT:
        charged = parsed(slug, entry | {"model_type": kind}).models[0]
        assert charged == before.models[0], kind


ODD_IDS = [
    *["a ", " a", "a\u00a0", "a\u2003", "a\u200b", "a\u2060b", "\ufeffa", "a\u00adb", "a\u202eb"],
    *[
        "g\u0440t-4",
        "gpt\u2010\u03bf1",
        "\uff47pt-4",
        "\U0001d5ba",
        *[
            "gpt\u20104",
            "gpt\u20134",
            "gpt\u22124",
            "a\u2215b",
            "a\u2236free",
            "\u0261pt",
            "\u1455laude",
        ],
        *["gpt-\u0664", "\u043e1", "\u0441\u043e\u0441\u043e-7", "gpt\uff08x\uff09"],
        "a\ufe0f",
        "a\u034f",
        "\u3164a",
    ],
]


@pytest.mark.parametrize("slug", adapter_slugs())
def test_an_id_that_looks_like_another_is_skipped_and_named(slug: str) -> None:
    for odd in ODD_IDS:
        entry = deepcopy(entry_of(slug))
        entry[next(key for key in ID_KEYS if key in entry)] = odd
        found = parsed(slug, entry)
        assert [each.model_id for each in found.skipped] == ["entry 1"], ascii(odd)
        assert found.skipped[0].reason.isascii()


FINE_IDS = [
    *["通义千问-max", "通义千问\uff08测试\uff09", "日本語モデル", "コード・7b", "モデル〜7b"],
    *["한국어-모델", "solar-한글", "Café-model", "naïve", "Übersetzer", "łódź", "straße"],
    *["typhoon-ไทย", "ключ", "عربي-model", "model-🚀", "a b", "GPT-4", "gpt-4"],
]


def test_ids_of_other_languages_are_read() -> None:
    entries = [{"id": each, "pricing": {"prompt": "1"}} for each in FINE_IDS]
    found = adapter("openrouter").parse(json.dumps({"data": entries}).encode())
    assert [model.model_id for model in found.models] == FINE_IDS


@settings(max_examples=200)
@given(slug=slugs, data=st.data())
def test_any_price_word_anywhere_is_reported(slug: str, data: st.DataObject) -> None:
    entry = entry_of(slug)
    word = data.draw(st.sampled_from(["price", "cost", "pricing", "fee", "billing", "surcharge"]))
    before = data.draw(st.sampled_from(["", "x_", "my", "input_", "old"]))
    after = data.draw(st.sampled_from(["", "_v2", "List", "_usd", "2026"]))
    name = f"{before}{word.capitalize() if before in {'my', 'old'} else word}{after}"
    path = data.draw(st.sampled_from(list(places(entry))))
    found = parsed(slug, put(entry, path, name, data.draw(st.sampled_from(VALUES))))
    assert [key.rpartition(".")[2] for key in found.unknown_keys] == [name]


@pytest.mark.parametrize("slug", adapter_slugs())
def test_prices_of_several_elements_are_kept_together(slug: str) -> None:
    entry = entry_of(slug) | {"offers": [{"price": 1}, {"colour": "red"}, {"price": 2}]}
    assert parsed(slug, entry).models[0].extra == {"offers[].price": [1, 2]}
