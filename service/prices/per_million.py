"""Converts token prices to USD per million tokens, under the column names of model_prices."""

from __future__ import annotations

from decimal import Decimal

from service.prices.units import Axis, Dimension, plain

_DIGITS = 6

# "price_per_input_token" -> "input_per_1m"
PER_1M_NAMES = {
    axis.value: axis.value.removeprefix("price_per_").removesuffix("_token") + "_per_1m"
    for axis in Axis
    if axis.dimension is Dimension.TOKEN
}


def per_1m(usd: Decimal) -> str:
    """USD per token as USD per million tokens, exactly, without exponent."""
    sign, digits, exponent = usd.as_tuple()
    return plain(Decimal((sign, digits, int(exponent) + _DIGITS)))
