"""Creates, rotates, revokes and lists bearer keys, for commands."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from service.postgres.connect import refusals

Row = dict[str, Any]

_KEY = """
select name, role, state, created_at, created_by, expires_at, last_used_at, revoked_at, revoked_by,
       key_id, replaced_by
from public.pricing_keys
"""


def read_keys(connection: psycopg.Connection) -> list[Row]:
    """All keys, ended ones included, by name and newest first; without secrets."""
    return _rows(connection, _KEY + "order by lower(name), created_at desc", {})


def read_key(connection: psycopg.Connection, key: str) -> Row:
    """The row of a key, found by the key id inside of it."""
    return _rows(connection, _KEY + "where key_id = %(id)s", {"id": key.split("_")[1]})[0]


def create_key(
    connection: psycopg.Connection,
    name: str,
    role: str,
    *,
    expires_at: datetime | None,
    who: str,
) -> str:
    """Call ``create_pricing_api_key``; returns the key, which cannot be shown again."""
    call = (
        "select public.create_pricing_api_key(name => %(name)s::text, role => %(role)s::text,"
        " created_by => %(who)s::text, expires_at => %(expires_at)s::timestamptz) as key"
    )
    arguments = {"name": name, "role": role, "who": who, "expires_at": expires_at}
    key: str = _rows(connection, call, arguments)[0]["key"]
    return key


def rotate_key(
    connection: psycopg.Connection,
    name: str,
    *,
    grace: timedelta,
    expires_at: datetime | None,
    who: str,
) -> str:
    """Call ``rotate_pricing_api_key``; returns the new key, which cannot be shown again."""
    call = (
        "select public.rotate_pricing_api_key(name => %(name)s::text, rotated_by => %(who)s::text,"
        " grace => %(grace)s::interval, expires_at => %(expires_at)s::timestamptz) as key"
    )
    arguments = {"name": name, "who": who, "grace": grace, "expires_at": expires_at}
    key: str = _rows(connection, call, arguments)[0]["key"]
    return key


def revoke_key(connection: psycopg.Connection, name: str, who: str) -> int:
    """Call ``revoke_pricing_api_key``; returns the number of secrets that it ended."""
    call = (
        "select public.revoke_pricing_api_key(name => %(name)s::text, revoked_by => %(who)s::text)"
        " as ended"
    )
    ended: int = _rows(connection, call, {"name": name, "who": who})[0]["ended"]
    return ended


def _rows(connection: psycopg.Connection, statement: str, arguments: Row) -> list[Row]:
    with refusals(), connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement.encode(), arguments).fetchall()
