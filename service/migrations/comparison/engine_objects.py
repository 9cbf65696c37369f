"""The engine's functions and tables against the text of the installed package."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from hashlib import md5

from service.migrations.schema import COMMENT, Schema, SqlFile

REPLACED = "is not as procrastinate has it"
SETTINGS = "has settings of its own"

_FUNCTION = re.compile(
    r"create\s+(?:or\s+replace\s+)?function\s+(?:procrastinate\.)?(\w+)\s*\((.*?)\)\s*returns\b"
    r".*?\bas\s+\$(\w*)\$(.*?)\$\3\$"
    r".*?;",
    re.IGNORECASE | re.DOTALL,
)

_TYPE = re.compile(r"create\s+type\s+(?:procrastinate\.)?(\w+)", re.IGNORECASE)
_ARGUMENT = re.compile(r"\s*\w+\s+(.+?)(?:\s+default\b.*)?\s*", re.IGNORECASE | re.DOTALL)

_TABLE = re.compile(
    r"create\s+(?:table|(?:unique\s+)?index\s+\w+\s+on)\s+(\w+)\s*\(.*?;", re.IGNORECASE | re.DOTALL
)

_SERIAL = re.compile(r"^\s*(\w+)\s+(?:big)?serial\b", re.IGNORECASE | re.MULTILINE)

# Compared by signature, from the engine's side: a function with a name of the engine and another
# signature is not the engine's. A body may be that of an upgrade step.
_QUERY = """
with body (name, body) as (select * from unnest(%s::text[], %s::text[])),
a_function as (
    select p.pronamespace, p.proname::text as name, p.proconfig,
        'function ' || SCRATCH.named_released(p.oid::regprocedure::text) as object,
        exists (
            select from body b
            where b.name = p.proname and b.body = regexp_replace(p.prosrc, '\\s+', '', 'g')
        ) as is_body_known,
        -- The definition before the body, without settings.
        case when p.prokind in ('f', 'p') then regexp_replace(
            SCRATCH.named_released(split_part(pg_get_functiondef(p.oid), E'\\nAS ', 1)),
            E'\\n SET [^\\n]*', '', 'g'
        ) end as head
    from pg_proc p
    where p.proname like 'procrastinate\\_%%'
        and p.pronamespace in (SCRATCH_OID, to_regnamespace('procrastinate'))
),
released as (
    select f.* from a_function f
    where f.pronamespace = SCRATCH_OID
),
there as (
    select f.* from a_function f
    where f.pronamespace = to_regnamespace('procrastinate')
        and f.name in (select r.name from released r)
)
select coalesce(r.object, t.object) as object,
    case
        when r.name is null then 'is none of ours'
        when t.name is null then 'is not there'
        when t.is_body_known and t.head = r.head then %s
        else %s
    end as found,
    case when r.name is null then 'drop routine ' || substr(t.object, 10) || ';' end as statement,
    r.name is not null as is_ours
from released r
full join there t on t.object = r.object
where r.name is null or t.name is null
    or not t.is_body_known
    or t.head is distinct from r.head
    or t.proconfig is distinct from array['search_path=procrastinate, pg_temp']
order by 1
"""


def engine_objects(schema: Schema) -> str:
    """The engine's relations, types and functions with their digests, as JSON.

    It has the names of all steps, also of objects that a later step drops: they do no harm.
    """
    texts = [file.text for file in _texts(schema)]
    relations = {
        name.rpartition(".")[2]
        for file in _texts(schema)
        for name in file.relations("procrastinate")
    }
    for match in _TABLE.finditer(schema.engine_schema.text):
        relations |= {f"{match[1]}_{column}_seq" for column in _SERIAL.findall(match[0])}
    functions: dict[str, list[dict[str, object]]] = {}
    for match in _functions(schema):
        digest = md5(_bare(match[4]).encode(), usedforsecurity=False).hexdigest()
        known: dict[str, object] = {"types": _argument_types(match[2]), "text": digest}
        others = functions.setdefault(match[1], [])
        if known not in others:
            others.append(known)
    types = {name for text in texts for name in _TYPE.findall(text)}
    return json.dumps(
        {
            "relations": sorted(relations),
            "types": sorted(types),
            "functions": dict(sorted(functions.items())),
        }
    )


def engine_query(schema: Schema) -> tuple[str, Sequence[object]]:
    """The query for what differs, and its parameters.

    A database that was migrated step by step has the bodies of the steps, a fresh one those of the
    schema file: any of them is the engine's.
    """
    found = list(_functions(schema))
    return _QUERY, [
        [match[1] for match in found],
        [_bare(match[4]) for match in found],
        SETTINGS,
        REPLACED,
    ]


def engine_statement(schema: Schema, named: str) -> list[str]:
    """The statement that makes a function of the engine again; named as by ``engine_query``."""
    signature = named.removeprefix("function ")
    name = signature.partition("(")[0].rpartition(".")[2]
    return [
        _remade(
            signature,
            re.sub(
                r"(?i)^create\s+(or\s+replace\s+)?function\s+(procrastinate\.)?",
                "create or replace function procrastinate.",
                match[0],
            ),
        )
        for match in _FUNCTION.finditer(schema.engine_schema.text)
        if match[1] == name
    ]


def engine_tables(schema: Schema) -> dict[str, str]:
    """Every table of the engine, with the statements that make it and its indexes."""
    tables: dict[str, str] = {}
    for match in _TABLE.finditer(COMMENT.sub("", schema.engine_schema.text)):
        text = re.sub(
            r"(?i)(?<!constraint )(?<!index )(?<![\w.'])(?=procrastinate_)",
            "procrastinate.",
            re.sub(r"\s+", " ", match[0]),
        )
        name = f"procrastinate.{match[1]}"
        tables[name] = f"{tables[name]} {text}" if name in tables else text
    return tables


def _remade(signature: str, text: str) -> str:
    """Drops it first where Postgres cannot replace it; does nothing where its types are missing."""
    return f"""
do $pricing_restore$
declare
    v_text constant text := $pricing_text${text}$pricing_text$;
begin
    execute v_text;
exception
    when invalid_function_definition or wrong_object_type then
        execute $pricing_text$drop routine {signature}$pricing_text$;
        execute v_text;
    when undefined_object or undefined_table then
        null;
end
$pricing_restore$
"""


def _argument_types(arguments: str) -> list[str]:
    """As ``to_regtype`` reads them from any search_path."""
    types = [
        match[1]
        for each in COMMENT.sub("", arguments).split(",")
        if (match := _ARGUMENT.fullmatch(each)) is not None
    ]
    return [re.sub(r"^(?=procrastinate_)", "procrastinate.", each) for each in types]


def _bare(body: str) -> str:
    return re.sub(r"\s+", "", body)


def _texts(schema: Schema) -> list[SqlFile]:
    return [schema.engine_schema, *schema.engine_steps]


def _functions(schema: Schema) -> Iterator[re.Match[str]]:
    """Every definition of a function: groups 1, 2 and 4 are its name, arguments and body."""
    for file in _texts(schema):
        yield from _FUNCTION.finditer(file.text)
