from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.prices.units import Axis, Dimension, RawPrice, Unit, plain, to_canonical


def raw(axis: Axis, amount: str, unit: Unit) -> RawPrice:
    return RawPrice(axis, Decimal(amount), unit, text=amount, key="key")


@pytest.mark.parametrize(
    ("axis", "amount", "unit", "usd"),
    [
        (Axis.INPUT, "0.0000003", Unit.USD_PER_TOKEN, "0.0000003"),
        (Axis.INPUT, "0.0003", Unit.USD_PER_1K_TOKENS, "0.0000003"),
        (Axis.OUTPUT, "0.3", Unit.USD_PER_1M_TOKENS, "0.0000003"),
        (Axis.OUTPUT, "0.00003", Unit.CENTS_PER_TOKEN, "0.0000003"),
        (Axis.INPUT, "630", Unit.TEN_THOUSANDTHS_USD_PER_1M_TOKENS, "0.000000063"),
        (Axis.IMAGE, "0.04", Unit.USD_PER_IMAGE, "0.04"),
        (Axis.REQUEST, "0.005", Unit.USD_PER_REQUEST, "0.005"),
        (Axis.REQUEST, "5", Unit.USD_PER_1K_REQUESTS, "0.005"),
        (Axis.WEB_SEARCH, "0.01", Unit.USD_PER_SEARCH, "0.01"),
        (Axis.WEB_SEARCH, "10", Unit.USD_PER_1K_SEARCHES, "0.01"),
    ],
)
def test_each_unit_converts_to_usd_for_one(axis: Axis, amount: str, unit: Unit, usd: str) -> None:
    converted = to_canonical(raw(axis, amount, unit))
    assert (converted.axis, converted.usd) == (axis, Decimal(usd))


def test_every_unit_is_its_own_member() -> None:
    # An enum merges members that have equal values.
    assert len({unit.label for unit in Unit}) == len(Unit.__members__)
    assert {unit.dimension for unit in Unit} == set(Dimension)


def test_an_axis_takes_units_of_its_own_dimension_only() -> None:
    for axis, unit in product(Axis, Unit):
        if axis.dimension is unit.dimension:
            raw(axis, "1", unit)
        else:
            with pytest.raises(ValueError, match="cannot be published in"):
                raw(axis, "1", unit)


@pytest.mark.parametrize("amount", ["-1", "NaN", "Infinity", "-0.5", "sNaN"])
def test_what_is_no_amount_is_no_price(amount: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        raw(Axis.INPUT, amount, Unit.USD_PER_TOKEN)


@example(10**60 - 1, 60, Unit.USD_PER_TOKEN)
@given(st.integers(0, 10**60 - 1), st.integers(0, 60), st.sampled_from(list(Unit)))
def test_conversion_loses_no_digit(digits: int, decimals: int, unit: Unit) -> None:
    axis = next(axis for axis in Axis if axis.dimension is unit.dimension)
    amount = Decimal((0, tuple(map(int, str(digits))), -decimals))

    usd = to_canonical(RawPrice(axis, amount, unit, text="", key="")).usd

    # Fractions compare without rounding.
    exact = Fraction(digits, 10**decimals) * Fraction(unit.factor) / Fraction(unit.divisor)
    if unit is Unit.USD_PER_AUDIO_HOUR:
        assert abs(Fraction(usd) - exact) <= exact / 10**29
    else:
        assert Fraction(usd) == exact


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("5e-07", "0.0000005"),
        ("1.50", "1.5"),
        ("100", "100"),
        ("1E+2", "100"),
        ("0", "0"),
        ("-0", "0"),
        ("0.000", "0"),
        ("0E-30", "0"),
    ],
)
def test_plain_has_no_exponent(amount: str, text: str) -> None:
    assert plain(Decimal(amount)) == text
