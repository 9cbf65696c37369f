"""The OpenAPI 3.1 document, made from the same entries as the routes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from service import __version__
from service.web.app_state import state_of
from service.web.auth import needs_key
from service.web.http_server.request_id import HEADER
from service.web.requests.media_type import CSV, NDJSON
from service.web.responses.sync_responses import ErrorAnswer
from service.web.routes.endpoint import Endpoint, Link, roles_from

REFERENCE = "#/components/schemas/{model}"
KEYS = (
    "PRICING_ADMIN_KEY, or a key from `pricing-sync keys create`. It has the role read, operate or"
    " admin, and each may do what those before it may; an operation lists the roles that may call"
    " it, as its description does."
)
GUARDED_ERRORS = (401, 403, 429)
# 400, 408, 414, 431 and 503 also for what never becomes a request (``protocol_errors.py``).
ANY_ERRORS = (400, 408, 414, 431, 500, 503)
# Of every request and response (``envelope.py``).
REQUEST_ID = {"$ref": "#/components/headers/RequestID"}
REQUEST_ID_PARAMETER = {"$ref": "#/components/parameters/RequestID"}
ETAG = {
    "description": "Send it as If-None-Match: the answer is 304 while nothing has changed.",
    "schema": {"type": "string"},
}
REQUEST_ID_MEANING = "The id of this request, in all its log lines."


async def get_openapi(request: Request) -> Response:
    return JSONResponse(state_of(request).openapi)


def openapi_document(endpoints: Iterable[Endpoint], *, opened: frozenset[str]) -> dict[str, Any]:
    endpoints = tuple(endpoints)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        guarded = needs_key(endpoint.path, opened=opened)
        operation = _operation(endpoint, guarded)
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "pricing-sync",
            "version": __version__,
            "description": "Prices of LLM providers, synced into your own Postgres.",
        },
        "paths": paths,
        "components": {
            "schemas": _schemas(endpoints),
            "parameters": {
                "RequestID": {
                    "name": HEADER,
                    "in": "header",
                    "required": False,
                    "description": f"{REQUEST_ID_MEANING} 1 to 128 letters, digits and"
                    " . _ : + / = @ -; generated if it is anything else, or not sent.",
                    "schema": {"type": "string"},
                }
            },
            "headers": {
                "RequestID": {"description": REQUEST_ID_MEANING, "schema": {"type": "string"}}
            },
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": KEYS}},
        },
    }


def _operation(endpoint: Endpoint, guarded: bool) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": re.sub(r"^_+", "", endpoint.handler.__name__),
        "summary": endpoint.summary,
        # The roles of which a key must have one.
        "security": [{"key": list(roles_from(endpoint.role))}] if guarded else [],
        "responses": _responses(endpoint, guarded),
    }
    if guarded:
        roles = " or ".join(roles_from(endpoint.role))
        operation["description"] = f"Needs a key with the role {roles}."
    operation["parameters"] = [
        *(
            {
                "name": parameter.name,
                "in": parameter.where,
                "required": parameter.required or parameter.where == "path",
                "description": parameter.description,
                "schema": dict(parameter.schema),
            }
            for parameter in endpoint.parameters
        ),
        REQUEST_ID_PARAMETER,
    ]
    if endpoint.body is not None:
        needed = any(each.is_required() for each in endpoint.body.model_fields.values())
        operation["requestBody"] = {"required": needed, "content": _json(endpoint.body)}
    return operation


def _responses(endpoint: Endpoint, guarded: bool) -> dict[str, Any]:
    described: dict[str, Any] = {
        "description": endpoint.summary,
        "content": _answer(endpoint) | _whole_lists(endpoint),
    }
    if endpoint.links:
        described["links"] = {name: _link(each) for name, each in endpoint.links.items()}
    responses: dict[int, dict[str, Any]] = {endpoint.status: described}
    if endpoint.is_tagged:
        described["headers"] = {"ETag": ETAG}
        responses[304] = {"description": HTTPStatus(304).phrase, "headers": {"ETag": ETAG}}
    if endpoint.status == 202:
        responses[202]["headers"] = {"Location": {"schema": {"type": "string"}}}
    for status, answer in endpoint.answers_by_status.items():
        responses[status] = {"description": HTTPStatus(status).phrase, "content": _json(answer)}
    for status in (*endpoint.errors, *(GUARDED_ERRORS if guarded else ()), *ANY_ERRORS):
        responses.setdefault(status, _error(status))
    for response in responses.values():
        response.setdefault("headers", {})[HEADER] = REQUEST_ID
    return {str(status): responses[status] for status in sorted(responses)}


def _whole_lists(endpoint: Endpoint) -> dict[str, Any]:
    """The other forms of a list, whose rows OpenAPI 3.1 has no words for."""
    if endpoint.row is None:
        return {}
    rows = f"the whole list, or as many rows as limit says: the fields of {endpoint.row.__name__}"
    forms = {
        NDJSON: f"A line of JSON for each row of {rows}.",
        CSV: f"A line with the names, and one for each row of {rows}. A text that a spreadsheet"
        " would run as a formula has an apostrophe in front.",
    }
    return {
        media_type: {"schema": {"type": "string", "description": forms[media_type]}}
        for media_type in endpoint.media_types
    }


def _link(link: Link) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": link.operation,
        "parameters": dict(link.parameters),
        "description": link.description,
    }
    if link.body:
        described["requestBody"] = dict(link.body)
    return described


def _error(status: int) -> dict[str, Any]:
    error: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "content": _json(ErrorAnswer),
    }
    if status in (429, 503):
        error["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
    if status in (401, 403):
        error["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return error


def _answer(endpoint: Endpoint) -> dict[str, Any]:
    if endpoint.text_types:
        return {each: {"schema": {"type": "string"}} for each in endpoint.text_types}
    return _json(endpoint.answer)


def _json(model: type[BaseModel] | None) -> dict[str, Any]:
    schema = {"type": "object"} if model is None else {"$ref": _reference(model)}
    return {"application/json": {"schema": schema}}


def _reference(model: type[BaseModel]) -> str:
    return REFERENCE.format(model=model.__name__)


def _schemas(endpoints: tuple[Endpoint, ...]) -> dict[str, Any]:
    models: dict[type[BaseModel], str] = {ErrorAnswer: "serialization"}
    for endpoint in endpoints:
        for answer in (endpoint.answer, *endpoint.answers_by_status.values()):
            if answer is not None:
                models[answer] = "serialization"
        if endpoint.row is not None:
            models[endpoint.row] = "serialization"
        if endpoint.body is not None:
            models[endpoint.body] = "validation"
    _, schema = models_json_schema(
        [(model, mode) for model, mode in models.items()],  # type: ignore[misc]
        ref_template=REFERENCE,
    )
    definitions: dict[str, Any] = schema["$defs"]
    return definitions
