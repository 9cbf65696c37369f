"""The schema pricing_legacy: what is not, or no longer, part of pricing-sync, and is not lost."""

from __future__ import annotations

import psycopg

SCHEMA = "pricing_legacy"

_COMMENT = (
    "What had names of pricing-sync and is none of its; it is read by nobody, and may be dropped."
)


def make_legacy_schema(connection: psycopg.Connection) -> None:
    """Make it, if it is not there, with a comment for whoever finds it."""
    if connection.execute("select to_regnamespace(%s)", [SCHEMA]).fetchone() == (None,):
        connection.execute(f"create schema {SCHEMA}".encode())
        connection.execute(f"comment on schema {SCHEMA} is '{_COMMENT}'".encode())


def free_name(connection: psycopg.Connection, name: str) -> str:
    """``name`` there, qualified; with a number behind it where it is taken."""
    taken = "select to_regclass(format('%%I.%%I', %s::text, %s::text)) is not null"
    candidate, number = name[:63], 1
    while connection.execute(taken, [SCHEMA, candidate]).fetchone() == (True,):
        number += 1
        candidate = f"{name[: 62 - len(str(number))]}_{number}"
    return f"{SCHEMA}.{candidate}"
