"""What a person has added to our tables and views, and would lose with them.

The release's own tables are made in a schema that is rolled back at once, and compared by name.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import psycopg

from service.migrations.comparison.scratch_schema import (
    for_scratch,
    make_scratch_schema,
    table_texts,
)
from service.migrations.schema import COMMENT, CREATED_TRIGGER, Schema

_POLICY = re.compile(r"\bcreate\s+policy\s+(\w+)", re.IGNORECASE)
# Where the extension of db/search.sql is to be had.
_INDEX = re.compile(r"\bcreate\s+index\s+(\w+)", re.IGNORECASE)
_TRIGGERS = "db/triggers/"

_ADDITIONS = """
with a_table as (
    select r.oid as released, t.oid as there, t.oid::regclass::text as name
    from pg_class r
    join pg_class t
        on t.relname = r.relname and t.relkind = 'r'
        and t.relnamespace = case
            when r.relname like 'procrastinate\\_%%' then to_regnamespace('procrastinate')
            else 'public'::regnamespace
        end
    where r.relnamespace = SCRATCH_OID and r.relkind = 'r'
),
a_relation as (
    select t.there, t.name from a_table t
    union all
    select c.oid, v.name from unnest(%(views)s::text[]) as v (name)
    join pg_class c on c.oid = to_regclass(v.name) and c.relkind = 'v'
),
an_index as (
    select i.indrelid, c.relname
    from pg_index i
    join pg_class c on c.oid = i.indexrelid
    where not exists (select from pg_constraint k where k.conindid = i.indexrelid
        and k.conrelid = i.indrelid)
),
addition as (
    select t.name, 'column' as kind, a.attname as part
    from a_table t
    join pg_attribute a on a.attrelid = t.there and a.attnum > 0 and not a.attisdropped
    where not exists (
        select from pg_attribute r
        where r.attrelid = t.released and r.attname = a.attname and not r.attisdropped
    )
    union all
    select t.name, 'constraint', k.conname
    from a_table t
    join pg_constraint k on k.conrelid = t.there and k.contype in ('c', 'f', 'p', 'u', 'x')
    where not exists (
        select from pg_constraint r where r.conrelid = t.released and r.conname = k.conname
    )
    union all
    select t.name, 'index', i.relname
    from a_table t
    join an_index i on i.indrelid = t.there
    where not exists (
        select from an_index r where r.indrelid = t.released and r.relname = i.relname
    )
        and i.relname <> all (%(indexes)s::text[])
    union all
    select t.name, 'trigger', g.tgname
    from a_relation t
    join pg_trigger g on g.tgrelid = t.there and not g.tgisinternal
    where g.tgname <> all (%(triggers)s::text[])
    union all
    select t.name, 'policy', p.polname
    from a_table t
    join pg_policy p on p.polrelid = t.there
    where p.polname <> all (%(policies)s::text[])
    union all
    select t.name, 'rule', r.rulename
    from a_relation t
    join pg_rewrite r on r.ev_class = t.there and r.rulename <> '_RETURN'
    union all
    select t.name, 'statistics', s.stxname
    from a_table t
    join pg_statistic_ext s on s.stxrelid = t.there
)
select format('%%s %%I on %%s', a.kind, a.part, a.name)
from addition a
where a.name <> all (%(but)s::regclass[]::text[])
order by a.name, a.kind, a.part
"""


def read_additions(
    connection: psycopg.Connection,
    schema: Schema,
    ledger: Collection[str],
    *,
    except_on: Collection[str] = (),
) -> list[str]:
    """Columns, constraints, indexes, triggers, policies, rules and statistics not of the release.

    ``ledger``: what has been applied; an older version lacks some. Changes nothing.
    """
    applied = [file for file in schema.migrations if file.name in ledger]
    texts = [file.text for file in schema.db]
    triggers = {name.removeprefix(_TRIGGERS) for name in ledger if name.startswith(_TRIGGERS)}
    for text in (*texts, schema.engine_schema.text):
        triggers.update(CREATED_TRIGGER.findall(COMMENT.sub("", text)))
    with connection.transaction(force_rollback=True):
        scratch = make_scratch_schema(connection)
        for text in table_texts(scratch, schema, applied):
            connection.execute(text.encode())
        found = connection.execute(
            for_scratch(scratch, _ADDITIONS),
            {
                "views": [f"public.{file.creates[0]}" for file in schema.db if file.kind == "view"],
                "triggers": sorted(triggers),
                "indexes": sorted({name for text in texts for name in _INDEX.findall(text)}),
                "policies": sorted({name for text in texts for name in _POLICY.findall(text)}),
                "but": list(except_on),
            },
        ).fetchall()
    return [name for (name,) in found]
