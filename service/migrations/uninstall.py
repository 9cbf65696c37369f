"""``pricing-sync uninstall``: everything of ours leaves the database, and nothing else does.

Nothing is dropped with CASCADE: what the operator has made on top of ours is named, and refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import psycopg
from psycopg import sql

from service.database_address.address import DatabaseAddress
from service.errors import MigrationError
from service.migrations.blocks import LEDGER
from service.migrations.kept_prices import KEPT, keep_prices
from service.migrations.operator_additions import read_additions
from service.migrations.runner import failure, read_ledger, refuse_other_login, take_lock
from service.migrations.schema import (
    COMMENT,
    CREATED_TRIGGER,
    Roots,
    Schema,
    read_schema,
)
from service.postgres.connect import connect
from service.postgres.sql_text import fill
from service.postgres.sqlstates import DEPENDENT_OBJECTS

OUR_ROLES = ("pricing_web", "pricing_worker", "pricing_owner")
API_ROLES = ("anon", "authenticated", "service_role")


_CRON_NAME = re.compile(r"'(pricing_sync_[a-z_]+)'")

# What exists of a list of names, with the statement that drops it, in the order of dropping.
_OBJECTS = """
select format('trigger %%I on %%s', t.tgname, c.oid::regclass),
    format('drop trigger if exists %%I on %%s', t.tgname, c.oid::regclass)
from pg_trigger t
join pg_class c on c.oid = t.tgrelid
join pg_namespace n on n.oid = c.relnamespace
where not t.tgisinternal and n.nspname in ('public', 'procrastinate')
    and t.tgname = any (%(triggers)s)
union all
select 'view ' || c.oid::regclass, format('drop view if exists %%s', c.oid::regclass)
from pg_class c
where c.relkind = 'v' and c.oid in (select to_regclass(v) from unnest(%(views)s::text[]) v)
union all
select 'function ' || p.oid::regprocedure, format('drop routine if exists %%s', p.oid::regprocedure)
from pg_proc p
join pg_namespace n on n.oid = p.pronamespace
where n.nspname || '.' || p.proname = any (%(functions)s)
    and not exists (
        select from pg_depend d
        where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
    )
"""

_TYPES = """
select t.oid::regtype::text, case t.typtype when 'd' then 'domain' else 'type' end
from pg_type t
left join pg_class c on c.oid = t.typrelid
where t.oid in (select to_regtype(w) from unnest(%s::text[]) w)
    and (t.typrelid = 0 or c.relkind = 'c')
"""

# Processes of ours: by the name that they give themselves, or by their roles.
_SESSIONS = """
select a.pid, concat_ws(', ', nullif(a.application_name, ''), 'login ' || a.usename)
from pg_stat_activity a
left join pg_roles r on r.oid = a.usesysid
where a.datname = current_database() and a.pid <> pg_backend_pid()
    and (
        a.application_name like 'pricing-sync%'
        or not r.rolsuper and exists (
            select from pg_roles o
            where o.rolname in ('pricing_web', 'pricing_worker')
                and pg_has_role(r.oid, o.oid, 'member')
        )
        and not exists (
            select from pg_roles o
            where o.rolname = 'pricing_owner' and pg_has_role(r.oid, o.oid, 'member')
        )
    )
order by a.pid
"""

# What holds a role: rights and objects, here and in other databases.
_HELD = """
select distinct coalesce('database ' || d.datname, 'the whole server')
from pg_shdepend s
join pg_roles r on r.oid = s.refobjid and s.refclassid = 'pg_authid'::regclass
-- A right on a database is kept for the whole server.
left join pg_database d
    on d.oid = case when s.classid = 'pg_database'::regclass then s.objid else s.dbid end
where r.rolname = %s and s.classid <> 'pg_auth_members'::regclass
order by 1
"""


@dataclass(frozen=True)
class UninstallPlan:
    """What will be dropped; ``kept``: the tables that stay."""

    dropped: tuple[str, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True)
class UninstallResult:
    """``left``: what stays of ours outside of the database, and why."""

    dropped: tuple[str, ...]
    kept: tuple[str, ...]
    left: tuple[str, ...]


def planned_uninstall(
    address: DatabaseAddress | str, *, keep: bool = False, roots: Roots | None = None
) -> UninstallPlan:
    """What an uninstall would drop; changes nothing."""
    schema = read_schema(roots)
    with connect(address, autocommit=True) as connection:
        refuse_other_login(connection)
        _require_ours(connection)
        return UninstallPlan(tuple(_named(connection, schema, keep)), KEPT if keep else ())


def uninstall(
    address: DatabaseAddress | str, *, keep: bool = False, roots: Roots | None = None
) -> UninstallResult:
    """Drop it in one transaction, then the roles that nothing needs any more.

    Raises MigrationError, with nothing dropped, while a process of ours is connected or something
    of the operator's depends on ours.
    """
    schema = read_schema(roots)
    with connect(address, autocommit=True) as connection:
        connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        refuse_other_login(connection)
        _require_ours(connection)
        try:
            with connection.transaction():
                take_lock(connection)
                connection.execute("set local lock_timeout = '10s'")
                connection.execute("set local search_path = pg_catalog, pg_temp")
                _refuse_processes(connection)
                _refuse_additions(connection, schema, keep)
                dropped = tuple(_named(connection, schema, keep))
                _drop_all(connection, schema, keep)
        except psycopg.Error as error:
            raise failure("uninstall", error) from error
        return UninstallResult(dropped, KEPT if keep else (), tuple(_drop_roles(connection)))


def _require_ours(connection: psycopg.Connection) -> None:
    if not read_ledger(connection):
        raise MigrationError(
            f"There is nothing to uninstall: {LEDGER} is not there, or empty.",
            hint="If it was dropped: `pricing-sync migrate --repair`, then uninstall.",
        )


def _refuse_processes(connection: psycopg.Connection) -> None:
    sessions = connection.execute(_SESSIONS.encode()).fetchall()
    if sessions:
        named = "; ".join(f"pid {pid} ({who})" for pid, who in sessions)
        raise MigrationError(
            f"Processes of pricing-sync are connected: {named}.",
            hint="Nothing was dropped. Stop web processes and workers first.",
        )
    if alive := _workers_alive(connection):
        raise MigrationError(
            f"Workers of pricing-sync are alive: {', '.join(alive)}.",
            hint="Nothing was dropped. Stop them first. One that was killed is gone by itself when"
            " its lease has passed.",
        )


def _workers_alive(connection: psycopg.Connection) -> list[str]:
    """By their heartbeats: behind a pooler a session is the pooler's."""
    tables = ["public.pricing_settings", "procrastinate.procrastinate_workers"]
    if len(_there(connection, tables)) < len(tables):
        return []
    found = connection.execute(
        "select format('worker %s (heartbeat %s)', w.id, w.last_heartbeat)"
        " from procrastinate.procrastinate_workers w cross join public.pricing_settings s"
        " where w.last_heartbeat > clock_timestamp() - s.lease order by w.id"
    ).fetchall()
    return [name for (name,) in found]


def _refuse_additions(connection: psycopg.Connection, schema: Schema, keep: bool) -> None:
    """What a person has put on our tables has no dependency that Postgres would refuse by."""
    ledger = read_ledger(connection)
    found = read_additions(connection, schema, ledger, except_on=KEPT if keep else ())
    if found:
        raise MigrationError(
            f"Objects of yours are on those of pricing-sync: {'; '.join(found)}.",
            hint="Nothing was dropped. They would go with them: drop them first, or keep a copy.",
        )


def _tables(schema: Schema, keep: bool) -> list[str]:
    ours = [LEDGER, *(name for file in schema.migrations for name in file.relations())]
    engine = schema.engine_schema.relations("procrastinate")
    return [name for name in (*ours, *engine) if not (keep and name in KEPT)]


def _objects(connection: psycopg.Connection, schema: Schema) -> list[tuple[str, str]]:
    found = connection.execute(
        _OBJECTS.encode(),
        {
            "triggers": [
                name
                for text in (
                    *(f.text for f in schema.db if f.kind == "trigger"),
                    schema.engine_schema.text,
                )
                for name in _triggers(text)
            ],
            "views": [f"public.{f.creates[0]}" for f in schema.db if f.kind == "view"],
            "functions": [
                *(f"public.{f.creates[0]}" for f in schema.db if f.kind == "function"),
                *(f"procrastinate.{name}" for name in schema.engine_schema.functions()),
            ],
        },
    ).fetchall()
    return [(name, statement) for name, statement in found]


def _triggers(text: str) -> list[str]:
    return CREATED_TRIGGER.findall(COMMENT.sub("", text))


def _types(connection: psycopg.Connection, schema: Schema) -> list[tuple[str, str]]:
    names = [f"public.{name}" for file in schema.migrations for name in file.types()]
    names += [f"procrastinate.{name}" for name in schema.engine_schema.types()]
    return connection.execute(_TYPES.encode(), [names]).fetchall()


def _there(connection: psycopg.Connection, names: Iterable[str]) -> list[str]:
    found = connection.execute(
        "select w from unnest(%s::text[]) w where to_regclass(w) is not null", [list(names)]
    ).fetchall()
    return [name for (name,) in found]


def _named(connection: psycopg.Connection, schema: Schema, keep: bool) -> list[str]:
    objects = [name for name, _ in _objects(connection, schema)]
    tables = [f"table {name}" for name in _there(connection, _tables(schema, keep))]
    types = [f"{kind} {name}" for name, kind in _types(connection, schema)]
    jobs = [f"cron job {name}" for _, name in _cron_jobs(connection, schema)]
    return [*tables, *types, *jobs, "schema procrastinate", *objects]


def _cron_jobs(connection: psycopg.Connection, schema: Schema) -> list[tuple[int, str]]:
    """By our names, whatever they run by now, and what runs a command of ours by another name."""
    row = connection.execute(
        "select to_regclass('cron.job') is not null"
        " and has_schema_privilege(to_regnamespace('cron'), 'usage')"
    ).fetchone()
    if row != (True,):
        return []
    texts = [file.text for file in schema.db if file.name.endswith("/pricing_cron_jobs")]
    names = {name for text in texts for name in _CRON_NAME.findall(text)}
    there = connection.execute("select to_regclass('public.pricing_cron_jobs')").fetchone()
    commands = "select command from public.pricing_cron_jobs" if there != (None,) else "select ''"
    return connection.execute(
        fill(
            "select j.jobid, coalesce(j.jobname, j.jobid::text) from cron.job j"
            " where j.database = current_database()"
            " and (j.jobname = any (%s) or btrim(j.command) in ({commands}))"
            " order by j.jobname, j.jobid",
            commands=commands,
        ).encode(),
        [sorted(names)],
    ).fetchall()


def _drop_all(connection: psycopg.Connection, schema: Schema, keep: bool) -> None:
    for job_id, _ in _cron_jobs(connection, schema):
        connection.execute("select cron.unschedule(%s)", [job_id])
    types = _types(connection, schema)
    _drop_in_turn(connection, _objects(connection, schema))
    if keep:
        keep_prices(connection)
    tables = _there(connection, _tables(schema, keep))
    _drop_in_turn(connection, [("tables", f"drop table {', '.join(tables)}")])
    drops = [(f"{kind} {name}", f"drop {kind} if exists {name}") for name, kind in types]
    _drop_in_turn(connection, [*drops, ("schema procrastinate", "drop schema procrastinate")])
    database = sql.Identifier(connection.info.dbname)
    for role in _existing(connection, OUR_ROLES):
        for what in (sql.SQL("schema public"), sql.SQL("database {}").format(database)):
            connection.execute(
                sql.SQL("revoke all on {} from {}").format(what, sql.Identifier(role))
            )


def _drop_in_turn(connection: psycopg.Connection, drops: list[tuple[str, str]]) -> None:
    """Again and again, as one may stand on another; what is in the way at last is not ours."""
    while drops:
        refused: dict[str, str] = {}
        for name, statement in drops:
            try:
                with connection.transaction():
                    connection.execute(statement.encode())
            except psycopg.Error as error:
                if error.sqlstate != DEPENDENT_OBJECTS:
                    raise
                refused[name] = error.diag.message_detail or ""
        if len(refused) == len(drops):
            theirs = {
                line
                for detail in refused.values()
                for line in detail.splitlines()
                if line.partition(" depends on ")[0] not in refused
            }
            raise MigrationError(
                f"Objects of yours depend on pricing-sync: {'; '.join(sorted(theirs))}.",
                hint="Nothing was dropped. Drop or change them first.",
            )
        drops = [(name, statement) for name, statement in drops if name in refused]


def _existing(connection: psycopg.Connection, roles: Iterable[str]) -> list[str]:
    found = connection.execute(
        "select w from unnest(%s::text[]) w where w in (select rolname from pg_roles)",
        [list(roles)],
    ).fetchall()
    return [role for (role,) in found]


def _drop_roles(connection: psycopg.Connection) -> Iterable[str]:
    """Those that nothing in the whole server needs; says why the others stay."""
    for role in _existing(connection, OUR_ROLES):
        held = [where for (where,) in connection.execute(_HELD.encode(), [role]).fetchall()]
        if held:
            yield f"role {role} stays: {', '.join(held)} needs it"
            continue
        try:
            connection.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))
        except psycopg.Error as error:
            yield f"role {role} stays ({error.diag.message_primary}): drop role {role};"
    if api := _existing(connection, API_ROLES):
        yield f"roles {', '.join(api)} stay: they are Supabase's and PostgREST's too"
    if connection.execute("select to_regnamespace('pricing_legacy')").fetchone() != (None,):
        yield "schema pricing_legacy stays: what it holds is yours"
