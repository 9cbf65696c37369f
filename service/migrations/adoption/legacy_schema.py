"""The schema pricing_legacy, which keeps what is not, or no longer, part of pricing-sync."""

from __future__ import annotations

import psycopg
from psycopg import sql

SCHEMA = "pricing_legacy"

_COMMENT = "Objects that had names of pricing-sync. It does not read them; you may drop them."

# The kinds of relation, as ALTER names them.
KINDS = {
    "r": "table",
    "p": "table",
    "v": "view",
    "m": "materialized view",
    "f": "foreign table",
    "S": "sequence",
}

# Indexes and sequences of a relation: they move with it, and have names in its schema.
_FOLLOWERS = """
select c.relname::text, case c.relkind when 'S' then 'sequence' else 'index' end
from pg_catalog.pg_class c
where c.oid in (select i.indexrelid from pg_catalog.pg_index i where i.indrelid = %(oid)s)
    or c.relkind = 'S' and c.oid in (
        select d.objid from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::regclass and d.refobjid = %(oid)s
            and d.refclassid = 'pg_catalog.pg_class'::regclass and d.deptype in ('a', 'i')
    )
order by c.relname
"""

# Roles that need the schema: owners, because foreign keys are checked with their rights; readers.
_READERS = """
select distinct case when r.oid is null then 'public' else quote_ident(r.rolname) end
from (
    select c.relowner as role from pg_catalog.pg_class c where c.oid = %(oid)s
    union all
    select a.grantee
    from pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a
    where c.oid = %(oid)s
) as g
left join pg_catalog.pg_roles r on r.oid = g.role
"""


def make_legacy_schema(connection: psycopg.Connection) -> None:
    """Create the schema, unless it exists, with a comment."""
    if connection.execute("select to_regnamespace(%s)", [SCHEMA]).fetchone() == (None,):
        connection.execute(f"create schema {SCHEMA}".encode())
        connection.execute(f"comment on schema {SCHEMA} is '{_COMMENT}'".encode())


def free_name(connection: psycopg.Connection, name: str, beside: str = SCHEMA) -> str:
    """A qualified free name in pricing_legacy: ``name``, with a number appended where it is taken.

    A name with a number is free in the schema ``beside`` too.
    """
    return f"{SCHEMA}.{_free(connection, name, beside)}"


def move_relation(
    connection: psycopg.Connection, oid: int, kind: str, schema: str, name: str
) -> str:
    """Move a relation with its indexes and sequences; returns its new qualified name."""
    make_legacy_schema(connection)
    for follower, what in connection.execute(_FOLLOWERS, {"oid": oid}).fetchall():
        _rename(connection, what, schema, follower, _free(connection, follower, schema))
    new = _free(connection, name, schema)
    _rename(connection, kind, schema, name, new)
    connection.execute(
        sql.SQL("alter {} {} set schema {}").format(
            sql.SQL(kind), sql.Identifier(schema, new), sql.Identifier(SCHEMA)
        )
    )
    for (role,) in connection.execute(_READERS, {"oid": oid}).fetchall():
        connection.execute(f"grant usage on schema {SCHEMA} to {role}".encode())
    return f"{SCHEMA}.{new}"


def _free(connection: psycopg.Connection, name: str, beside: str) -> str:
    def is_free(candidate: str, schema: str) -> bool:
        row = connection.execute(
            "select to_regclass(format('%%I.%%I', %s::text, %s::text)) is null"
            " and to_regtype(format('%%I.%%I', %s::text, %s::text)) is null",
            [schema, candidate, schema, candidate],
        ).fetchone()
        return row == (True,)

    candidate, number = name[:63], 1
    while not is_free(candidate, SCHEMA) or (number > 1 and not is_free(candidate, beside)):
        number += 1
        candidate = f"{name[: 62 - len(str(number))]}_{number}"
    return candidate


def _rename(connection: psycopg.Connection, kind: str, schema: str, name: str, to: str) -> None:
    if name != to:
        connection.execute(
            sql.SQL("alter {} {} rename to {}").format(
                sql.SQL(kind), sql.Identifier(schema, name), sql.Identifier(to)
            )
        )
