"""What an entry says beside the keys that are known."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.reading.entry_words import words_of_answer, words_of_entry
from service.reading.known_keys import KnownKeys
from service.reading.wire import InvalidEntry, parse_json

KNOWN = KnownKeys.of("pricing.in", "pricing.tiers[].cost", "price.*.usd", "not_a_price_but_a_cost")


def said(entry: Any, known: KnownKeys = KNOWN) -> Any:
    read: Any = parse_json(json.dumps(entry).encode())
    return words_of_entry(read, known)


def test_known_keys_are_not_unread() -> None:
    entry = {
        "pricing": {"in": 1, "tiers": [{"cost": 2}]},
        "price": {"in": {"usd": 3}, "out": {"usd": 4}},
        "not_a_price_but_a_cost": {"x": {"price": 5}},
    }
    assert said(entry).extra() == {}


def test_all_other_keys_of_known_prices_are_unread_and_elsewhere_only_words_count() -> None:
    entry = {
        "pricing": {"in": 1, "song": 2, "tiers": [{"cost": 2, "hour": 5}, {"hour": 6}]},
        "price": {"in": {"tao": 3}},
        "about": {"colour": "blue", "list": [[{"fees": {"song": 7}}]]},
        "tiers": [{"up_to": 9}],
        "tier": "warm",
    }
    assert said(entry).extra() == {
        "pricing.song": 2,
        "pricing.tiers[].hour": [5, 6],
        "price.in.tao": 3,
        "about.list[][].fees": {"song": 7},
        "tiers": [{"up_to": 9}],
    }


def test_a_known_object_with_another_value_is_unread() -> None:
    assert said({"price": {"in": 5}}).extra() == {"price.in": 5}


@pytest.mark.parametrize("empty", [None, "", " ", [], {}, [{}], {"a": {"b": None}}])
def test_empty_values_say_nothing(empty: Any) -> None:
    assert said({"costs": empty, "pricing": {"song": empty}}).extra() == {}
    assert said({"has_pricing": False, "is_billed": False}).extra() == {}
    assert said({"fees": 0, "surcharge": False}).extra() == {"fees": 0, "surcharge": False}


def test_a_currency_counts_everywhere_and_a_unit_where_prices_are() -> None:
    entry = {
        "currency": "A",
        "unit": "a",
        "pricing": {"currency": "B", "unit": "b", "tiers": [{"currency": "C", "per": "c"}]},
        "costs": {"currency": "D", "unit": "d"},
        "about": {"currency": "E", "unit": "e", "price_unit": "f"},
    }
    found = said(entry)
    assert {value for _, value in found.currencies} == {"A", "B", "C", "D", "E"}
    assert sorted(path for path, _ in found.units) == [
        "about.price_unit",
        "pricing.tiers[].per",
        "pricing.unit",
        "unit",
    ]


@pytest.mark.parametrize("name", ["symbol", "priced_in", "kind"])
def test_a_value_that_is_only_a_currency_or_a_size_is_one_beside_prices(name: str) -> None:
    for currency in ("EUR", "yuan", "¥", "USD"):
        found = said({"pricing": {name: currency}})
        assert found.currencies == [(f"pricing.{name}", currency)]
        assert found.extra() == {}
    for unit in ("per_1k", "characters", "per minute", "1M tokens"):
        assert said({"pricing": {name: unit}}).units == [(f"pricing.{name}", unit)]
    for other in ("hour", "1k", "5", "free", "EU"):
        assert said({"pricing": {name: other}}).extra() == {f"pricing.{name}": other}


def test_an_amount_under_the_name_of_tokens_is_a_price() -> None:
    entry: dict[str, Any] = {
        "off_peak": {"input": "0.0000005", "output": 5e-7, "context": 5},
        "batch": [{"cached_input": "$3 / 1M"}],
        "long_output": "0.5 CNY",
        "short_output": "0.5/1M",
        "tiers": ["to 128k: $1", "above: $2"],
        "limits": {"input": 128000, "output": "4096", "tokens": None},
        "modalities": {"input": ["text"], "output": "text"},
        "top_p": {"image_ratio": 0.5},
        "peak_hours": {"start": 100, "end": 400},
        "peak": "high",
    }
    assert said(entry).extra() == {
        "off_peak": {"input": "0.0000005", "output": 5e-7, "context": 5},
        "batch[].cached_input": "$3 / 1M",
        "long_output": "0.5 CNY",
        "short_output": "0.5/1M",
        "tiers": ["to 128k: $1", "above: $2"],
        "peak_hours": {"start": 100, "end": 400},
    }


def test_around_the_list_a_currency_counts_at_every_level_and_the_list_does_not() -> None:
    answer: dict[str, object] = {
        "meta": {"currency": "EUR"},
        "output": {"unit": "token", "models": [{"currency": "CNY", "price": 1}]},
    }
    found = words_of_answer(answer, ("output", "models"))
    assert found.currencies == [("meta.currency", "EUR")]
    assert found.units == [("output.unit", "token")]
    assert found.extra() == {}


@pytest.mark.parametrize(
    "entry",
    [
        b'{"about": {"costs": 1, "costs": 2}}',
        b'{"pricing": {"tiers": [{"hour": 1, "hour": 2}]}}',
        b'{"costs": {"a": 1, "a": 2}}',
    ],
)
def test_a_price_that_is_said_twice_is_refused(entry: bytes) -> None:
    read: Any = parse_json(entry)
    with pytest.raises(InvalidEntry, match="twice"):
        words_of_entry(read, KNOWN)
    other: Any = parse_json(b'{"about": {"colour": 1, "colour": 2}}')
    assert words_of_entry(other, KNOWN).extra() == {}


def test_depth_without_end_is_walked() -> None:
    deep: dict[str, object] = {"price": "1"}
    for _ in range(5_000):
        deep = {"a": [deep]}
    with pytest.raises(InvalidEntry):
        words_of_entry({"costs": deep}, KNOWN)
    (key,) = words_of_entry(deep, KNOWN).extra()
    assert key.endswith(".price")
