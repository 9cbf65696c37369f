"""Read amounts without a float, and send them as decimal strings.

A price set has the columns' names, USD for one unit; sent, each token price has its price per
million tokens beside it, and so has each of its conditions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, JsonValue, PlainSerializer, WithJsonSchema

from service.prices.per_million import PER_1M_NAMES, per_1m
from service.prices.units import plain

# The limit of the readers of price lists.
LONGEST_AMOUNT = 60
AMOUNT = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)

PriceSet = dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number as it was written."""

    text: str


def read_amount(value: object) -> Decimal:
    """A JSON number, or a string of one; ValueError for anything else."""
    text = value.text if isinstance(value, Number) else value
    if not isinstance(text, str):
        raise ValueError("must be a number, or a string of one")
    if len(text) > LONGEST_AMOUNT or not AMOUNT.fullmatch(text):
        raise ValueError(
            f'must be a number from 0 up, such as 0.15 or "0.15", of {LONGEST_AMOUNT}'
            " characters at most"
        )
    return Decimal(text)


AmountInput = Annotated[
    Decimal,
    BeforeValidator(read_amount),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0},
                {"type": "string", "pattern": f"^{AMOUNT.pattern}$", "maxLength": LONGEST_AMOUNT},
            ]
        }
    ),
]


def read_condition_value(value: object) -> JsonValue:
    """A value of a condition as JSON: a number as its text; lists of texts are weekdays."""
    if isinstance(value, Number):
        return int(value.text) if value.text.isdecimal() and len(value.text) < 19 else value.text
    if isinstance(value, str | bool):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return list(value)
    raise ValueError("must be a number, a text, true, false, or a list of texts")


ConditionInput = Annotated[
    Any,
    BeforeValidator(read_condition_value),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0},
                {"type": "string"},
                {"type": "boolean"},
                {"type": "array", "items": {"type": "string"}},
            ]
        }
    ),
]


def read_usage_value(value: object) -> Number | str | bool | None:
    """A count as it was written, or a text, true, false or null."""
    if isinstance(value, Number):
        if len(value.text) > LONGEST_AMOUNT or not AMOUNT.fullmatch(value.text):
            raise ValueError("must be a number from 0 up, such as 1000 or 2.5")
    elif value is not None and not isinstance(value, str | bool):
        raise ValueError("must be a number, a text, true, false or null")
    return value


UsageInput = Annotated[
    Any,
    BeforeValidator(read_usage_value),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0},
                {"type": "string"},
                {"type": "boolean"},
                {"type": "null"},
            ]
        }
    ),
]


def usage_json(usage: Mapping[str, Any]) -> str:
    """A usage as JSON, its numbers as they were written."""
    pairs = (
        f"{json.dumps(key)}: {value.text if isinstance(value, Number) else json.dumps(value)}"
        for key, value in usage.items()
    )
    return f"{{{', '.join(pairs)}}}"


Amount = Annotated[
    Decimal,
    PlainSerializer(plain, return_type=str),
    WithJsonSchema({"type": "string", "description": "A decimal without exponent."}),
]


def shown_set(prices: Mapping[str, Any]) -> PriceSet:
    """A price set as sent: decimal strings, with ``*_per_1m`` beside each token price."""
    shown: PriceSet = {}
    for name, value in prices.items():
        if name == "conditions":
            shown[name] = [shown_set(condition) for condition in value]
        elif name in PER_1M_NAMES and value is not None:
            usd = Decimal(value)
            shown[name] = plain(usd)
            shown[PER_1M_NAMES[name]] = per_1m(usd)
        else:
            shown[name] = value
    return shown
