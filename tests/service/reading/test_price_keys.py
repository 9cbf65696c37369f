"""Price keys: known ones become prices, unknown ones are kept."""

from __future__ import annotations

from decimal import Decimal

import pytest

from service.prices.units import Axis, RawPrice, Unit
from service.reading.price_keys import (
    agreed,
    as_unknown,
    only_zeros,
    price_of,
    read_price,
    read_prices,
    read_pricing,
    require_agreement,
)
from service.reading.wire import InvalidEntry, Number

KEYS = {
    "in": (Axis.INPUT, Unit.USD_PER_1M_TOKENS),
    "image": (Axis.IMAGE, Unit.USD_PER_IMAGE),
}


def test_each_key_is_a_price_or_known_or_unknown() -> None:
    read = read_prices(
        {"in": Number("0.25"), "image": None, "created": "1", "new": "0.1"},
        KEYS,
        known={"created"},
        path="pricing.",
    )
    assert read.prices == (
        RawPrice(Axis.INPUT, Decimal("0.25"), Unit.USD_PER_1M_TOKENS, "0.25", "pricing.in"),
    )
    assert read.unknown == {}
    assert read.extra == {"pricing.new": "0.1"}
    assert read.unknown_keys == {"pricing.new"}


def test_dynamic_is_said_and_unknown() -> None:
    read = read_prices({"in": "-1"}, KEYS, dynamic=-1)
    assert (read.prices, read.unknown) == ((), {"in": "-1"})


@pytest.mark.parametrize(
    ("other", "is_free"),
    [
        ("0.08", False),
        (Number("2.5"), False),
        ({"per_song": [{"usd": "0.08"}]}, False),
        ("0", True),
        (Number("0.0"), True),
        ("USD", True),
        (True, True),
        ({"per_song": None}, True),
        (None, True),
    ],
)
def test_zeros_beside_what_costs_something_are_unknown(other: object, is_free: bool) -> None:
    read = read_prices({"in": "0", "new": other}, KEYS)
    assert bool(read.prices) is is_free
    assert read.unknown == ({} if is_free else {"in": "0"})
    assert read.unknown_keys == {"new"}
    assert read_prices({"in": "1", "new": other}, KEYS).prices


def test_nonsense_names_its_key() -> None:
    with pytest.raises(InvalidEntry, match=r"^pricing\.in: true is not a price$"):
        read_prices({"in": True}, KEYS, path="pricing.")


def price(amount: str, unit: Unit) -> RawPrice:
    return RawPrice(Axis.INPUT, Decimal(amount), unit, amount, unit.label)


def test_two_publications_in_two_units_agree_or_are_refused() -> None:
    per_token = price("0.00000015", Unit.USD_PER_TOKEN)
    require_agreement(per_token, price("0.15", Unit.USD_PER_1M_TOKENS))
    require_agreement(per_token, None)
    require_agreement(None, per_token)
    require_agreement(price("0", Unit.USD_PER_TOKEN), price("0", Unit.USD_PER_1M_TOKENS))
    with pytest.raises(InvalidEntry, match=r"usd_per_token \(0\.00000015\)"):
        require_agreement(per_token, price("0.1500002", Unit.USD_PER_1M_TOKENS))
    with pytest.raises(InvalidEntry):
        require_agreement(per_token, price("0.00000015", Unit.USD_PER_1M_TOKENS))


def test_the_price_of_an_axis() -> None:
    found = read_price("in", "3", KEYS["in"])
    assert found is not None
    assert price_of([found], Axis.INPUT) is found
    assert price_of([found], Axis.OUTPUT) is None


def test_of_publications_that_agree_the_first_is_the_price() -> None:
    exact, again = price("0.00000015", Unit.USD_PER_TOKEN), price("0.15", Unit.USD_PER_1M_TOKENS)
    request = RawPrice(Axis.REQUEST, Decimal(1), Unit.USD_PER_REQUEST, "1", "request")
    assert agreed([exact, request, again]) == (exact, request)
    assert agreed([again, exact]) == (again,)
    with pytest.raises(InvalidEntry):
        agreed([exact, price("0.16", Unit.USD_PER_1M_TOKENS)])


def test_pricing_that_is_null_or_not_there_is_empty() -> None:
    assert read_pricing({}) == read_pricing({"pricing": None}) == {}
    assert read_pricing({"price": {"in": "1"}}, "price") == {"in": "1"}
    with pytest.raises(InvalidEntry, match=r"^pricing is an array, not an object$"):
        read_pricing({"pricing": []})


def test_zeros_only_and_what_is_unknown_of_them() -> None:
    read = read_prices({"in": Number("0.0"), "image": "0", "new": "one"}, KEYS, path="pricing.")
    assert only_zeros(read.prices)
    assert not only_zeros([])
    assert not only_zeros([*read.prices, price("0.1", Unit.USD_PER_TOKEN)])

    nothing = as_unknown(read)
    assert (nothing.prices, nothing.extra) == ((), read.extra)
    assert nothing.unknown == {"pricing.in": "0.0", "pricing.image": "0"}
    without_image = as_unknown(read, Axis.IMAGE)
    assert [price.axis for price in without_image.prices] == [Axis.INPUT]
    assert without_image.unknown == {"pricing.image": "0"}
