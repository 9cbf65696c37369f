"""Bodies of a provider that switches to another unit: all its prices times one factor."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from tests.replay.published import CONDITION_KEYS

# Keys among prices that are none: the numbers of tokens at which a tier begins and ends.
NOT_PRICES = CONDITION_KEYS | {"min", "max", "context_token_threshold", "scale"}
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE]-?[0-9]+)?")


def switch_unit(body: Any, factor: Decimal) -> None:
    """Multiply every price in a body, in place, whatever its shape: numbers below a key with
    ``pric`` in its name."""
    for key, value in list(body.items() if isinstance(body, dict) else enumerate(body)):
        if isinstance(value, dict | list):
            if "pric" in str(key):
                _multiply(value, factor)
            else:
                switch_unit(value, factor)
        elif "pric" in str(key):
            body[key] = _times(value, factor)


def _multiply(prices: Any, factor: Decimal) -> None:
    for key, value in list(prices.items() if isinstance(prices, dict) else enumerate(prices)):
        if isinstance(value, dict | list):
            _multiply(value, factor)
        elif key not in NOT_PRICES:
            prices[key] = _times(value, factor)


def _times(value: object, factor: Decimal) -> object:
    if isinstance(value, str) and NUMBER.fullmatch(value):
        return f"{Decimal(value) * factor:f}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        times = Decimal(repr(value)) * factor
        return int(times) if times == int(times) else float(times)
    return value
