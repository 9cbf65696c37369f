"""For any body an adapter returns prices that the body has, or raises ParseError."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import ParseError
from service.prices.price_list import PriceList, RawModel, to_apply_rows
from service.prices.units import Axis, RawPrice
from service.providers.adapter import adapter, adapter_slugs
from tests.support.provider_shapes import SHAPES, Body, Shape

SLUGS = adapter_slugs()
WITH_PRICES = [slug for slug in SLUGS if adapter(slug).price_api]
CODES = {"not_json", "bad_shape", "empty_list", "refused_by_provider", "incomplete_list"}
ID_KEYS = ("model_id", "model", "id")
# One adapter of each shape is fuzzed deep: the others use the same functions.
DEEP = ("alibaba-cloud", "chutes", "novita", "openrouter", "requesty", "vercel")
slugs = st.sampled_from(DEEP) | st.sampled_from(SLUGS)

# Spelled as in JSON.
NUMBERS = [
    *["0", "-0", "-0.0", "3", "0.25", "5e-07", "1E2", "0.1234567890123"],
    *['"0"', '"-0"', '"3"', '"0.25"', '"5e-07"', '"1E2"', '"0.0000000208333333333333"'],
]
NO_NUMBERS = [
    *["NaN", "Infinity", "-Infinity", '"NaN"', '"Infinity"', "true", "false", '"true"'],
    *['"$0.5"', '"1,234.5"', '"1.234,5"', '"free"', '""', '" "', '" 1"', '"1 "', '"+1"', '".5"'],
    *['"0x10"', '"1_000"', '"\\u0661"', '"\\u0000"', '"\\ud800"', '"1\\n"', "[]", "{}", "[1]"],
    *['{"usd": 1}', "-5", '"-5"', "1e999", '"1e999"', "9" * 400, f'"{"9" * 400}"'],
]

ODD_IDS: list[Any] = [
    *["x" * 10_240, "\u00e9" * 10_240, "a\x00b", "a\nb", "\x1b[31m", "a\ud800", "a\u2028"],
    *["", " ", 7],
]

KEYS = [
    *["prompt", "completion", "image", "request", "audio", "discount", "overrides", "new_key"],
    *["min_prompt_tokens", "utc_days", "utc_start", "utc_end", "input_tokens", "output_tokens"],
    *["input", "output", "price", "pricing", "prices", "type", "price_unit", "range_name", "usd"],
    *["providers", "provider", "is_free", "metadata", "currency_unit", "input_tiers", "min", "max"],
]
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["0", "-1", "0.000001", "3e-07", "$1", "1,5", " ", "NaN", "\x00", "\ud800"]),
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=8), inner, max_size=6)
    ),
    max_leaves=8,
)


def check(slug: str, body: bytes) -> PriceList | None:
    try:
        listed = adapter(slug).parse(body)
    except ParseError as refused:
        assert refused.code in CODES
        assert len(refused.message) < 1000
        return None
    rows = to_apply_rows(listed, slug, f"api:{slug}")
    text = json.dumps(rows, allow_nan=False)
    assert "\\u0000" not in text
    assert "\\ud800" not in text
    for row in rows:
        conditions = row.get("conditions", [])
        assert isinstance(conditions, list)
        for priced in [row, *conditions]:
            assert isinstance(priced, dict)
            for axis in Axis:
                if (amount := priced.get(axis.value)) is not None:
                    assert isinstance(amount, str)
                    assert "E" not in amount
                    assert 0 <= Decimal(amount) < Decimal("1e61")
    ids = [str(row["model_id"]) for row in rows]
    assert len(ids) == len(set(ids))
    assert not set(ids) & {skipped.model_id for skipped in listed.skipped}
    return listed


def prices_of(model: RawModel) -> Iterator[tuple[str, RawPrice]]:
    """Each price with the conditions under which it holds."""
    for price in model.prices:
        yield f"{price.axis}", price
    for condition in model.conditions:
        circumstances = only_conditions(condition.as_json())
        for price in condition.prices:
            yield f"{circumstances} {price.axis}", price


def only_conditions(condition: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in condition.items() if not key.startswith("price_")}


@cache
def sample(slug: str) -> tuple[Shape, list[Any]]:
    """Three entries as the provider publishes them; the middle one has prices for long prompts if
    the format can express them.
    """
    shape = SHAPES[slug]
    entries = shape.read(shape.body(200 if shape.source == "openrouter" else 3))
    longest = max(entries[1:-1], key=lambda entry: len(json.dumps(entry)))
    return shape, [entries[0], longest, entries[-1]]


def wrapped(shape: Shape, entries: list[Any]) -> bytes:
    return json.dumps(shape.wrap(entries)).encode()


def numbers_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths to everything in an entry that is like a number."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            yield from numbers_in(inner, (*path, key))
    elif not isinstance(value, bool) and str(value).replace(".", "").isdecimal():
        yield path


def with_form(shape: Shape, entries: list[Any], path: tuple[Any, ...], form: str) -> bytes:
    """The list with ``form``, spelled as given, in the middle entry."""
    entries = deepcopy(entries)
    inner = entries[1]
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = "<form>"
    return wrapped(shape, entries).replace(b'"<form>"', form.encode())


@pytest.mark.parametrize("slug", SLUGS)
def test_a_number_in_any_form_is_what_it_says_and_nonsense_is_no_price(slug: str) -> None:
    shape, entries = sample(slug)
    before = check(slug, wrapped(shape, entries))
    assert before is not None
    published = dict(prices_of(before.models[1]))
    neighbours = [before.models[0], before.models[2]]
    for path, form in product(numbers_in(entries[1]), (*NUMBERS, *NO_NUMBERS)):
        after = check(slug, with_form(shape, entries, path, form))
        assert after is not None, (path, form)
        assert [model for model in after.models if model in neighbours] == neighbours, (path, form)
        middle = [model for model in after.models if model not in neighbours]
        assert len(middle) + len(after.skipped) == 1, (path, form)
        for circumstances, price in (found for model in middle for found in prices_of(model)):
            if published.get(circumstances) == price:
                continue
            assert form in NUMBERS, (path, form, price)
            if price in published.values():
                # The number was a bound: the price is the same, for prompts of another length.
                continue
            assert price.text == form.strip('"'), path
            # A JSON number loses the digits that floating point adds; a string loses none.
            noise = Decimal(0) if form.startswith('"') else Decimal("1e-11")
            assert abs(price.amount - Decimal(price.text)) <= noise, (path, form)


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if SHAPES[slug].key])
def test_a_number_is_a_price_as_a_json_number_and_as_a_string(slug: str) -> None:
    shape, entries = sample(slug)
    assert shape.key is not None
    for form in NUMBERS:
        changed = deepcopy(entries)
        shape.price_of(changed[0])[shape.key] = "<form>"
        listed = check(slug, wrapped(shape, changed).replace(b'"<form>"', form.encode()))
        assert listed is not None
        assert listed.skipped == ()
        model = listed.models[0]
        # A fee of 0 is no fee.
        said = {price.text for price in model.prices} | set(model.unknown.values())
        assert form.strip('"') in said


@pytest.mark.parametrize("slug", SLUGS)
def test_a_list_that_breaks_off_anywhere_is_refused(slug: str) -> None:
    body = wrapped(*sample(slug))
    for end in range(len(body)):
        with pytest.raises(ParseError) as refused:
            adapter(slug).parse(body[:end])
        assert refused.value.code == "not_json"


@settings(max_examples=200)
@given(slug=slugs, body=st.binary(max_size=200))
def test_any_bytes(slug: str, body: bytes) -> None:
    check(slug, body)


@settings(max_examples=300)
@given(slug=slugs, answer=values, entries=st.lists(values, max_size=3))
def test_any_json_alone_and_where_models_are(slug: str, answer: Any, entries: list[Any]) -> None:
    check(slug, json.dumps(answer).encode())
    check(slug, wrapped(SHAPES[slug], entries))


@settings(max_examples=500)
@given(slug=slugs, data=st.data())
def test_any_json_anywhere_in_a_list(slug: str, data: st.DataObject) -> None:
    shape, entries = sample(slug)
    around: list[Any] = [shape.wrap(deepcopy(entries))]
    inner: Any = around
    key: Any = 0
    for _ in range(data.draw(st.integers(0, 7))):
        if not isinstance(inner[key], dict | list) or not inner[key]:
            break
        inner = inner[key]
        keys = list(inner) if isinstance(inner, dict) else range(len(inner))
        key = data.draw(st.sampled_from(keys))
    inner[key] = data.draw(values)
    check(slug, json.dumps(around[0]).encode())


@settings(max_examples=300)
@given(slug=slugs, data=st.data())
def test_any_damage_to_a_list(slug: str, data: st.DataObject) -> None:
    body = wrapped(*sample(slug))
    at = data.draw(st.integers(0, len(body)))
    check(slug, body[:at] + data.draw(st.binary(max_size=5)) + body[at + 1 :])


def dearer(shape: Shape, entry: Any) -> Any:
    """The same model at another price."""
    changed = deepcopy(entry)
    changed.pop("price", None)
    shape.price_of(changed)[shape.key or "prompt"] = 0.123
    return changed


@pytest.mark.parametrize("slug", SLUGS)
def test_the_same_model_twice_at_one_price_is_one(slug: str) -> None:
    shape, entries = sample(slug)
    listed = check(slug, wrapped(shape, [*entries, entries[1]]))
    assert listed is not None
    assert [model.model_id for model in listed.models] == [shape.id_of(each) for each in entries]
    assert listed.skipped == ()


@pytest.mark.parametrize("slug", WITH_PRICES)
def test_the_same_model_twice_at_two_prices_is_skipped_and_named(slug: str) -> None:
    shape, (first, second, third) = sample(slug)
    listed = check(slug, wrapped(shape, [first, second, third, dearer(shape, third)]))
    assert listed is not None
    assert [model.model_id for model in listed.models] == [shape.id_of(first), shape.id_of(second)]
    assert [skipped.model_id for skipped in listed.skipped] == [shape.id_of(third)]
    assert "more than once" in listed.skipped[0].reason


@pytest.mark.parametrize("slug", SLUGS)
def test_an_odd_id_is_skipped_and_named_by_its_place(slug: str) -> None:
    shape, (first, second, third) = sample(slug)
    for model_id in ODD_IDS:
        odd = deepcopy(second)
        odd[next(key for key in ID_KEYS if key in odd)] = model_id
        listed = check(slug, wrapped(shape, [first, odd, third]))
        assert listed is not None
        ids = [model.model_id for model in listed.models]
        assert ids == [shape.id_of(first), shape.id_of(third)], model_id
        (skipped,) = listed.skipped
        assert skipped.model_id == "entry 2"
        assert skipped.reason.startswith("its id ")
        assert len(skipped.reason) < 120


@pytest.mark.parametrize("slug", SLUGS)
def test_an_odd_list_is_refused_whole(slug: str) -> None:
    shape, entries = sample(slug)
    by_id = {shape.id_of(entry): entry for entry in entries}
    whole: Body = shape.wrap(entries)
    containers: list[Any] = [None, True, 5, "fine", {}, {"models": entries}, {"data": by_id}, by_id]
    containers += [
        {"data": None},
        {"data": [entries]},
        {"output": entries},
        [whole],
        {"data": whole},
    ]
    containers += [entries] if isinstance(whole, dict) else [{"data": entries}]
    for container in containers:
        assert check(slug, json.dumps(container).encode()) is None, container
    for empty in (shape.wrap([]), [] if isinstance(whole, list) else whole | shape.wrap([])):
        with pytest.raises(ParseError) as refused:
            adapter(slug).parse(json.dumps(empty).encode())
        assert refused.value.code == "empty_list"


@pytest.mark.parametrize("slug", SLUGS)
def test_a_refusal_with_status_200_is_one(slug: str) -> None:
    shape, entries = sample(slug)
    whole = shape.wrap(entries)
    refusals: list[dict[str, Any]] = [
        {"success": False, "message": "Overloaded"},
        {"error": {"message": "Overloaded"}},
    ]
    for said in refusals:
        answer = (whole if isinstance(whole, dict) else {"data": whole}) | said
        with pytest.raises(ParseError, match="Overloaded") as refused:
            adapter(slug).parse(json.dumps(answer).encode())
        assert refused.value.code == "refused_by_provider"
