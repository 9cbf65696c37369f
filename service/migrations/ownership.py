"""Whether a database without a ledger is one of ours all the same."""

from __future__ import annotations

import psycopg

from service.migrations.blocks import LEDGER
from service.migrations.runner import read_ledger
from service.migrations.schema import Schema


def ours_without_ledger(connection: psycopg.Connection, schema: Schema) -> bool:
    """True where most of our functions are there, and the ledger is gone or empty.

    No other system has them, whatever its tables are called.
    """
    is_there = connection.execute("select to_regclass(%s) is not null", [LEDGER]).fetchone()
    if read_ledger(connection):
        return False
    if is_there == (True,) and not is_ledger(connection):
        return False
    names = [file.creates[0] for file in schema.db if file.kind == "function"]
    row = connection.execute(
        "select count(distinct p.proname) * 2 > cardinality(%(names)s::text[])"
        " from pg_catalog.pg_proc p"
        " where p.pronamespace = 'public'::regnamespace and p.proname = any (%(names)s::text[])",
        {"names": names},
    ).fetchone()
    return row == (True,)


def is_ledger(connection: psycopg.Connection) -> bool:
    """Whether the table of that name is a ledger, as far as its columns tell."""
    row = connection.execute(
        "select count(*) from pg_catalog.pg_attribute where attrelid = to_regclass(%s)"
        " and attname in ('name', 'digest', 'applied_at')",
        [LEDGER],
    ).fetchone()
    return row == (3,)
