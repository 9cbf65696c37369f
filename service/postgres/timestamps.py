"""Reads a ``timestamptz`` outside of Python's range as the nearest time inside of it.

``timestamptz`` goes up to the year 294276, and to infinity. One such value, which an operator may
have written by hand, must not make each query fail that returns its row. The bounds are those of
``capped_expiry``: a day within Python's own, so that every time zone can show them.
"""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
from psycopg.abc import AdaptContext, Buffer
from psycopg.types.datetime import TimestamptzLoader

FIRST = datetime(1, 1, 2, tzinfo=UTC)
LAST = datetime(9999, 12, 31, tzinfo=UTC)


class BoundedTimestampLoader(TimestamptzLoader):
    """psycopg's own raises DataError outside of the years 1 to 9999; this one clamps."""

    def load(self, data: Buffer) -> datetime:
        try:
            return min(max(super().load(data), FIRST), LAST)
        except psycopg.DataError:
            text = bytes(data)
            return FIRST if text == b"-infinity" or text.endswith(b"BC") else LAST


def bound_timestamps(context: AdaptContext) -> None:
    """Clamp each ``timestamptz`` that a connection or a cursor reads."""
    context.adapters.register_loader("timestamptz", BoundedTimestampLoader)


def utc_text(at: datetime) -> str:
    """A time as messages and tables show it: in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
