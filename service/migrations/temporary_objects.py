"""Find temporary objects of other sessions that depend on ours, and their sessions."""

from __future__ import annotations

import psycopg

from service.postgres.sqlstates import DEPENDENT_OBJECTS

# What Postgres says of an object that something else depends on, or whose row type is in use.
BLOCKED_BY_DEPENDENTS = {DEPENDENT_OBJECTS, "0A000"}

# From PostgreSQL 16 on a temporary schema has the number of its session; before, only its login.
_SESSIONS = """
with temporary as (
    select n.oid, n.nspname, substring(n.nspname from '[0-9]+$')::integer as number
    from pg_catalog.pg_namespace n
    where n.nspname ~ '^pg_temp_[0-9]+$' and n.oid <> pg_catalog.pg_my_temp_schema()
),
object (classid, oid, namespace, owner, name) as (
    select 'pg_class'::regclass, c.oid, c.relnamespace, c.relowner, c.relname
    from pg_catalog.pg_class c
    union all
    select 'pg_rewrite'::regclass, w.oid, c.relnamespace, c.relowner, c.relname
    from pg_catalog.pg_rewrite w
    join pg_catalog.pg_class c on c.oid = w.ev_class
    union all
    select 'pg_attrdef'::regclass, a.oid, c.relnamespace, c.relowner, c.relname
    from pg_catalog.pg_attrdef a
    join pg_catalog.pg_class c on c.oid = a.adrelid
    union all
    select 'pg_constraint'::regclass, k.oid, k.connamespace, c.relowner, c.relname
    from pg_catalog.pg_constraint k
    join pg_catalog.pg_class c on c.oid = k.conrelid
    union all
    select 'pg_type'::regclass, t.oid, t.typnamespace, t.typowner, t.typname
    from pg_catalog.pg_type t
    union all
    select 'pg_proc'::regclass, p.oid, p.pronamespace, p.proowner, p.proname
    from pg_catalog.pg_proc p
),
blocking as (
    select t.nspname, t.number, o.owner, min(o.name::text) as name
    from object o
    join temporary t on t.oid = o.namespace
    join pg_catalog.pg_depend d on d.classid = o.classid and d.objid = o.oid
    join object ours on ours.classid = d.refclassid and ours.oid = d.refobjid
    where ours.namespace in (
        'public'::regnamespace, pg_catalog.to_regnamespace('procrastinate')
    )
    group by t.nspname, t.number, o.owner
)
select format('%I.%I', w.nspname, w.name) as object, r.rolname as login, s.pids
from blocking w
join pg_catalog.pg_roles r on r.oid = w.owner
cross join lateral (
    select array_agg(a.pid order by a.pid) as pids
    from pg_catalog.pg_stat_activity a
    where case
            when current_setting('server_version_num')::integer >= 160000
            then a.pid = pg_catalog.pg_stat_get_backend_pid(w.number)
            else a.usename = r.rolname
        end
        and a.datname = current_database()
        and a.pid <> pg_catalog.pg_backend_pid()
) as s
order by object
"""


def advice_on_temporary_objects(connection: psycopg.Connection) -> str | None:
    """Which sessions have temporary objects that depend on ours, and how to end them."""
    sentences = []
    for name, login, pids in connection.execute(_SESSIONS.encode()).fetchall():
        if pids is None:
            sentences.append(f"{name} belongs to a session of {login} that has ended.")
            continue
        which = " or ".join(f"pid {pid}" for pid in pids)
        ends = " ".join(f"select pg_terminate_backend({pid});" for pid in pids)
        sentences.append(
            f"{name} is a temporary object of {which} (login {login}): end that session,"
            f" as a superuser or as {login}: {ends}"
        )
    return " ".join([*sentences, "Then migrate again."]) if sentences else None
