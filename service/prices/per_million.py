"""Converts prices of tokens and characters to USD per million, named as in model_prices."""

from __future__ import annotations

from decimal import Decimal

from service.prices.units import Axis, Dimension, plain

_DIGITS = 6

# "price_per_input_token" -> "input_per_1m"; characters are read per million too.
PER_1M_NAMES = {
    axis.value: axis.value.removeprefix("price_per_").removesuffix("_token") + "_per_1m"
    for axis in Axis
    if axis.dimension is Dimension.TOKEN
} | {Axis.INPUT_CHARACTER.value: "input_characters_per_1m"}
# Every axis as model_prices names it: "price_per_image" -> "per_image".
SHORT_NAMES = {
    axis.value: PER_1M_NAMES.get(axis.value, axis.value.removeprefix("price_")) for axis in Axis
}


def per_1m(usd: Decimal) -> str:
    """USD for one as USD per million, exactly, without exponent."""
    sign, digits, exponent = usd.as_tuple()
    return plain(Decimal((sign, digits, int(exponent) + _DIGITS)))
