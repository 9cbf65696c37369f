"""Bearer keys from the command line: each one call of the function of the same name."""

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
    """Every key that there ever was, newest of each name first; never a secret."""
    return _rows(connection, _KEY + "order by lower(name), created_at desc", {})


def read_key(connection: psycopg.Connection, key: str) -> Row:
    """The row of a key that was just made."""
    return _rows(connection, _KEY + "where key_id = %(id)s", {"id": key.split("_")[1]})[0]


def create_key(
    connection: psycopg.Connection,
    name: str,
    role: str,
    *,
    expires_at: datetime | None,
    who: str,
) -> str:
    """Make a key; returns the key itself, which nothing shows again."""
    call = (
        "select public.create_pricing_api_key(name => %(name)s::text, role => %(role)s::text,"
        " created_by => %(who)s::text, expires_at => %(expires_at)s::timestamptz) as key"
    )
    given = {"name": name, "role": role, "who": who, "expires_at": expires_at}
    key: str = _rows(connection, call, given)[0]["key"]
    return key


def rotate_key(
    connection: psycopg.Connection,
    name: str,
    *,
    grace: timedelta,
    expires_at: datetime | None,
    who: str,
) -> str:
    """Give a key a new secret; returns the key itself, which nothing shows again."""
    call = (
        "select public.rotate_pricing_api_key(name => %(name)s::text, rotated_by => %(who)s::text,"
        " grace => %(grace)s::interval, expires_at => %(expires_at)s::timestamptz) as key"
    )
    given = {"name": name, "who": who, "grace": grace, "expires_at": expires_at}
    key: str = _rows(connection, call, given)[0]["key"]
    return key


def revoke_key(connection: psycopg.Connection, name: str, who: str) -> int:
    """End all secrets of a key; returns how many."""
    call = (
        "select public.revoke_pricing_api_key(name => %(name)s::text, revoked_by => %(who)s::text)"
        " as ended"
    )
    ended: int = _rows(connection, call, {"name": name, "who": who})[0]["ended"]
    return ended


def _rows(connection: psycopg.Connection, statement: str, arguments: Row) -> list[Row]:
    with refusals(), connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement.encode(), arguments).fetchall()
