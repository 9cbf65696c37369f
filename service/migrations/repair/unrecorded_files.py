"""Find files that were applied although the ledger lacks their rows."""

from __future__ import annotations

import psycopg

from service.migrations.comparison.difference import MISSING
from service.migrations.do_block import quote
from service.migrations.ledger import LEDGER, is_ledger, read_ledger
from service.migrations.repair.repair_work import RepairWork
from service.migrations.schema import Schema, SqlFile
from service.migrations.steps.step_list import all_steps
from service.postgres.sql_text import fill


def ours_without_ledger(connection: psycopg.Connection, schema: Schema) -> bool:
    """True where most of our functions exist, and the ledger is missing or empty.

    No other system has these functions, even if its tables have our names.
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


def applied_without_row(connection: psycopg.Connection, schema: Schema) -> list[SqlFile]:
    """Files that must have been applied, and have no row in the ledger.

    Files are applied in order. So a file was applied if a later one is recorded, or has a table
    that belongs to pricing_owner; and all were if ``db``, the last, is this version's. Every
    release has had the engine's first steps, so they were applied where the engine is ours.
    """
    ledger = read_ledger(connection)
    if not ledger:
        everything = (*schema.engine_steps, *schema.migrations)
        return list(everything) if ours_without_ledger(connection, schema) else []
    if "db" in ledger and ledger["db"].digest == schema.db_digest:
        last_step, last = len(schema.engine_steps), len(schema.migrations)
    else:
        first = next(iter(schema.releases.values()), None)
        steps = {*ledger, *(first.engine if first is not None else ())}
        last_step = _behind_last(schema.engine_steps, steps)
        last = _behind_last(schema.migrations, {*ledger, *_with_tables(connection, schema)})
    files = list(schema.migrations[:last])
    if _are_ours(connection, schema.engine_schema.relations("procrastinate")):
        files = [*schema.engine_steps[:last_step], *files]
    return [file for file in files if file.name not in ledger]


def _behind_last(files: tuple[SqlFile, ...], known: set[str]) -> int:
    return max((i for i, file in enumerate(files, 1) if file.name in known), default=0)


def _with_tables(connection: psycopg.Connection, schema: Schema) -> list[str]:
    return [file.name for file in schema.migrations if _are_ours(connection, file.relations())]


def _are_ours(connection: psycopg.Connection, relations: list[str]) -> bool:
    """Whether one of them exists and belongs to pricing_owner."""
    row = connection.execute(
        "select exists (select from pg_catalog.pg_class c"
        " join unnest(%s::text[]) as w (name) on c.oid = to_regclass(w.name)"
        " where pg_get_userbyid(c.relowner) = 'pricing_owner')",
        [relations],
    ).fetchone()
    return row == (True,)


def make_ledger(connection: psycopg.Connection, schema: Schema, work: RepairWork) -> None:
    """Make the missing rows of the ledger again, and the table where it is missing."""
    known = read_ledger(connection)
    lost = applied_without_row(connection, schema)
    if not lost:
        return
    (sql,) = [step.sql for step in all_steps(schema) if step.name == "ledger"]
    connection.execute(sql.encode())
    rows = ", ".join(f"({quote(file.name)}, {quote(file.digest)})" for file in lost)
    connection.execute(
        fill(
            "insert into {ledger} (name, digest) values {rows}",
            ledger=LEDGER,
            rows=rows,
        ).encode()
    )
    if known:
        work.repaired += [f"{ledger_row(file)}: {MISSING}" for file in lost]
    else:
        work.repaired.append(f"table {LEDGER}: {MISSING}")


def ledger_row(file: SqlFile) -> str:
    return f"row {file.name} of {LEDGER}"
