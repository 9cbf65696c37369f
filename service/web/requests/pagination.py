"""Lists in pages, by a limit and a cursor.

A cursor has the sort it belongs to and the last row's key, so rows that come or go in between
shift nothing.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from starlette.requests import Request

from service.lists.list_query import Key, Kind, Sort
from service.prices.units import plain
from service.web.requests.body import read_time
from service.web.requests.parameters import query_value
from service.web.responses.error_responses import HttpError, bad_input

DEFAULT_LIMIT = 100
LARGEST_LIMIT = 1000
LONGEST_CURSOR = 8000

NUMBER = re.compile(r"-?[0-9]{1,400}(?:\.[0-9]{1,400})?", re.ASCII)


def limit_of(request: Request) -> int | None:
    text = query_value(request, "limit")
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 4):
        raise _bad_limit()
    limit = int(text)
    if not 1 <= limit <= LARGEST_LIMIT:
        raise _bad_limit()
    return limit


def cursor_of(request: Request, name: str, sort: Sort) -> Key | None:
    """The key of the row before the page; ``name``: the sort's."""
    text = query_value(request, "cursor", LONGEST_CURSOR)
    return None if text is None else _read_key(text, name, sort)


def cursor_text(name: str, sort: Sort, key: Key) -> str:
    parts = [name, *(_written(value) for _, value in zip(sort, key, strict=True))]
    document = json.dumps(parts, separators=(",", ":"))
    return urlsafe_b64encode(document.encode()).decode().rstrip("=")


def _written(value: Any) -> str | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return plain(value)
    return None if value is None else str(value)


def _read_key(cursor: str, name: str, sort: Sort) -> Key:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        parts: Any = json.loads(urlsafe_b64decode(padded.encode("ascii")))
        if not isinstance(parts, list) or parts[:1] != [name] or len(parts) != len(sort) + 1:
            raise ValueError(cursor)
        return [
            None if part is None and column.nullable else _read_part(part, column.kind)
            for part, column in zip(parts[1:], sort, strict=True)
        ]
    except (ValueError, RecursionError):
        raise bad_input(
            "cursor is not from this list, or from another sort of it.",
            hint="Send the next_cursor of the previous page unchanged; omit it for the first page.",
        ) from None


def _read_part(part: object, kind: Kind) -> Any:
    if not isinstance(part, str) or "\0" in part:
        raise ValueError(part)
    # A lone surrogate raises UnicodeEncodeError, which is a ValueError.
    part.encode()
    return _READERS[kind](part)


def _read_number(text: str) -> Decimal:
    if not NUMBER.fullmatch(text):
        raise ValueError(text)
    return Decimal(text)


def _read_integer(size: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(text)
        if len(text) > 20 or not -(2 ** (size - 1)) <= number < 2 ** (size - 1):
            raise ValueError(text)
        return number

    return read


_READERS: Mapping[Kind, Callable[[str], Any]] = {
    "text": str,
    "bigint": _read_integer(64),
    "integer": _read_integer(32),
    "numeric": _read_number,
    "timestamptz": read_time,
    "uuid": UUID,
}


def _bad_limit() -> HttpError:
    return bad_input(
        f"limit must be a number from 1 to {LARGEST_LIMIT}.",
        hint="Follow next_cursor to see more.",
    )
