"""Reads providers with their state, and changes their settings, for commands."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import dict_row

from service.lists.job_lists import PROVIDERS
from service.postgres.connect import refusals
from service.postgres.pinned_connection import PinnedRawCursor

Row = dict[str, Any]

_UPDATE = """
select slug
from public.update_pricing_provider(
    provider => %(provider)s::text, enabled => %(enabled)s::boolean,
    sync_interval => %(sync_interval)s::interval, timeout => %(timeout)s::interval,
    review_first => %(review_first)s::boolean, guards_enabled => %(guards_enabled)s::boolean,
    guard_large_ratio => %(guard_large_ratio)s::numeric,
    guard_unit_ratio => %(guard_unit_ratio)s::numeric,
    guard_lowest_per_1m => %(guard_lowest_per_1m)s::numeric,
    guard_highest_per_1m => %(guard_highest_per_1m)s::numeric, updated_by => %(who)s::text
)
"""

_ACCEPT_FIRST_LIST = """
select provider, approved, still_held, job_id
from public.accept_first_list(
    provider => %(provider)s::text, accepted_by => %(who)s::text, note => %(note)s::text
)
"""


def read_providers(connection: psycopg.Connection, provider: str | None = None) -> list[Row]:
    """The rows of the list of providers, by name."""
    statement, arguments = PROVIDERS.statement({"provider": provider})
    with refusals(), PinnedRawCursor(connection, row_factory=dict_row) as cursor:
        return cursor.execute(statement.encode(), arguments).fetchall()


def update_provider(
    connection: psycopg.Connection,
    provider: str,
    who: str,
    *,
    enabled: bool | None = None,
    sync_interval: timedelta | None = None,
    timeout: timedelta | None = None,
    review_first: bool | None = None,
    guards_enabled: bool | None = None,
    guard_large_ratio: Decimal | None = None,
    guard_unit_ratio: Decimal | None = None,
    guard_lowest_per_1m: Decimal | None = None,
    guard_highest_per_1m: Decimal | None = None,
) -> None:
    """Call ``update_pricing_provider``; None leaves a setting as it is."""
    arguments = {
        "provider": provider,
        "who": who,
        "enabled": enabled,
        "sync_interval": sync_interval,
        "timeout": timeout,
        "review_first": review_first,
        "guards_enabled": guards_enabled,
        "guard_large_ratio": guard_large_ratio,
        "guard_unit_ratio": guard_unit_ratio,
        "guard_lowest_per_1m": guard_lowest_per_1m,
        "guard_highest_per_1m": guard_highest_per_1m,
    }
    _call(connection, _UPDATE, arguments)


def accept_first_list(
    connection: psycopg.Connection, provider: str, who: str, note: str | None
) -> Row:
    """Call ``accept_first_list``: how many changes it approved, and how many stay held."""
    arguments = {"provider": provider, "who": who, "note": note}
    return _call(connection, _ACCEPT_FIRST_LIST, arguments)[0]


def _call(connection: psycopg.Connection, statement: str, arguments: Row) -> list[Row]:
    with refusals(), connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement.encode(), arguments).fetchall()
