"""Price keys: known ones become prices, unknown ones are kept."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.prices.units import Axis, RawPrice, Unit
from service.reading.price_keys import (
    agreed,
    as_unknown,
    finer,
    may_cost,
    only_zeros,
    price_of,
    read_price,
    read_prices,
    read_pricing,
)
from service.reading.wire import InvalidEntry, Number

KEYS = {
    "in": (Axis.INPUT, Unit.USD_PER_1M_TOKENS),
    "image": (Axis.IMAGE, Unit.USD_PER_IMAGE),
}


def test_each_known_key_is_a_price_or_null_and_others_are_left() -> None:
    read = read_prices(
        {"in": Number("0.25"), "image": None, "created": "1", "new": "0.1"}, KEYS, path="pricing."
    )
    assert read.prices == (
        RawPrice(Axis.INPUT, Decimal("0.25"), Unit.USD_PER_1M_TOKENS, "0.25", "pricing.in"),
    )
    assert read.unknown == {}


def test_dynamic_is_said_and_unknown() -> None:
    read = read_prices({"in": "-1"}, KEYS, dynamic=-1)
    assert (read.prices, read.unknown) == ((), {"in": "-1"})


@pytest.mark.parametrize(
    ("value", "costs"),
    [
        ("0.08", True),
        ("$0.5 per 1M", True),
        ("0 USD", False),
        (2.5, True),
        ({"per_song": [{"usd": "0.08"}]}, True),
        ("0", False),
        (0.0, False),
        ("USD", False),
        (True, False),
        ({"per_song": None}, False),
        (None, False),
    ],
)
def test_what_may_cost_something_has_a_number_above_0(value: Any, costs: bool) -> None:
    assert may_cost(value) is costs


def test_nonsense_names_its_key() -> None:
    with pytest.raises(InvalidEntry, match=r"^pricing\.in: true is not a price$"):
        read_prices({"in": True}, KEYS, path="pricing.")


def published(text: str, unit: Unit, key: str) -> RawPrice:
    return RawPrice(Axis.INPUT, Decimal(text), unit, text, key)


PER_TOKEN, PER_1M, TEN_THOUSANDTHS = (
    Unit.USD_PER_TOKEN,
    Unit.USD_PER_1M_TOKENS,
    Unit.TEN_THOUSANDTHS_USD_PER_1M_TOKENS,
)


@pytest.mark.parametrize(
    ("one", "other", "stored"),
    [
        # Equal: the first.
        (("0.00000015", PER_TOKEN), ("0.15", PER_1M), "0.00000015"),
        (("0.15", PER_1M), ("0.00000015", PER_TOKEN), "0.15"),
        (("0", PER_TOKEN), ("0.00", PER_1M), "0"),
        # 36 is anything from 35.5 to 36.5.
        (("36", TEN_THOUSANDTHS), ("0.00361", PER_1M), "0.00361"),
        (("0.00361", PER_1M), ("36", TEN_THOUSANDTHS), "0.00361"),
        (("36", TEN_THOUSANDTHS), ("0.00365", PER_1M), "0.00365"),
        (("0.12", PER_1M), ("0.0000001234", PER_TOKEN), "0.0000001234"),
        # A 0 in the finest unit that is known.
        (("0", TEN_THOUSANDTHS), ("0.00004", PER_1M), "0.00004"),
        (("0.0000", PER_1M), ("0.00000000004", PER_TOKEN), "0.00000000004"),
    ],
)
def test_two_publications_agree_within_half_a_unit_of_the_coarser_and_the_finer_is_stored(
    one: tuple[str, Unit], other: tuple[str, Unit], stored: str
) -> None:
    assert finer(published(*one, "one"), published(*other, "other")).text == stored


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("36", TEN_THOUSANDTHS), ("0.00366", PER_1M)),
        (("0.00000015", PER_TOKEN), ("0.156", PER_1M)),
        (("0.00000015", PER_TOKEN), ("0.00000015", PER_1M)),
        # A 0 is no rounded price, but a filling or a free model.
        (("0", PER_TOKEN), ("0.0000003", PER_TOKEN)),
        (("0", PER_1M), ("0.0000003", PER_TOKEN)),
        (("0.00", PER_1M), ("0.004", PER_1M)),
        (("0", TEN_THOUSANDTHS), ("0.00006", PER_1M)),
    ],
)
def test_publications_that_differ_by_more_are_refused(
    one: tuple[str, Unit], other: tuple[str, Unit]
) -> None:
    for first, second in ((one, other), (other, one)):
        with pytest.raises(InvalidEntry, match=r"^one \("):
            finer(published(*first, "one"), published(*second, "other"))


def test_two_values_of_one_key_are_no_two_publications() -> None:
    with pytest.raises(InvalidEntry):
        finer(published("36", PER_1M, "input"), published("36.1", PER_1M, "input"))


@given(
    exact=st.decimals("0.0001", 1000, places=8),
    places=st.integers(0, 7),
    apart=st.decimals("0.51", 20, places=2),
)
def test_a_rounded_publication_agrees_and_another_number_does_not(
    exact: Decimal, places: int, apart: Decimal
) -> None:
    step = Decimal(1).scaleb(-places)
    rounded = exact.quantize(step)
    one = published(str(exact), PER_1M, "exact")
    if rounded:
        assert finer(one, published(str(rounded), PER_1M, "rounded")).amount == exact
    other = rounded + apart * step
    with pytest.raises(InvalidEntry):
        finer(published(f"{other:f}", PER_1M, "other"), published(f"{rounded:f}", PER_1M, "one"))


def test_the_price_of_an_axis() -> None:
    found = read_price("in", "3", KEYS["in"])
    assert found is not None
    assert price_of([found], Axis.INPUT) is found
    assert price_of([found], Axis.OUTPUT) is None


def test_of_all_publications_the_finest_is_the_price() -> None:
    exact = published("0.00000015", PER_TOKEN, "prompt")
    again = published("0.15", PER_1M, "input")
    finest = published("0.1504", PER_1M, "decimal")
    request = RawPrice(Axis.REQUEST, Decimal(1), Unit.USD_PER_REQUEST, "1", "request")
    assert agreed([exact, request, again]) == (exact, request)
    assert agreed([again, exact]) == (again,)
    assert agreed([again, finest, exact]) == (finest,)
    with pytest.raises(InvalidEntry):
        agreed([exact, published("0.16", PER_1M, "input")])


def test_pricing_that_is_null_or_not_there_is_empty() -> None:
    assert read_pricing({}) == read_pricing({"pricing": None}) == {}
    assert read_pricing({"price": {"in": "1"}}, "price") == {"in": "1"}
    with pytest.raises(InvalidEntry, match=r"^pricing is an array, not an object$"):
        read_pricing({"pricing": []})


def test_zeros_only_and_what_is_unknown_of_them() -> None:
    read = read_prices({"in": Number("0.0"), "image": "0"}, KEYS, path="pricing.")
    assert only_zeros(read.prices)
    assert not only_zeros([])
    assert not only_zeros([*read.prices, published("0.1", PER_TOKEN, "in")])

    nothing = as_unknown(read)
    assert nothing.prices == ()
    assert nothing.unknown == {"pricing.in": "0.0", "pricing.image": "0"}
    without_image = as_unknown(read, Axis.IMAGE)
    assert [price.axis for price in without_image.prices] == [Axis.INPUT]
    assert without_image.unknown == {"pricing.image": "0"}
