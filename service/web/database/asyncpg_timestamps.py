"""Makes asyncpg read each ``timestamptz`` as the nearest time in Python's range.

As ``service/postgres/timestamps.py`` does for psycopg, which the web process does not import.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from service.postgres.timestamps import FIRST, LAST

_POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


async def bound_timestamps(connection: asyncpg.Connection[Any]) -> None:
    """Clamp each ``timestamptz`` that the connection reads; it costs no round trip."""
    await connection.set_type_codec(
        "timestamptz",
        schema="pg_catalog",
        encoder=_since_epoch,
        decoder=_at,
        format="tuple",
    )


def _since_epoch(at: datetime) -> tuple[int]:
    return ((at - _POSTGRES_EPOCH) // _MICROSECOND,)


_FIRST, _LAST = _since_epoch(FIRST)[0], _since_epoch(LAST)[0]


def _at(since_epoch: tuple[int]) -> datetime:
    # Clamped before the addition: infinity is the largest 64-bit number.
    (microseconds,) = since_epoch
    return _POSTGRES_EPOCH + timedelta(microseconds=min(max(microseconds, _FIRST), _LAST))
