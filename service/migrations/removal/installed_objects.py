"""Our objects that a database has, with the statements that drop them."""

from __future__ import annotations

import re
from collections.abc import Iterable

import psycopg

from service.migrations.ledger import LEDGER
from service.migrations.removal.kept_prices import KEPT
from service.migrations.schema import COMMENT, CREATED_TRIGGER, Schema
from service.postgres.sql_text import fill

_CRON_NAME = re.compile(r"'(pricing_sync_[a-z_]+)'")

# The objects of a list of names that exist, with the statements that drop them, in that order.
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


def our_tables(schema: Schema, keep: bool) -> list[str]:
    ours = [LEDGER, *(name for file in schema.migrations for name in file.relations())]
    engine = schema.engine_schema.relations("procrastinate")
    return [name for name in (*ours, *engine) if not (keep and name in KEPT)]


def read_objects(connection: psycopg.Connection, schema: Schema) -> list[tuple[str, str]]:
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


def read_types(connection: psycopg.Connection, schema: Schema) -> list[tuple[str, str]]:
    names = [f"public.{name}" for file in schema.migrations for name in file.types()]
    names += [f"procrastinate.{name}" for name in schema.engine_schema.types()]
    return connection.execute(_TYPES.encode(), [names]).fetchall()


def existing_relations(connection: psycopg.Connection, names: Iterable[str]) -> list[str]:
    found = connection.execute(
        "select w from unnest(%s::text[]) w where to_regclass(w) is not null", [list(names)]
    ).fetchall()
    return [name for (name,) in found]


def object_names(connection: psycopg.Connection, schema: Schema, keep: bool) -> list[str]:
    objects = [name for name, _ in read_objects(connection, schema)]
    tables = [f"table {name}" for name in existing_relations(connection, our_tables(schema, keep))]
    types = [f"{kind} {name}" for name, kind in read_types(connection, schema)]
    jobs = [f"cron job {name}" for _, name in read_cron_jobs(connection, schema)]
    return [*tables, *types, *jobs, "schema procrastinate", *objects]


def read_cron_jobs(connection: psycopg.Connection, schema: Schema) -> list[tuple[int, str]]:
    """Jobs with our names, whatever they run, and jobs that run a command of ours."""
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
