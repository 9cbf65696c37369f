"""Write ``docs/api-reference.md`` from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from service.web.routes.all_routes import ROUTES
from service.web.routes.openapi import openapi_document
from tests.support.processes import ROOT

PAGE = ROOT / "docs" / "api-reference.md"
HEAD = """# HTTP reference

Every route with its parameters, and every field of bodies and answers. [HTTP API](api.md) says how
to use them, and has the errors. `GET /openapi.json` has the same for programs.

<!-- Written by `make docs` from the OpenAPI document: edit service/web instead. -->
"""


def page() -> str:
    document = openapi_document(ROUTES, opened=frozenset())
    parts = [HEAD, "## Routes\n"]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            parts.append("\n".join(_operation(method.upper(), path, operation)))
    parts.append("## Fields\n")
    schemas = document["components"]["schemas"]
    parts += ["\n".join(_schema(name, schemas[name])) for name in sorted(schemas)]
    return "\n".join(parts)


def _operation(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"### `{method} {path}`\n"
    role = operation.get("description", "Needs no key.")
    yield f"{operation['summary']}. {role}\n"
    parameters = [each for each in operation["parameters"] if "$ref" not in each]
    if parameters:
        yield "| parameter | in | type | what it is |"
        yield "| --- | --- | --- | --- |"
        for each in parameters:
            needed = ", required" if each["required"] else ""
            kind = _cell(_type(each["schema"]))
            text = _cell(each["description"])
            yield f"| `{each['name']}` | {each['in']}{needed} | {kind} | {text} |"
        yield ""
    if "requestBody" in operation:
        yield f"Body: {_link(operation['requestBody']['content']['application/json']['schema'])}.\n"
    answers = [
        f"{status} {_link(answer['content']['application/json']['schema'])}"
        if "application/json" in answer["content"]
        else f"{status} text"
        for status, answer in operation["responses"].items()
        if status.startswith("2")
    ]
    forms = [
        f"`{form}`"
        for status, answer in operation["responses"].items()
        for form in answer.get("content", {})
        if form != "application/json" and status == "200"
    ]
    also = f"; also as {' and '.join(forms)}" if forms else ""
    yield f"Answers {', '.join(answers)}{also}.\n"


def _schema(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield f"### {name}\n"
    if "anyOf" in schema:
        yield f"One of {', '.join(_link(each) for each in schema['anyOf'])}.\n"
    if "properties" not in schema:
        return
    yield "| field | type | what it is |"
    yield "| --- | --- | --- |"
    for field, each in schema["properties"].items():
        text = each.get("description", "")
        yield f"| `{field}` | {_cell(_type(each))} | {_cell(text)} |"
    yield ""


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return _link(schema)
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema:
        words = ", ".join(str(each) for each in schema["enum"])
        return f"{words}{_default(schema)}"
    if "const" in schema:
        return str(schema["const"]).lower()
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    kind = {"date-time": "time", "uuid": "uuid"}.get(schema.get("format", ""), schema.get("type"))
    return f"{kind or 'any'}{_range(schema)}{_default(schema)}"


def _range(schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f" {low} to {high}"
    return f" from {low}" if low is not None else ""


def _default(schema: dict[str, Any]) -> str:
    default = schema.get("default")
    return "" if default is None else f" (default {str(default).lower()})"


def _link(schema: dict[str, Any]) -> str:
    if "$ref" not in schema:
        return _type(schema)
    name = schema["$ref"].rpartition("/")[2]
    return f"[{name}](#{name.lower()})"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
