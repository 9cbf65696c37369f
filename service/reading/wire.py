"""JSON as providers send it, read without losing a digit and without trusting a byte.

A JSON number stays the text that it was (``Number``): a float would round it, and a huge integer
would cost minutes. What is wrong with one model is an ``OddEntry``, which skips that model; what
is wrong with the whole body is a ParseError.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal

from pydantic import JsonValue

from service.errors import ParseError

# Prices have 22 decimals at most (OpenRouter); beyond 60 digits it is not a price.
MAX_DIGITS = 60
# What binary floating point adds to a JSON number is beyond the twelfth significant digit.
_JSON_NUMBER = Context(prec=12)
_AMOUNT = re.compile(r"-?[0-9]{1,60}(?:\.[0-9]{1,60})?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
# Postgres refuses NUL and lone surrogates in JSON, and terminals obey the other control characters.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MAX_DEPTH = 20


class OddEntry(Exception):
    """One model cannot be read; the text says why, in words for the operator."""


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number as it was written, NaN and Infinity (which are not JSON) included."""

    text: str


@dataclass(frozen=True, slots=True)
class RepeatedKeys:
    """An object that gives one key two different values: nobody can say which one counts."""

    keys: tuple[str, ...]
    values: Mapping[str, object]


def parse_json(body: bytes) -> object:
    """The body's value, objects as dicts; ParseError ``not_json`` for anything else."""
    try:
        return json.loads(
            _decoded(body),
            parse_float=Number,
            parse_int=Number,
            parse_constant=Number,
            object_pairs_hook=_read_object,
        )
    except RecursionError:
        raise ParseError("The answer is nested too deep to be read.", code="not_json") from None
    except UnicodeDecodeError:
        raise ParseError("The answer is not text in UTF-8.", code="not_json") from None
    except json.JSONDecodeError as error:
        if body.lstrip()[:1] == b"<":
            raise ParseError("The answer is a web page, not JSON.", code="not_json") from None
        where = f"of {len(error.doc)} characters, it goes wrong at {error.pos}"
        raise ParseError(f"The answer is not JSON: {where}.", code="not_json") from None


def _decoded(body: bytes) -> str | bytes:
    """UTF-8 in which a broken byte breaks the text that it is in, and not the list around it.

    It becomes half a surrogate pair: an id with one is refused, other texts show it as U+FFFD.
    """
    if json.detect_encoding(body) in ("utf-8", "utf-8-sig"):
        return body.decode("utf-8-sig", "surrogateescape")
    return body


def read_amount(value: object, *, unknown: int | None = None) -> Decimal | None:
    """The amount that a JSON value stands for; None if the provider says that it cannot tell.

    Strings are exact. JSON numbers are rounded to 12 significant digits, here and nowhere else.
    null is unknown, and so is the number ``unknown`` (OpenRouter: -1). OddEntry for whatever is
    not a decimal number of 60 digits or fewer, or is negative.
    """
    if value is None:
        return None
    text = value.text if isinstance(value, Number) else value
    if not isinstance(text, str) or not _AMOUNT.fullmatch(text):
        raise OddEntry(f"{shown(value)} is not a price")
    amount = Decimal(text)
    if amount.is_zero():
        return Decimal(0)
    if amount == unknown:
        return None
    if amount < 0:
        raise OddEntry(f"{shown(value)} is negative")
    if _digits(amount) > MAX_DIGITS:
        raise OddEntry(f"{shown(value)} has more than {MAX_DIGITS} digits")
    return _JSON_NUMBER.create_decimal(amount) if isinstance(value, Number) else amount


def read_whole_number(value: object, *, largest: int) -> int:
    """A JSON number without a fraction from 0 to ``largest``, or OddEntry."""
    if isinstance(value, Number) and _AMOUNT.fullmatch(value.text):
        number = Decimal(value.text)
        # Compared before it is converted: 1e999 as an integer has a thousand digits.
        if 0 <= number <= largest and number == int(number):
            return int(number)
    raise OddEntry(f"{shown(value)} is not a whole number from 0 to {largest}")


def read_object(value: object, what: str) -> dict[str, object]:
    """The JSON object ``value``, or OddEntry naming ``what`` it was expected to be."""
    if isinstance(value, dict):
        return value
    if isinstance(value, RepeatedKeys):
        raise OddEntry(f"{what} gives {', '.join(map(shown, value.keys))} twice")
    raise OddEntry(f"{what} is {shown(value)}, not an object")


def published_text(value: object) -> str:
    """How a price was spelt, for the history."""
    return printable(value.text if isinstance(value, Number) else str(value))


def verbatim(value: object, *, depth: int = 0) -> JsonValue:
    """A value that nobody understood yet, as JSON that the database can keep.

    A number that a float would change is kept as its text.
    """
    if depth > _MAX_DEPTH:
        raise OddEntry(f"an unknown key is nested more than {_MAX_DEPTH} deep")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Number):
        return _number_for_keeping(value.text)
    if isinstance(value, list):
        return [verbatim(item, depth=depth + 1) for item in value]
    return {
        printable(key): verbatim(item, depth=depth + 1)
        for key, item in read_object(value, "an unknown key").items()
    }


def printable(text: str) -> str:
    """The text without characters that the database or a terminal would stumble over."""
    return _UNPRINTABLE.sub("\ufffd", text)


def is_printable(text: str) -> bool:
    return not _UNPRINTABLE.search(text)


def shown(value: object, *, limit: int = 60) -> str:
    """A value for a message: one line, never long."""
    if isinstance(value, dict | RepeatedKeys):
        return "an object"
    if isinstance(value, list):
        return "an array"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    text = value.text if isinstance(value, Number) else str(value)
    short = printable(text[:limit]) + ("..." if len(text) > limit else "")
    return short if isinstance(value, Number) else f'"{short}"'


def _read_object(pairs: list[tuple[str, object]]) -> dict[str, object] | RepeatedKeys:
    read: dict[str, object] = {}
    repeated = []
    for key, value in pairs:
        if key in read and read[key] != value:
            repeated.append(key)
        read.setdefault(key, value)
    return RepeatedKeys(tuple(repeated), read) if repeated else read


def _digits(amount: Decimal) -> int:
    exponent = int(amount.as_tuple().exponent)
    return max(amount.adjusted() + 1, 1) + max(-exponent, 0)


def _number_for_keeping(text: str) -> JsonValue:
    if re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    if _AMOUNT.fullmatch(text) and Decimal(repr(float(text))) == Decimal(text):
        return float(text)
    return printable(text[:1000])
