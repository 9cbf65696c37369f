"""Read the filters of a list from the query, and describe them for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from service.lists.list_query import Filter, ListQuery
from service.web.requests.body import read_time
from service.web.requests.parameters import JOB_ID, ROW_ID, TIME_HINT, query_value
from service.web.responses.error_responses import bad_input


def filter_values(request: Request, query: ListQuery, names: Mapping[str, str]) -> dict[str, Any]:
    """The values of the filters; ``names``: of each filter, as HTTP has it."""
    return {
        name: _value(parameter, text, query.filters[name])
        for name, parameter in names.items()
        if (text := query_value(request, parameter)) is not None
    }


def filter_schema(filtered: Filter) -> dict[str, Any]:
    if filtered.choices:
        return {"type": "string", "enum": list(filtered.choices)}
    schemas: dict[str, dict[str, Any]] = {
        "text": {"type": "string", "minLength": 1, "maxLength": 512},
        "timestamptz": {"type": "string", "format": "date-time"},
        "uuid": {"type": "string", "format": "uuid"},
        "bigint": {"type": "integer", "minimum": 1},
    }
    return schemas[filtered.kind]


def choice(request: Request, name: str, choices: Mapping[str, object], default: str) -> str:
    """One of some words; HttpError 422 for another one."""
    text = query_value(request, name)
    if text is None:
        return default
    if text not in choices:
        raise _no_choice(name, choices)
    return text


def _value(name: str, text: str, filtered: Filter) -> Any:
    if filtered.choices:
        if text not in filtered.choices:
            raise _no_choice(name, filtered.choices)
        return text
    if filtered.kind == "timestamptz":
        try:
            return read_time(text)
        except ValueError as error:
            raise bad_input(f"{name} {error}.", hint=TIME_HINT) from None
    if filtered.kind == "uuid" and not JOB_ID.fullmatch(text):
        raise bad_input(f"{name} is not a job's id.", hint="The sync_id is in a trigger's answer.")
    if filtered.kind == "bigint" and not (ROW_ID.fullmatch(text) and int(text) < 2**63):
        raise bad_input(f"{name} is not an id.", hint="The lists have the ids.")
    return int(text) if filtered.kind == "bigint" else text


def _no_choice(name: str, choices: Mapping[str, object]) -> Exception:
    return bad_input(f"{name} must be one of {', '.join(choices)}.", hint="Leave it out for all.")
