"""The requests that measure every GET route of an OpenAPI document.

Each parameter is asked with each of its words, or with values of the database: common ones, rare
ones and ones that nothing has. A parameter without known values fails, so that none is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import dict_row

# Of every list; the walk through the pages sends them.
PAGING = ("limit", "cursor")
# A request that waits for a change is as slow as it is asked to be.
WAITING = ("wait",)

_TIMES = """
select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
from (
    select now() - interval '1 hour' as at
    union all
    select unnest(percentile_disc(array[0.5, 0.01]) within group (order by triggered_at))
    from pricing_sync_jobs
) as t
"""
_VALUES = {
    "provider": "values ('openrouter'), ('ovhcloud'), ('cerebras')",
    "slug": "values ('openrouter')",
    # One with a long history.
    "model": "select model_id from model_pricing m where provider_slug = 'openrouter'"
    " order by (select count(*) from model_pricing_history h where h.model_id = m.id) desc limit 1",
    "q": "values ('model'), ('model-777'), ('no such model')",
    "job": "select job_id::text from (select job_id, triggered_at from pricing_sync_jobs"
    " where models_updated > 0 order by models_updated desc limit 1) as j",
    "held": "select id::text from pricing_held_changes where status = 'held' limit 1",
    "time": _TIMES,
    "who": "values ('api:ops'), ('no such person')",
    "action": "values ('change_provider'), ('set_price_override'), ('no_such_action')",
    "usage": "values ('{\"input_tokens\": 1000}')",
    "subject": "values ('200'), ('no such subject')",
}
# Several names of the same thing.
_SAME = {
    "model_id": "model", "sync": "job", "sync_id": "job", "job_id": "job", "since": "time",
    "until": "time", "at": "time", "before": "time", "after": "time",
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One question to one route; ``query`` without limit and cursor."""

    path: str
    query: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return "&".join(f"{name}={value}" for name, value in self.query) or "-"


@dataclass(frozen=True)
class Route:
    """A GET route; ``path`` has its placeholders, ``types`` are those of its response."""

    path: str
    cases: tuple[Case, ...]
    is_list: bool
    types: tuple[str, ...]


@dataclass
class Examples:
    """Values of parameters, from a database."""

    values: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, url: str) -> Examples:
        with psycopg.connect(url, row_factory=dict_row) as connection:
            return cls(
                {
                    name: [
                        str(next(iter(row.values())))
                        for row in connection.execute(query.encode()).fetchall()
                    ]
                    for name, query in _VALUES.items()
                }
            )

    def of_parameter(self, path: str, parameter: Mapping[str, Any]) -> Sequence[str]:
        name, schema = parameter["name"], parameter["schema"]
        if "enum" in schema:
            return [str(word) for word in schema["enum"]]
        if schema.get("type") == "boolean":
            return ["true", "false"]
        if name == "id":
            return self.values["held" if "/held/" in path else "job"]
        known = self.values.get(_SAME.get(name, name))
        if known is None:
            raise LookupError(f"{path}: list_cases.py has no values for {name}")
        return known


def get_routes(document: Mapping[str, Any], examples: Examples) -> list[Route]:
    """Every GET route of the document."""
    return [
        _route(path, item["get"], examples)
        for path, item in document["paths"].items()
        if "get" in item and path != "/openapi.json"
    ]


def _route(path: str, operation: Mapping[str, Any], examples: Examples) -> Route:
    parameters = [each for each in operation.get("parameters", ()) if "name" in each]
    filled = path
    for each in parameters:
        if each["in"] == "path":
            value = examples.of_parameter(path, each)[0]
            filled = filled.replace(f"{{{each['name']}}}", value)
    queried = [
        each
        for each in parameters
        if each["in"] == "query" and each["name"] not in (*PAGING, *WAITING)
    ]
    values = {each["name"]: examples.of_parameter(path, each) for each in queried}
    required = {
        each["name"]: values[each["name"]][0]
        for each in queried
        if each["required"] or "Required" in each.get("description", "")
    }
    return Route(
        path,
        tuple(dict.fromkeys(_cases(filled, required, values))),
        any(each["name"] == "cursor" for each in parameters),
        tuple(operation["responses"]["200"].get("content", ())),
    )


def _cases(
    path: str, required: Mapping[str, str], values: Mapping[str, Sequence[str]]
) -> Iterator[Case]:
    """No filter, each value of each one, and each value beside each sort or provider."""
    yield _case(path, required)
    for name, each in values.items():
        for value in each:
            yield _case(path, {**required, name: value})
    for with_all in ("sort", "provider"):
        for beside in values.get(with_all, ()):
            for name, each in values.items():
                if name != with_all:
                    for value in each:
                        yield _case(path, {**required, with_all: beside, name: value})


def _case(path: str, query: Mapping[str, str]) -> Case:
    return Case(path, tuple(sorted(query.items())))
