"""Parses the JSON of providers exactly, and checks each value from outside.

A JSON number stays text (``Number``): a float would round it, and a huge integer would take
minutes. An error in one model is an ``InvalidEntry``, which skips that model; an error in the whole
body is a ParseError.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal

from pydantic import JsonValue

from service.errors import ParseError

# Prices have 22 decimals at most (OpenRouter); beyond 60 digits it is not a price.
MAX_DIGITS = 60
# The errors of binary floating point are beyond the twelfth significant digit.
_JSON_NUMBER = Context(prec=12)
_AMOUNT = re.compile(r"-?[0-9]{1,60}(?:\.[0-9]{1,60})?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
# Postgres refuses NUL and lone surrogates in JSON; terminals execute other control characters.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MAX_DEPTH = 20


class InvalidEntry(Exception):
    """One model cannot be read; the text tells the operator why."""


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number as text; also NaN and Infinity, which are not JSON."""

    text: str


@dataclass(frozen=True, slots=True)
class RepeatedKeys:
    """An object with two different values for one key: which one counts is unknown."""

    keys: tuple[str, ...]
    values: Mapping[str, object]


def parse_json(body: bytes | str) -> object:
    """The body's value, objects as dicts; ParseError ``not_json`` for anything else."""
    try:
        return _DECODER.decode(decoded(body) if isinstance(body, bytes) else body)
    except RecursionError:
        raise ParseError("The answer is nested too deep to be read.", code="not_json") from None
    except UnicodeDecodeError:
        raise ParseError("The answer is not text in UTF-8.", code="not_json") from None
    except json.JSONDecodeError as error:
        if body.lstrip()[:1] in (b"<", "<"):
            raise ParseError("The answer is a web page, not JSON.", code="not_json") from None
        where = f"of {len(error.doc)} characters, it goes wrong at {error.pos}"
        raise ParseError(f"The answer is not JSON: {where}.", code="not_json") from None


def decoded(body: bytes) -> str:
    """Decode UTF-8 so that an invalid byte spoils only the text that contains it.

    The byte becomes a lone surrogate: an id with one is refused, other texts show U+FFFD.
    UnicodeDecodeError for what is in none of JSON's encodings.
    """
    encoding = json.detect_encoding(body)
    if encoding in ("utf-8", "utf-8-sig"):
        return body.decode("utf-8-sig", "surrogateescape")
    return body.decode(encoding, "surrogatepass")


def read_amount(value: object, *, unknown: int | None = None) -> Decimal | None:
    """The amount in a JSON value; None if the provider does not know it.

    Strings are exact. JSON numbers are rounded to 12 significant digits, here and nowhere else.
    null is unknown, and so is the number ``unknown`` (OpenRouter: -1). InvalidEntry for anything
    but a decimal number of at most 60 digits, and for a negative one.
    """
    if value is None:
        return None
    text = value.text if isinstance(value, Number) else value
    if not isinstance(text, str) or not _AMOUNT.fullmatch(text):
        raise InvalidEntry(f"{shown(value)} is not a price")
    amount = Decimal(text)
    if amount.is_zero():
        return Decimal(0)
    if amount == unknown:
        return None
    if amount < 0:
        raise InvalidEntry(f"{shown(value)} is negative")
    # Without an exponent there are no more digits than characters.
    is_short = len(text) <= MAX_DIGITS and "e" not in text and "E" not in text
    if not is_short and _digits(amount) > MAX_DIGITS:
        raise InvalidEntry(f"{shown(value)} has more than {MAX_DIGITS} digits")
    return _JSON_NUMBER.create_decimal(amount) if isinstance(value, Number) else amount


def read_whole_number(value: object, *, largest: int) -> int:
    """A JSON number without a fraction from 0 to ``largest``, or InvalidEntry."""
    if isinstance(value, Number) and _AMOUNT.fullmatch(value.text):
        number = Decimal(value.text)
        # Compared before the conversion: 1e999 as an integer has a thousand digits.
        if 0 <= number <= largest and number == int(number):
            return int(number)
    raise InvalidEntry(f"{shown(value)} is not a whole number from 0 to {largest}")


def read_object(value: object, what: str) -> dict[str, object]:
    """The JSON object ``value``, or InvalidEntry naming ``what`` it was expected to be."""
    if isinstance(value, dict):
        return value
    if isinstance(value, RepeatedKeys):
        raise InvalidEntry(f"{what} gives {', '.join(map(shown, value.keys))} twice")
    raise InvalidEntry(f"{what} is {shown(value)}, not an object")


def read_array(value: object, what: str) -> list[object]:
    """The JSON array ``value``, or InvalidEntry naming ``what`` it was expected to be."""
    if isinstance(value, list):
        return value
    raise InvalidEntry(f"{what} is {shown(value)}, not an array")


def published_text(value: object) -> str:
    """A price as published, for the history."""
    return printable(value.text if isinstance(value, Number) else str(value))


def verbatim(value: object, *, depth: int = 0) -> JsonValue:
    """The value of an unknown key, as JSON that the database can store.

    A number that a float would change is kept as text.
    """
    if depth > _MAX_DEPTH:
        raise InvalidEntry(f"an unknown key is nested more than {_MAX_DEPTH} deep")
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


def leaves_of(value: object) -> Iterator[object]:
    """Everything in a value that is no object or array, and not empty."""
    todo = [value]
    while todo:
        each = todo.pop()
        if isinstance(each, RepeatedKeys):
            todo.extend(each.values.values())
        elif isinstance(each, dict):
            todo.extend(each.values())
        elif isinstance(each, list):
            todo.extend(each)
        elif each is not None and each != "":
            yield each


def printable(text: str) -> str:
    """The text with U+FFFD for characters that the database refuses or a terminal executes."""
    # The look at its characters alone is several times as fast.
    return text if text.isprintable() else _UNPRINTABLE.sub("\ufffd", text)


def is_printable(text: str) -> bool:
    return not _UNPRINTABLE.search(text)


def shown(value: object, *, limit: int = 60) -> str:
    """A value for a message: one line of at most ``limit`` characters."""
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
    read = dict(pairs)
    if len(read) == len(pairs):
        return read
    read = {}
    repeated = []
    for key, value in pairs:
        if key in read and read[key] != value:
            repeated.append(key)
        read.setdefault(key, value)
    return RepeatedKeys(tuple(repeated), read) if repeated else read


_DECODER = json.JSONDecoder(
    parse_float=Number,
    parse_int=Number,
    parse_constant=Number,
    object_pairs_hook=_read_object,
)


def _digits(amount: Decimal) -> int:
    exponent = int(amount.as_tuple().exponent)
    return max(amount.adjusted() + 1, 1) + max(-exponent, 0)


def _number_for_keeping(text: str) -> JsonValue:
    if re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    if _AMOUNT.fullmatch(text) and Decimal(repr(float(text))) == Decimal(text):
        return float(text)
    return printable(text[:1000])
