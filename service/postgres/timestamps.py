"""Reads a ``timestamptz`` outside of Python's range as the nearest time inside of it.

``timestamptz`` goes up to the year 294276, and to infinity. One such value, which an operator may
have written by hand, must not make each query fail that returns its row. The bounds are those of
``capped_expiry``: a day within Python's own, so that every time zone can show them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import psycopg
from psycopg.abc import AdaptContext, Buffer
from psycopg.types.datetime import TimestamptzLoader

FIRST = datetime(1, 1, 2, tzinfo=UTC)
LAST = datetime(9999, 12, 31, tzinfo=UTC)

_POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


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


async def bound_asyncpg_timestamps(connection: asyncpg.Connection[Any]) -> None:
    """The same for asyncpg; it costs no round trip."""
    await connection.set_type_codec(
        "timestamptz",
        schema="pg_catalog",
        encoder=_since_epoch,
        decoder=_at,
        format="tuple",
    )


def _since_epoch(at: datetime) -> tuple[int]:
    return ((at - _POSTGRES_EPOCH) // _MICROSECOND,)


def _at(since_epoch: tuple[int]) -> datetime:
    # Clamped before the addition: infinity is the largest 64-bit number.
    (microseconds,) = since_epoch
    first, last = _since_epoch(FIRST)[0], _since_epoch(LAST)[0]
    return _POSTGRES_EPOCH + min(max(microseconds, first), last) * _MICROSECOND


def utc_text(at: datetime) -> str:
    """A time as messages and tables show it: in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
