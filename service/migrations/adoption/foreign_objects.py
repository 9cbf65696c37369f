"""Objects that have our names and are unknown to the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
from psycopg.rows import class_row

from service.migrations.ledger import LEDGER, is_ledger
from service.migrations.schema import Schema
from service.migrations.steps.name_check import known_relations


@dataclass(frozen=True)
class ForeignObject:
    """One object with a name of ours; ``named``: as ALTER takes it."""

    oid: int
    kind: str
    schema: str
    name: str
    named: str
    owner: str
    is_movable: bool
    extension: str | None
    #: The table that it belongs to, and moves with.
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


def read_foreign_objects(
    connection: psycopg.Connection, schema: Schema, ledger: set[str]
) -> Iterator[ForeignObject]:
    """Objects with a name of ours that the ledger does not know."""
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
    # A table is a type too, so a type may have taken its name.
    types |= relations
    # Functions first: their names have their parameters, which may be of a table or type here.
    for query, names in ((_FUNCTIONS, functions), (_RELATIONS, relations), (_TYPES, types)):
        pairs = [name.split(".") for name in sorted(names)]
        with connection.cursor(row_factory=class_row(ForeignObject)) as cursor:
            yield from cursor.execute(
                query.encode(), [[of for of, _ in pairs], [name for _, name in pairs]]
            ).fetchall()


def _is_known(pattern: str, ledger: set[str]) -> bool:
    if pattern.endswith("%"):
        return any(name.startswith(pattern[:-1]) for name in ledger)
    return pattern in ledger
