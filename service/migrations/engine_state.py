"""The engine's functions against the text of the installed package."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from hashlib import md5

from service.migrations.schema import Schema, SqlFile

REPLACED = "is not as procrastinate has it"

_FUNCTION = re.compile(
    r"create\s+(?:or\s+replace\s+)?function\s+(?:procrastinate\.)?(\w+)\s*\(.*?\bas\s+\$(\w*)\$(.*?)\$\2\$"
    r".*?;",
    re.IGNORECASE | re.DOTALL,
)

_TYPE = re.compile(r"create\s+type\s+(?:procrastinate\.)?(\w+)", re.IGNORECASE)

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
        when t.is_planted then 'is none of ours'
        when t.is_body_known and not t.prosecdef then 'has settings of its own'
        else %s
    end as found,
    case when t.is_planted then 'drop routine ' || substr(t.object, 10) || ';' end as statement,
    not t.is_planted as is_ours
from (
    select t.*,
        -- The engine's own stands beside it.
        not t.is_body_known and exists (
            select from there o where o.name = t.name and o.is_body_known
        ) as is_planted
    from there t
) as t
where exists (select from released r where r.name = t.name)
    and (
        not t.is_body_known
        or t.prosecdef
        or t.proconfig is distinct from array['search_path=procrastinate, pg_temp']
    )
order by 1
"""


def engine_objects(schema: Schema) -> str:
    """What the engine makes, as JSON: names of relations and types, of functions with their text.

    The names of later engine steps stay, those that were dropped too: a name is no harm.
    """
    texts = [file.text for file in _texts(schema)]
    relations = {
        name.rpartition(".")[2]
        for file in _texts(schema)
        for name in file.relations("procrastinate")
    }
    functions: dict[str, list[str]] = {}
    for name, body in _bodies(schema):
        functions.setdefault(name, []).append(md5(body.encode(), usedforsecurity=False).hexdigest())
    types = {name for text in texts for name in _TYPE.findall(text)}
    known = {
        "relations": sorted(relations),
        "types": sorted(types),
        "functions": {name: sorted(set(texts)) for name, texts in sorted(functions.items())},
    }
    return json.dumps(known)


def engine_query(schema: Schema) -> tuple[bytes, Sequence[object]]:
    """The query for what differs, and its parameters.

    A database that was migrated step by step has the bodies of the steps, a fresh one those of the
    schema file: any of them is the engine's.
    """
    bodies = _bodies(schema)
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


def _texts(schema: Schema) -> list[SqlFile]:
    return [schema.engine_schema, *schema.engine_steps]


def _bodies(schema: Schema) -> list[tuple[str, str]]:
    """Every function's name and text, without white space, as often as it is made."""
    return [
        (match[1], re.sub(r"\s+", "", match[3]))
        for file in _texts(schema)
        for match in _FUNCTION.finditer(file.text)
    ]
