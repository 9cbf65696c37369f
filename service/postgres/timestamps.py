"""Reads times that Python does not have as the nearest that every reader can show.

``timestamptz`` goes on to the year 294276, and to infinity. One such row, which a person may have
written by hand, must not make every list fail that it is in. The bounds are those of
``capped_expiry``: a day within Python's own, so that they can be shown in every time zone.
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
    """psycopg's, which raises DataError for what is outside of the years 1 to 9999."""

    def load(self, data: Buffer) -> datetime:
        try:
            return min(max(super().load(data), FIRST), LAST)
        except psycopg.DataError:
            text = bytes(data)
            return FIRST if text == b"-infinity" or text.endswith(b"BC") else LAST


def bound_timestamps(context: AdaptContext) -> None:
    """Read ``timestamptz`` within the bounds: on a connection, or a cursor."""
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
    # Compared before it is added: infinity is the largest number of 64 bits.
    (microseconds,) = since_epoch
    first, last = _since_epoch(FIRST)[0], _since_epoch(LAST)[0]
    return _POSTGRES_EPOCH + min(max(microseconds, first), last) * _MICROSECOND


def utc_text(at: datetime) -> str:
    """A time as messages and tables have it: in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
