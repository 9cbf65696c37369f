"""The engine's functions against the text of the installed package."""

from __future__ import annotations

import re
from collections.abc import Sequence

from service.migrations.schema import Schema

REPLACED = "is not as procrastinate has it"

_FUNCTION = re.compile(
    r"create\s+(?:or\s+replace\s+)?function\s+(?:procrastinate\.)?(\w+)\s*\(.*?\bas\s+\$(\w*)\$(.*?)\$\2\$"
    r".*?;",
    re.IGNORECASE | re.DOTALL,
)

_QUERY = """
with released (name, body) as (select * from unnest(%s::text[], %s::text[])),
there as (
    select p.proname::text as name, 'function ' || p.oid::regprocedure as object, p.prosecdef,
        p.proconfig,
        exists (
            select from released r
            where r.name = p.proname and r.body = regexp_replace(p.prosrc, '\\s+', '', 'g')
        ) as is_body_known
    from pg_proc p
    where p.pronamespace = to_regnamespace('procrastinate')
)
select t.object,
    case
        when t.is_body_known and not t.prosecdef then 'has settings of its own'
        else %s
    end as found,
    null::text as statement,
    true as is_ours
from there t
where exists (select from released r where r.name = t.name)
    and (
        not t.is_body_known
        or t.prosecdef
        or t.proconfig is distinct from array['search_path=procrastinate, pg_temp']
    )
order by 1
"""


def engine_query(schema: Schema) -> tuple[bytes, Sequence[object]]:
    """The query for what differs, and its parameters.

    A database that was migrated step by step has the bodies of the steps, a fresh one those of the
    schema file: any of them is the engine's.
    """
    texts = [schema.engine_schema, *schema.engine_steps]
    bodies = [
        (match[1], re.sub(r"\s+", "", match[3]))
        for file in texts
        for match in _FUNCTION.finditer(file.text)
    ]
    names, found = [name for name, _ in bodies], [body for _, body in bodies]
    return _QUERY.encode(), [names, found, REPLACED]


def engine_statement(schema: Schema, named: str) -> list[str]:
    """What makes one function of the engine anew, named as ``engine_query`` names it."""
    name = named.partition("(")[0].rpartition(".")[2]
    return [
        re.sub(
            r"(?i)^create\s+(or\s+replace\s+)?function\s+(procrastinate\.)?",
            "create or replace function procrastinate.",
            match[0],
        )
        for match in _FUNCTION.finditer(schema.engine_schema.text)
        if match[1] == name
    ]
