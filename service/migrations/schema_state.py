"""How a database differs from what this release makes of it: bodies, owners, rights, roles, jobs.

The ledger knows which texts were applied. What happened since (a function replaced by hand, a right
revoked, a dump restored without owners) is only in the catalogue. So the release's own tables,
functions, views and triggers are made in a schema that is rolled back at once, and compared.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from service.errors import MigrationError
from service.migrations.blocks import LEDGER, LEDGER_TABLE
from service.migrations.engine_state import (
    REPLACED,
    SETTINGS,
    engine_objects,
    engine_query,
    engine_statement,
    engine_tables,
)
from service.migrations.schema import COMMENT, DbFile, Schema, SqlFile
from service.migrations.state_queries import (
    COMPARE,
    COMPARE_TABLES,
    COMPARE_TYPES,
    CRON,
    MAKE_MAKERS,
    MAKE_NAMED,
)
from service.migrations.table_state import FOREIGN_KEYS, SEQUENCES, sequence_query
from service.postgres.rows import the_row
from service.postgres.sql_text import fill

# The function and the views that say what should be; asked as this release has them.
ACCESS = "pricing_access_differences"
RIGHTS = "pricing_rights"
CRON_JOBS = "pricing_cron_jobs"

LOCK_TIMEOUT = "2s"
MISSING = "is not there"
ENGINE_FOUND = {MISSING, REPLACED, SETTINGS}
# What repair puts back, by kind of object. It never takes away what a person has added.
_PUT_BACK: dict[str, tuple[str, ...]] = {
    "type": (MISSING,),
    "domain": (MISSING,),
    "table": (MISSING, "is unlogged", "has lost the rows"),
    "column": (MISSING, "may be null", "has another default", "is collated as"),
    "constraint": (MISSING, "was changed", "was never validated"),
    "index": (MISSING, "was changed"),
}
_TAKES_AWAY = (" drop default;", " drop not null;")
QUALIFIED = re.compile(r"\b(?:public|procrastinate)\.(?=\w)")
EXECUTED = re.compile(
    r"(\bexecute\s+(?:function|procedure)\s+)(?:public\.|(?=procrastinate_))", re.IGNORECASE
)
TRIGGER_TABLE = re.compile(r"\bon\s+(public|procrastinate)\.(\w+)")
TRIGGER = re.compile(
    r"\btrigger\s+(\w+)\s.*?\bon\s+(public|procrastinate)\.(\w+)", re.IGNORECASE | re.DOTALL
)


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

    @property
    def is_repaired(self) -> bool:
        """``migrate --repair`` runs the statement: it puts back, and takes nothing away."""
        kind = self.object.partition(" ")[0]
        return (
            not self.is_ours
            and self.statement is not None
            and self.found.startswith(_PUT_BACK.get(kind, ("\0",)))
            and not self.statement.endswith(_TAKES_AWAY)
        )


def read_differences(
    connection: psycopg.Connection, schema: Schema, *, statement_seconds: int = 60
) -> list[Difference]:
    """Everything that differs from the release; changes nothing.

    ``statement_seconds`` counts, whatever the login or the database has set for each statement.
    Raises psycopg.Error, and MigrationError where nothing may be created, not even to be rolled
    back.
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
        connection.execute(_make(scratch, schema).encode())
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
        if CRON_JOBS in names and _has_cron(connection):
            found += cursor.execute(for_scratch(scratch, CRON)).fetchall()
    return found


def mending_statements(schema: Schema, differences: Iterable[Difference]) -> list[str]:
    """What mends what a replay of ``db/`` does not: the engine's functions, sequences and such."""
    functions, others = [], []
    for each in differences:
        if each.is_ours and each.object.startswith("function procrastinate."):
            # Its owner or its rights, which the replay mends, may be all that differs.
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


def make_scratch_schema(connection: psycopg.Connection) -> str:
    """Made where this login may make one, else the temporary one, which every login has."""
    may_create, may_create_temporary, username = the_row(
        connection.execute(
            "select has_database_privilege(current_database(), 'create'),"
            " has_database_privilege(current_database(), 'temporary'), current_user::text"
        ).fetchone()
    )
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


def for_scratch(scratch: str, query: str) -> bytes:
    """A query of ours that names the scratch schema SCRATCH."""
    # What is bare in the scratch schema: of nothing, where it is a schema like any other.
    oid, name, bare, ours = f"'{scratch}'::regnamespace", rf"\m{scratch}\.", "^.^", "^.^"
    if scratch == "pg_temp":
        oid, name = "pg_my_temp_schema()", r"\mpg_temp(_[0-9]+)?\."
        bare = "(?<=^|::|''|[(,]|(?<!FUNCTION|PROCEDURE|TRIGGER|INDEX) )"
        ours = r"(?<=^|::|REFERENCES )(?=pricing_|model_p)|(?<='')(?=\w+''::regclass)"
    query = query.replace("SCRATCH_NAME", name).replace("SCRATCH_OID", oid)
    query = query.replace("SCRATCH_BARE", bare).replace("SCRATCH_OURS", ours)
    return query.replace("SCRATCH", scratch).encode()


def _released(schema: Schema) -> str:
    """What has a name in the release, as JSON: its tables, and the triggers of ``db/``."""
    tables: dict[str, str | None] = {LEDGER: None}
    tables |= {name: None for file in schema.migrations for name in file.relations()}
    tables |= engine_tables(schema)
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


def _make(scratch: str, schema: Schema) -> str:
    """One block that makes the release's objects in the scratch schema.

    One of ``db/`` that cannot be made needs another that is missing or was changed: it is kept in
    the setting pricing.unmade. Tables need nothing that is there.
    """
    made = list(_texts(scratch, schema.db))
    tables = ",\n".join(map(_literal, table_texts(scratch, schema, schema.migrations)))
    texts = ",\n".join(_literal(text) for _, _, text in made)
    kinds = ", ".join(f"'{kind}'" for kind, _, _ in made)
    names = ", ".join(f"'{name}'" for _, name, _ in made)
    return f"""
do $pricing_scratch$
declare
    v_tables constant text[] := array[
{tables}
    ]::text[];
    v_kinds constant text[] := array[{kinds}]::text[];
    v_names constant text[] := array[{names}]::text[];
    v_texts constant text[] := array[
{texts}
    ]::text[];
    v_unmade jsonb := '[]';
begin
    for i in 1 .. cardinality(v_tables) loop
        execute v_tables[i];
    end loop;
    for i in 1 .. cardinality(v_texts) loop
        begin
            execute v_texts[i];
        exception
            when lock_not_available then
                raise;
            when others then
                v_unmade := v_unmade || jsonb_build_object('kind', v_kinds[i], 'name', v_names[i]);
        end;
    end loop;
    perform set_config('pricing.unmade', v_unmade::text, true);
end
$pricing_scratch$
"""


def table_texts(scratch: str, schema: Schema, migrations: Iterable[SqlFile]) -> Iterator[str]:
    """The engine, the ledger, then these migrations, all of it in the scratch schema."""
    yield f"set local search_path = {scratch}"
    # A function in the temporary schema is found by its schema only.
    yield EXECUTED.sub(rf"\1{scratch}.", schema.engine_schema.text)
    yield "set local search_path = pg_catalog, pg_temp"
    yield QUALIFIED.sub(f"{scratch}.", LEDGER_TABLE)
    yield from (QUALIFIED.sub(f"{scratch}.", file.text) for file in migrations)


def _texts(scratch: str, files: Iterable[DbFile]) -> Iterator[tuple[str, str, str]]:
    """Kind, name and text. A trigger stands on the function in the scratch schema.

    The one that is there may have another name by now, or be nobody's to execute.
    """
    for file in files:
        if file.kind in ("function", "view"):
            (name,) = file.creates
            yield file.kind, name, _renamed(file.text, name, f"{scratch}.{name}")
            if name == ACCESS:
                # Once more, to be asked: it reads the release's rights, not those that are there.
                text = _renamed(file.text, name, f"{scratch}.{name}_released")
                yield file.kind, name, _renamed(text, RIGHTS, f"{scratch}.{RIGHTS}")
        elif file.kind == "trigger":
            text = TRIGGER_TABLE.sub(rf"on {scratch}.\2", file.text)
            yield file.kind, file.creates[0], EXECUTED.sub(rf"\1{scratch}.", text)


def _renamed(text: str, name: str, to: str) -> str:
    return re.sub(rf"\bpublic\.{name}\b", to, text)


def _literal(text: str) -> str:
    tag = "$pricing_released$"
    if tag in text:
        raise MigrationError(f"{tag} must not occur in any SQL file.")
    return f"{tag}{text}{tag}"


def _has_cron(connection: psycopg.Connection) -> bool:
    row = connection.execute(
        "select exists (select from pg_extension e join pg_namespace n on n.nspname = 'cron'"
        " where e.extname = 'pg_cron' and has_schema_privilege(n.oid, 'usage'))"
    ).fetchone()
    return row == (True,)
