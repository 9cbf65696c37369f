"""How a database differs from what this release makes of it: bodies, owners, rights, roles, jobs.

The ledger knows which texts were applied. What happened since (a function replaced by hand, a right
revoked, a dump restored without owners) is only in the catalogue. So the release's own tables,
functions, views and triggers are made in a schema that is rolled back at once, and compared.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from service.errors import MigrationError
from service.migrations.blocks import LEDGER
from service.migrations.engine_state import (
    REPLACED,
    engine_objects,
    engine_query,
    engine_statement,
)
from service.migrations.schema import DbFile, Schema
from service.migrations.state_queries import COMPARE, COMPARE_TABLES, CRON
from service.migrations.table_state import FOREIGN_KEYS, SEQUENCES, sequence_query

# The function and the views that say what should be; asked as this release has them.
ACCESS = "pricing_access_differences"
RIGHTS = "pricing_rights"
CRON_JOBS = "pricing_cron_jobs"

LOCK_TIMEOUT = "2s"
QUALIFIED = re.compile(r"\b(?:public|procrastinate)\.(?=\w)")
EXECUTED = re.compile(r"(\bexecute\s+(?:function|procedure)\s+)(?=procrastinate_)", re.IGNORECASE)
TRIGGER_TABLE = re.compile(r"\bon\s+(public|procrastinate)\.(\w+)")


@dataclass(frozen=True)
class Difference:
    """``is_ours``: ``migrate`` mends it; else ``statement``, if there is one, would.

    ``runs_first``: ``migrate`` runs the statement before the replay, which mends the rest.
    """

    object: str
    found: str
    statement: str | None
    is_ours: bool
    runs_first: bool = False
    state: Literal["differs"] = "differs"

    @property
    def sentence(self) -> str:
        return f"{self.object}: {self.found}"


def read_differences(
    connection: psycopg.Connection, schema: Schema, *, statement_seconds: int = 60
) -> list[Difference]:
    """Everything that differs from the release; changes nothing.

    ``statement_seconds`` counts, whatever the login or the database has set for each statement.
    Raises psycopg.Error, and MigrationError where nothing may be created, not even to be rolled
    back.
    """
    names = {name for file in schema.db for name in file.creates}
    tables = [LEDGER, *(name for file in schema.migrations for name in file.relations())]
    with (
        connection.transaction(force_rollback=True),
        connection.cursor(row_factory=class_row(Difference)) as cursor,
    ):
        connection.execute(
            "select set_config('search_path', 'pg_catalog, pg_temp', true),"
            " set_config('check_function_bodies', 'off', true),"
            " set_config('lock_timeout', %s, true), set_config('pricing.engine', %s, true),"
            " set_config('statement_timeout', %s, true)",
            [LOCK_TIMEOUT, engine_objects(schema), f"{statement_seconds}s"],
        )
        scratch = _scratch_schema(connection)
        connection.execute(_make(scratch, schema).encode())
        found = cursor.execute(_for(scratch, COMPARE), [tables]).fetchall()
        found += cursor.execute(_for(scratch, COMPARE_TABLES)).fetchall()
        found += cursor.execute(_for(scratch, FOREIGN_KEYS)).fetchall()
        found += cursor.execute(sequence_query(connection, _for(scratch, SEQUENCES))).fetchall()
        found += cursor.execute(*engine_query(schema)).fetchall()
        if ACCESS in names:
            found += cursor.execute(_for(scratch, _ACCESS)).fetchall()
        if CRON_JOBS in names and _has_cron(connection):
            found += cursor.execute(_for(scratch, CRON)).fetchall()
    return found


def mending_statements(schema: Schema, differences: Iterable[Difference]) -> list[str]:
    """What mends what a replay of ``db/`` does not: the engine's functions, sequences and such."""
    statements = []
    for each in differences:
        if each.found == REPLACED:
            statements += engine_statement(schema, each.object)
        elif (
            each.is_ours
            and each.statement is not None
            and (each.runs_first or each.object.startswith("trigger "))
        ):
            statements.append(each.statement)
    return statements


_ACCESS = f"""
select d.object, d.found, d.statement || ';' as statement, d.is_ours
from SCRATCH.{ACCESS}_released() d
order by d.object, d.found
"""


def _scratch_schema(connection: psycopg.Connection) -> str:
    """Made where this login may make one, else the temporary one, which every login has."""
    row = connection.execute(
        "select has_database_privilege(current_database(), 'create'),"
        " has_database_privilege(current_database(), 'temporary'), current_user::text"
    ).fetchone()
    assert row is not None
    may_create, may_create_temporary, username = row
    if not (may_create or may_create_temporary):
        raise MigrationError(
            f"The database cannot be compared with the release: {username} may create nothing"
            " in it, not even temporary tables.",
            hint=f"As its owner: {_grant_temporary(connection, username)}",
        )
    if not may_create:
        return "pg_temp"
    name = f"pricing_release_{uuid.uuid4().hex[:12]}"
    connection.execute(f"create schema {name}".encode())
    return name


def _grant_temporary(connection: psycopg.Connection, username: str) -> str:
    statement = sql.SQL("grant temporary on database {} to {};").format(
        sql.Identifier(connection.info.dbname), sql.Identifier(username)
    )
    return statement.as_string()


def _for(scratch: str, query: str) -> bytes:
    oid, name = f"'{scratch}'::regnamespace", rf"\m{scratch}\."
    if scratch == "pg_temp":
        oid, name = "pg_my_temp_schema()", r"\mpg_temp(_[0-9]+)?\."
    query = query.replace("SCRATCH_NAME", name).replace("SCRATCH_OID", oid)
    return query.replace("SCRATCH", scratch).encode()


def _make(scratch: str, schema: Schema) -> str:
    """One block that makes the release's objects in the scratch schema.

    One that cannot be made needs another that is missing, and that is found by itself.
    """
    texts = ",\n".join(
        _literal(text) for text in (*_table_texts(scratch, schema), *_texts(scratch, schema.db))
    )
    return f"""
do $pricing_scratch$
declare
    v_texts constant text[] := array[
{texts}
    ]::text[];
begin
    for i in 1 .. cardinality(v_texts) loop
        begin
            execute v_texts[i];
        exception
            when lock_not_available then
                raise;
            when others then
                null;
        end;
    end loop;
end
$pricing_scratch$
"""


def _table_texts(scratch: str, schema: Schema) -> Iterator[str]:
    """The engine, then the migrations from the first one on, all of it in the scratch schema."""
    yield f"set local search_path = {scratch}"
    # A function in the temporary schema is found by its schema only.
    yield EXECUTED.sub(rf"\1{scratch}.", schema.engine_schema.text)
    yield "set local search_path = pg_catalog, pg_temp"
    yield from (QUALIFIED.sub(f"{scratch}.", file.text) for file in schema.migrations)


def _texts(scratch: str, files: Iterable[DbFile]) -> Iterator[str]:
    tables: set[tuple[str, str]] = set()
    for file in files:
        if file.kind in ("function", "view"):
            (name,) = file.creates
            yield _renamed(file.text, name, f"{scratch}.{name}")
            if name == ACCESS:
                # Once more, to be asked: it reads the release's rights, not those that are there.
                text = _renamed(file.text, name, f"{scratch}.{name}_released")
                yield _renamed(text, RIGHTS, f"{scratch}.{RIGHTS}")
        elif file.kind == "trigger":
            for schema, table in TRIGGER_TABLE.findall(file.text):
                if (schema, table) not in tables:
                    tables.add((schema, table))
                    # Fails, and need not succeed, where it is a view.
                    yield f"create table {scratch}.{table} (like {schema}.{table})"
            yield TRIGGER_TABLE.sub(rf"on {scratch}.\2", file.text)


def _renamed(text: str, name: str, to: str) -> str:
    return re.sub(rf"\bpublic\.{name}\b", to, text)


def _literal(text: str) -> str:
    tag = "$pricing_released$"
    assert tag not in text
    return f"{tag}{text}{tag}"


def _has_cron(connection: psycopg.Connection) -> bool:
    row = connection.execute(
        "select exists (select from pg_extension e join pg_namespace n on n.nspname = 'cron'"
        " where e.extname = 'pg_cron' and has_schema_privilege(n.oid, 'usage'))"
    ).fetchone()
    return row == (True,)
