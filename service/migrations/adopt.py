"""``migrate --adopt``: what has our names and is none of ours moves to the schema pricing_legacy.

It is moved and never copied, so that rows, indexes, constraints, triggers, policies and grants
stay, and foreign keys and views of the operator's follow. Then the database is migrated, and the
price history that fits is copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from service.database_address.address import DatabaseAddress
from service.errors import MigrationError
from service.migrations.blocks import LEDGER
from service.migrations.legacy_history import copy_history
from service.migrations.legacy_schema import KINDS, SCHEMA, make_legacy_schema, move_relation
from service.migrations.ownership import applied_without_row, is_ledger
from service.migrations.parts import known_relations
from service.migrations.runner import (
    MigrateResult,
    advice_on,
    failure,
    migrate,
    read_ledger,
    refuse_other_history,
    refuse_other_login,
    take_lock,
)
from service.migrations.schema import Roots, Schema, read_schema
from service.postgres.connect import connect

LOCK_TIMEOUT = "10s"
OWNER = "pricing_owner"


@dataclass(frozen=True)
class AdoptResult:
    """``moved``: what went where. ``copied``: history rows. ``left``: those that did not fit."""

    moved: tuple[str, ...]
    copied: int
    left: tuple[str, ...]
    migrated: MigrateResult


@dataclass(frozen=True)
class _Foreign:
    """One object with a name of ours; ``named`` as ALTER wants it."""

    oid: int
    kind: str
    schema: str
    name: str
    named: str
    owner: str
    is_movable: bool
    extension: str | None
    #: The table that it belongs to: it goes where that goes.
    of_table: int | None


_RELATIONS = """
select c.oid::integer as oid, c.relkind::text as kind, n.nspname::text as schema,
    c.relname::text as name, format('%%I.%%I', n.nspname, c.relname) as named,
    pg_get_userbyid(c.relowner)::text as owner, pg_has_role(c.relowner, 'usage') as is_movable,
    e.extname::text as extension,
    coalesce(
        (select i.indrelid from pg_index i where i.indexrelid = c.oid),
        (
            select d.refobjid from pg_depend d
            where d.classid = 'pg_class'::regclass and d.objid = c.oid and c.relkind = 'S'
                and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
            limit 1
        )
    )::integer as of_table
from unnest(%s::text[], %s::text[]) as w (schema, name)
join pg_namespace n on n.nspname = w.schema
join pg_class c on c.relnamespace = n.oid and c.relname = w.name
left join pg_depend x on x.classid = 'pg_class'::regclass and x.objid = c.oid and x.deptype = 'e'
left join pg_extension e on e.oid = x.refobjid
order by c.relkind = 'S', c.relkind in ('i', 'I'), n.nspname desc, c.relname
"""

_TYPES = """
select t.oid::integer as oid, case t.typtype when 'd' then 'domain' else 'type' end as kind,
    n.nspname::text as schema, t.typname::text as name,
    format('%%I.%%I', n.nspname, t.typname) as named, pg_get_userbyid(t.typowner)::text as owner,
    pg_has_role(t.typowner, 'usage') as is_movable, e.extname::text as extension,
    null::integer as of_table
from unnest(%s::text[], %s::text[]) as w (schema, name)
join pg_namespace n on n.nspname = w.schema
join pg_type t on t.typnamespace = n.oid and t.typname = w.name
    and t.typtype in ('d', 'e', 'c', 'r')
left join pg_class c on c.oid = t.typrelid
left join pg_depend x on x.classid = 'pg_type'::regclass and x.objid = t.oid and x.deptype = 'e'
left join pg_extension e on e.oid = x.refobjid
where t.typrelid = 0 or c.relkind = 'c'
order by n.nspname, t.typname
"""

_FUNCTIONS = """
select p.oid::integer as oid, 'routine' as kind, n.nspname::text as schema,
    p.proname::text as name, p.oid::regprocedure::text as named,
    pg_get_userbyid(p.proowner)::text as owner, pg_has_role(p.proowner, 'usage') as is_movable,
    e.extname::text as extension, null::integer as of_table
from unnest(%s::text[], %s::text[]) as w (schema, name)
join pg_namespace n on n.nspname = w.schema
join pg_proc p on p.pronamespace = n.oid and p.proname = w.name
left join pg_depend x on x.classid = 'pg_proc'::regclass and x.objid = p.oid and x.deptype = 'e'
left join pg_extension e on e.oid = x.refobjid
order by n.nspname, p.proname
"""


def adopt(address: DatabaseAddress | str, *, roots: Roots | None = None) -> AdoptResult:
    """Move, in one transaction; migrate; copy the history that fits, in another one.

    Raises MigrationError, with nothing moved, where one of them cannot be moved.
    """
    schema = read_schema(roots)
    with connect(address, autocommit=True) as connection:
        connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        refuse_other_login(connection)
        ledger = read_ledger(connection)
        refuse_other_history(schema, ledger)
        found = list(_foreign(connection, schema, set(ledger)))
        if applied_without_row(connection, schema) or (
            ledger and any(each.owner == OWNER for each in found)
        ):
            raise MigrationError(
                f"The objects with our names look like those of pricing-sync, and {LEDGER}"
                f" {'has lost rows' if ledger else 'is gone'}: nothing was moved.",
                hint="`pricing-sync migrate --repair` makes it again.",
            )
        try:
            with connection.transaction():
                take_lock(connection)
                connection.execute(f"set local lock_timeout = '{LOCK_TIMEOUT}'".encode())
                connection.execute("set local search_path = pg_catalog, pg_temp")
                moved = tuple(
                    _move_all(connection, list(_foreign(connection, schema, set(ledger))))
                )
        except psycopg.Error as error:
            raise failure("adopt", error, advice_on(connection, error)) from error
    result = migrate(address, roots=roots)
    with connect(address, autocommit=True) as connection:
        try:
            with connection.transaction():
                take_lock(connection)
                copied, left = copy_history(connection)
        except psycopg.Error as error:
            raise failure("legacy history", error) from error
    return AdoptResult(moved, copied, left, result)


def _foreign(
    connection: psycopg.Connection, schema: Schema, ledger: set[str]
) -> Iterator[_Foreign]:
    """What has a name of ours and is not known to the ledger."""
    relations = {
        name
        for name, known in known_relations(schema).items()
        if not any(_is_known(each, ledger) for each in known)
    }
    if not is_ledger(connection):
        relations.add(LEDGER)
    new_files = [file for file in schema.migrations if file.name not in ledger]
    relations |= {f"public.{name}" for file in new_files for name in file.names_beside_tables()}
    types = {f"public.{name}" for file in new_files for name in file.types()}
    functions = {
        f"public.{name}"
        for file in schema.db
        if file.kind == "function"
        for name in file.creates
        if f"db/functions/{name}" not in ledger
    }
    if not any(name.startswith("engine:") for name in ledger):
        types |= {f"procrastinate.{name}" for name in schema.engine_schema.types()}
        functions |= {f"procrastinate.{name}" for name in schema.engine_schema.functions()}
    # A table is a type too, so the name of one may be taken by a type.
    types |= relations
    # Functions first: they are named with their parameters, which may be of a table or type here.
    for query, names in ((_FUNCTIONS, functions), (_RELATIONS, relations), (_TYPES, types)):
        pairs = [name.split(".") for name in sorted(names)]
        with connection.cursor(row_factory=class_row(_Foreign)) as cursor:
            yield from cursor.execute(
                query.encode(), [[of for of, _ in pairs], [name for _, name in pairs]]
            ).fetchall()


def _is_known(pattern: str, ledger: set[str]) -> bool:
    if pattern.endswith("%"):
        return any(name.startswith(pattern[:-1]) for name in ledger)
    return pattern in ledger


def _move_all(connection: psycopg.Connection, found: list[_Foreign]) -> Iterator[str]:
    _refuse_others_property(connection, found)
    moved = {each.oid for each in found if each.kind in KINDS and each.of_table is None}
    for each in found:
        if each.of_table in moved:
            continue
        if each.owner == OWNER and each.of_table is None:
            # Left of an older installation of ours: its owner has nothing outside of ours.
            kind = KINDS.get(each.kind, each.kind)
            connection.execute(f"alter {kind} {each.named} owner to current_user".encode())
        if each.kind in KINDS and each.of_table is None:
            new = move_relation(connection, each.oid, KINDS[each.kind], each.schema, each.name)
            yield f"{KINDS[each.kind]} {each.named} is {new} now"
        elif each.of_table is not None:
            # It cannot leave its table, which has a name of the operator's.
            to = f"{each.name[:56]}_legacy"
            kind = "sequence" if each.kind == "S" else "index"
            connection.execute(
                sql.SQL("alter {} {} rename to {}").format(
                    sql.SQL(kind), sql.Identifier(each.schema, each.name), sql.Identifier(to)
                )
            )
            yield f"{kind} {each.named} is called {to} now"
        elif each.kind in ("domain", "type", "routine"):
            make_legacy_schema(connection)
            connection.execute(f"alter {each.kind} {each.named} set schema {SCHEMA}".encode())
            yield f"{each.kind} {each.named} is in {SCHEMA} now"


def _refuse_others_property(connection: psycopg.Connection, found: list[_Foreign]) -> None:
    extensions = [f"{each.named} ({each.extension})" for each in found if each.extension]
    if extensions:
        raise MigrationError(
            f"Objects with our names belong to extensions: {', '.join(extensions)}.",
            hint="Nothing was changed. Use another database.",
        )
    others = [each for each in found if not each.is_movable]
    if others:
        named = ", ".join(f"{each.named} (of {each.owner})" for each in others)
        owners = ", ".join(sorted({each.owner for each in others}))
        raise MigrationError(
            f"Objects with our names belong to roles that {connection.info.user} is no member of:"
            f" {named}.",
            hint=f"Nothing was changed. As a superuser: grant {owners} to {connection.info.user};",
        )
