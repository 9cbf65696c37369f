"""Lists in pages, by a limit and a cursor.

A cursor contains the last row's key, so rows that come or go in between shift nothing.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
from starlette.requests import Request

from service.web.requests.parameters import query_value
from service.web.responses.error_responses import HttpError, bad_input

DEFAULT_LIMIT = 100
LARGEST_LIMIT = 1000
LONGEST_CURSOR = 4000


@dataclass(frozen=True)
class Page:
    """``after``: the key of the row before this page, one text for each column."""

    limit: int
    after: tuple[str, ...] | None

    @property
    def after_id(self) -> int | None:
        """``after`` where the key is one id."""
        return None if self.after is None else int(self.after[0])

    @property
    def asked(self) -> int:
        """One row more than the page, which shows whether there is another page."""
        return self.limit + 1

    def cut(
        self, rows: Sequence[asyncpg.Record], *key: str
    ) -> tuple[Sequence[asyncpg.Record], str | None]:
        """The rows of this page, and the cursor of the next one if there is one."""
        if len(rows) <= self.limit:
            return rows, None
        shown = rows[: self.limit]
        return shown, _cursor([str(shown[-1][column]) for column in key])


def page_of(request: Request, *key: type) -> Page:
    """The page of ``limit`` and ``cursor``; ``key``: the types of the columns in the cursor."""
    text = query_value(request, "limit")
    if text is not None and not (text.isascii() and text.isdecimal() and len(text) <= 4):
        raise _bad_limit()
    limit = DEFAULT_LIMIT if text is None else int(text)
    if not 1 <= limit <= LARGEST_LIMIT:
        raise _bad_limit()
    cursor = query_value(request, "cursor", LONGEST_CURSOR)
    return Page(limit, None if cursor is None else _key(cursor, key))


def _cursor(key: list[str]) -> str:
    return urlsafe_b64encode(json.dumps(key, separators=(",", ":")).encode()).decode().rstrip("=")


def _key(cursor: str, types: Sequence[type]) -> tuple[str, ...]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        key: Any = json.loads(urlsafe_b64decode(padded.encode("ascii")))
        if not isinstance(key, list) or len(key) != len(types):
            raise ValueError(cursor)
        for part, kind in zip(key, types, strict=True):
            if not isinstance(part, str) or "\0" in part:
                raise ValueError(cursor)
            # A lone surrogate raises UnicodeEncodeError, which is a ValueError.
            part.encode()
            if kind is int and not 0 < int(part) < 2**63:
                raise ValueError(cursor)
    except (ValueError, RecursionError):
        raise bad_input(
            "cursor is not from this list.",
            hint="Send the next_cursor of the previous page unchanged; omit it for the first page.",
        ) from None
    return tuple(key)


def _bad_limit() -> HttpError:
    return bad_input(
        f"limit must be a number from 1 to {LARGEST_LIMIT}.",
        hint="Follow next_cursor to see more.",
    )
