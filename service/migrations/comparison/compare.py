"""Compare a database with this release: bodies, owners, rights, roles, jobs.

The ledger knows which texts were applied. What happened since (a function replaced by hand, a right
revoked, a dump restored without owners) is only in the catalogue. So the release's own tables,
functions, views and triggers are made in a schema that is rolled back at once, and compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import psycopg
from psycopg.rows import class_row

from service.migrations.comparison.cron_query import CRON
from service.migrations.comparison.difference import MISSING, Difference
from service.migrations.comparison.engine_objects import (
    REPLACED,
    SETTINGS,
    engine_objects,
    engine_query,
    engine_statement,
    engine_tables,
)
from service.migrations.comparison.foreign_key_query import FOREIGN_KEYS
from service.migrations.comparison.object_query import COMPARE
from service.migrations.comparison.scratch_functions import MAKE_MAKERS, MAKE_NAMED
from service.migrations.comparison.scratch_schema import (
    ACCESS,
    for_scratch,
    make_scratch_schema,
    scratch_block,
)
from service.migrations.comparison.sequence_query import SEQUENCES, sequence_query
from service.migrations.comparison.table_query import COMPARE_TABLES
from service.migrations.comparison.type_query import COMPARE_TYPES
from service.migrations.ledger import LEDGER
from service.migrations.schema import COMMENT, Schema
from service.postgres.sql_text import fill

CRON_JOBS = "pricing_cron_jobs"
LOCK_TIMEOUT = "2s"
ENGINE_FOUND = {MISSING, REPLACED, SETTINGS}

TRIGGER = re.compile(
    r"\btrigger\s+(\w+)\s.*?\bon\s+(public|procrastinate)\.(\w+)", re.IGNORECASE | re.DOTALL
)


def read_differences(
    connection: psycopg.Connection, schema: Schema, *, statement_seconds: int = 60
) -> list[Difference]:
    """Everything that differs from the release; changes nothing.

    ``statement_seconds`` overrides the statement_timeout of the login and of the database. Raises
    psycopg.Error, and MigrationError where the login may not even create temporary objects.
    """
    names = {name for file in schema.db for name in file.creates}
    with (
        connection.transaction(force_rollback=True),
        connection.cursor(row_factory=class_row(Difference)) as cursor,
    ):
        connection.execute(
            "select set_config('search_path', 'pg_catalog, pg_temp', true),"
            " set_config('check_function_bodies', 'off', true),"
            " set_config('quote_all_identifiers', 'off', true),"
            " set_config('lock_timeout', %s, true), set_config('pricing.engine', %s, true),"
            " set_config('statement_timeout', %s, true)",
            [LOCK_TIMEOUT, engine_objects(schema), f"{statement_seconds}s"],
        )
        scratch = make_scratch_schema(connection)
        connection.execute(for_scratch(scratch, MAKE_NAMED))
        connection.execute(for_scratch(scratch, MAKE_MAKERS))
        connection.execute(scratch_block(scratch, schema).encode())
        found = cursor.execute(for_scratch(scratch, COMPARE_TYPES)).fetchall()
        found += cursor.execute(
            for_scratch(scratch, COMPARE), {"released": _released(schema)}
        ).fetchall()
        found += cursor.execute(for_scratch(scratch, COMPARE_TABLES)).fetchall()
        found += cursor.execute(for_scratch(scratch, FOREIGN_KEYS)).fetchall()
        found += cursor.execute(
            sequence_query(connection, for_scratch(scratch, SEQUENCES))
        ).fetchall()
        query, parameters = engine_query(schema)
        found += cursor.execute(for_scratch(scratch, query), parameters).fetchall()
        if ACCESS in names:
            found += cursor.execute(for_scratch(scratch, _ACCESS)).fetchall()
        if CRON_JOBS in names:
            found += cron_differences(connection, scratch)
    return found


def cron_differences(connection: psycopg.Connection, schema_name: str) -> list[Difference]:
    """Jobs of pg_cron that differ from the view in that schema; none without pg_cron."""
    if not _has_cron(connection):
        return []
    with connection.cursor(row_factory=class_row(Difference)) as cursor:
        return cursor.execute(for_scratch(schema_name, CRON)).fetchall()


def restore_statements(schema: Schema, differences: Iterable[Difference]) -> list[str]:
    """Statements that restore what a replay of ``db/`` does not, such as the engine's functions."""
    functions, others = [], []
    for each in differences:
        if each.is_ours and each.object.startswith("function procrastinate."):
            # Where only its owner or rights differ, the replay restores them.
            if each.found in ENGINE_FOUND:
                functions += engine_statement(schema, each.object)
        elif (
            each.is_ours
            and each.statement is not None
            and (each.runs_first or each.object.startswith("trigger "))
        ):
            others.append(each.statement)
    return functions + others


_ACCESS = fill(
    """
select d.object, d.found, d.statement || ';' as statement, d.is_ours
from SCRATCH.{access}_released() d
order by d.object, d.found
""",
    access=ACCESS,
)


def _released(schema: Schema) -> str:
    """The release's tables, and its triggers of ``db/``, as JSON."""
    tables = released_tables(schema)
    triggers = [
        match.groups()
        for file in schema.db
        if file.kind == "trigger"
        for match in TRIGGER.finditer(COMMENT.sub("", file.text))
    ]
    return json.dumps(
        {
            "tables": [{"name": name, "statement": text} for name, text in tables.items()],
            "triggers": [
                {"name": name, "schema": of, "relation": table} for name, of, table in triggers
            ],
        }
    )


def released_tables(schema: Schema) -> dict[str, str | None]:
    """The release's tables, those of the engine with the statements that make them."""
    ours = [name for file in schema.migrations for name in file.relations()]
    return {**dict.fromkeys([LEDGER, *ours]), **engine_tables(schema)}


def _has_cron(connection: psycopg.Connection) -> bool:
    row = connection.execute(
        "select exists (select from pg_extension e join pg_namespace n on n.nspname = 'cron'"
        " where e.extname = 'pg_cron' and has_schema_privilege(n.oid, 'usage'))"
    ).fetchone()
    return row == (True,)
