"""The ledger: the table that records what ``migrate`` has applied."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import psycopg

from service.migrations.migration_failure import failure
from service.postgres.sql_text import fill

LEDGER = "public.pricing_schema_ledger"

LEDGER_TABLE = f"""
    create table {LEDGER} (
        name text primary key,
        digest text not null,
        applied_at timestamptz not null default now()
    )
"""


def is_ledger(connection: psycopg.Connection) -> bool:
    """Whether the table of that name has the columns of a ledger."""
    row = connection.execute(
        "select count(*) from pg_catalog.pg_attribute where attrelid = to_regclass(%s)"
        " and attname in ('name', 'digest', 'applied_at')",
        [LEDGER],
    ).fetchone()
    return row == (3,)


@dataclass(frozen=True)
class LedgerRow:
    digest: str
    applied_at: datetime


def read_ledger(connection: psycopg.Connection) -> dict[str, LedgerRow]:
    """Empty without a ledger, also where another system has a table of its name."""
    columns = connection.execute(
        "select count(*) from pg_catalog.pg_attribute where attrelid = to_regclass(%s)"
        " and attname in ('name', 'digest', 'applied_at')",
        [LEDGER],
    ).fetchone()
    if columns != (3,):
        return {}
    try:
        rows = connection.execute(
            fill(
                "select name, digest, applied_at from {ledger}",
                ledger=LEDGER,
            ).encode()
        ).fetchall()
    except psycopg.errors.InsufficientPrivilege as error:
        raise failure("ledger", error) from error
    return {name: LedgerRow(digest, applied_at) for name, digest, applied_at in rows}
