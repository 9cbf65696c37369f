"""The release's own objects in a schema that is rolled back."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator

import psycopg
from psycopg import sql

from service.errors import MigrationError
from service.migrations.ledger import LEDGER_TABLE
from service.migrations.schema import DbFile, Schema, SqlFile
from service.postgres.rows import the_row

# The function and the views that say what should be; asked as this release has them.
ACCESS = "pricing_access_differences"
RIGHTS = "pricing_rights"
QUALIFIED = re.compile(r"\b(?:public|procrastinate)\.(?=\w)")

EXECUTED = re.compile(
    r"(\bexecute\s+(?:function|procedure)\s+)(?:public\.|(?=procrastinate_))", re.IGNORECASE
)

TRIGGER_TABLE = re.compile(r"\bon\s+(public|procrastinate)\.(\w+)")


def make_scratch_schema(connection: psycopg.Connection) -> str:
    """Create a schema; where the login may not, the name of its temporary one."""
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
    """A query with the scratch schema's name in place of SCRATCH."""
    # Names that Postgres writes without a schema: only those of a temporary scratch schema.
    oid, name, bare, ours = f"'{scratch}'::regnamespace", rf"\m{scratch}\.", "^.^", "^.^"
    if scratch == "pg_temp":
        oid, name = "pg_my_temp_schema()", r"\mpg_temp(_[0-9]+)?\."
        bare = "(?<=^|::|''|[(,]|(?<!FUNCTION|PROCEDURE|TRIGGER|INDEX) )"
        ours = r"(?<=^|::|REFERENCES )(?=pricing_|model_p)|(?<='')(?=\w+''::regclass)"
    query = query.replace("SCRATCH_NAME", name).replace("SCRATCH_OID", oid)
    query = query.replace("SCRATCH_BARE", bare).replace("SCRATCH_OURS", ours)
    return query.replace("SCRATCH", scratch).encode()


def scratch_block(scratch: str, schema: Schema) -> str:
    """One statement that makes the release's objects in the scratch schema.

    An object of ``db/`` that cannot be made needs another that is missing or was changed: it is
    listed in the setting pricing.unmade. Tables need no existing object.
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
    # Postgres finds a function in the temporary schema only by its qualified name.
    yield EXECUTED.sub(rf"\1{scratch}.", schema.engine_schema.text)
    yield "set local search_path = pg_catalog, pg_temp"
    yield QUALIFIED.sub(f"{scratch}.", LEDGER_TABLE)
    yield from (QUALIFIED.sub(f"{scratch}.", file.text) for file in migrations)


def _texts(scratch: str, files: Iterable[DbFile]) -> Iterator[tuple[str, str, str]]:
    """Kind, name and text. A trigger calls the function in the scratch schema.

    The database's own function may have been renamed, or may not be executable.
    """
    for file in files:
        if file.kind in ("function", "view"):
            (name,) = file.creates
            yield file.kind, name, _renamed(file.text, name, f"{scratch}.{name}")
            if name == ACCESS:
                # A second copy, to be called: it reads the release's rights, not the database's.
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
