"""Our roles: drop those that nothing on the server needs."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg
from psycopg import sql

OUR_ROLES = ("pricing_web", "pricing_worker", "pricing_owner")
API_ROLES = ("anon", "authenticated", "service_role")

# Databases with rights or objects of a role.
_DEPENDENT_DATABASES = """
select distinct coalesce('database ' || d.datname, 'the whole server')
from pg_shdepend s
join pg_roles r on r.oid = s.refobjid and s.refclassid = 'pg_authid'::regclass
-- A right on a database is recorded for the whole server.
left join pg_database d
    on d.oid = case when s.classid = 'pg_database'::regclass then s.objid else s.dbid end
where r.rolname = %s and s.classid <> 'pg_auth_members'::regclass
order by 1
"""


def existing_roles(connection: psycopg.Connection, roles: Iterable[str]) -> list[str]:
    found = connection.execute(
        "select w from unnest(%s::text[]) w where w in (select rolname from pg_roles)",
        [list(roles)],
    ).fetchall()
    return [role for (role,) in found]


def drop_roles(connection: psycopg.Connection) -> Iterable[str]:
    """Drop roles that nothing on the server needs; yields why the others stay."""
    for role in existing_roles(connection, OUR_ROLES):
        databases = [
            where
            for (where,) in connection.execute(_DEPENDENT_DATABASES.encode(), [role]).fetchall()
        ]
        if databases:
            yield f"role {role} stays: {', '.join(databases)} needs it"
            continue
        try:
            connection.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))
        except psycopg.Error as error:
            yield f"role {role} stays ({error.diag.message_primary}): drop role {role};"
    if api := existing_roles(connection, API_ROLES):
        yield f"roles {', '.join(api)} stay: they are Supabase's and PostgREST's too"
    if connection.execute("select to_regnamespace('pricing_legacy')").fetchone() != (None,):
        yield "schema pricing_legacy stays: its objects are yours"
