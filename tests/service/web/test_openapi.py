from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.routing import Route

from service import __version__
from tests.service.web.running import ACTIVE, SCHEDULER, Web


@pytest.fixture
def document(untouched_web: Web) -> dict[str, Any]:
    answer = untouched_web.client.get("/openapi.json")
    assert answer.status_code == 200
    document: dict[str, Any] = answer.json()
    return document


def references(node: object) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(references(child) for child in node.values()))
    if isinstance(node, list):
        return set[str]().union(*(references(child) for child in node))
    return set()


def test_it_describes_exactly_the_routes(untouched_web: Web, document: dict[str, Any]) -> None:
    served = {
        (route.path, method)
        for route in untouched_web.app.routes
        if isinstance(route, Route)
        for method in (route.methods or ())
        # Starlette answers HEAD wherever it answers GET.
        if method != "HEAD"
    }
    described = {
        (path, method.upper()) for path, item in document["paths"].items() for method in item
    }

    assert document["openapi"] == "3.1.0"
    assert document["info"]["version"] == __version__
    assert served == described


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    assert references(document) <= {f"#/components/schemas/{name}" for name in schemas}


def test_every_path_parameter_is_described(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        for operation in item.values():
            described = {
                parameter["name"]
                for parameter in operation.get("parameters", [])
                if parameter["in"] == "path"
            }
            assert described == set(re.findall(r"{(\w+)}", path))


def test_operations_have_names_of_their_own(document: dict[str, Any]) -> None:
    names = [
        operation["operationId"]
        for item in document["paths"].values()
        for operation in item.values()
    ]

    assert len(set(names)) == len(names)


def test_only_health_needs_no_key(document: dict[str, Any]) -> None:
    open_paths = {
        path
        for path, item in document["paths"].items()
        for operation in item.values()
        if not operation["security"]
    }

    assert open_paths == {"/health", "/health/ready"}


def test_answers_have_the_fields_that_are_described(web: Web, document: dict[str, Any]) -> None:
    job = web.trigger()
    path_of_job = job.json()["poll_url"]
    answers = {
        ("/admin/pricing/scheduler/trigger", "post"): job,
        ("/admin/pricing/sync/{id}", "get"): web.sync(job.json()["job_id"]),
        ("/admin/pricing/sync/{id}/cancel", "post"): web.client.post(f"{path_of_job}/cancel"),
        ("/admin/pricing/sync/{id}/retry", "post"): web.client.post(f"{path_of_job}/retry"),
        (ACTIVE, "get"): web.client.get(ACTIVE),
        (SCHEDULER, "get"): web.client.get(SCHEDULER),
        ("/health", "get"): web.client.get("/health"),
        ("/health/ready", "get"): web.client.get("/health/ready"),
    }
    for (path, method), answer in answers.items():
        assert answer.is_success, answer.text
        response = document["paths"][path][method]["responses"][str(answer.status_code)]
        reference = response["content"]["application/json"]["schema"]["$ref"]
        schema = document["components"]["schemas"][reference.rpartition("/")[2]]
        assert set(answer.json()) == set(schema["properties"]), path
        assert set(schema["required"]) <= set(answer.json()), path
