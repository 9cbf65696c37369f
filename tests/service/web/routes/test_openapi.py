from __future__ import annotations

import re
from typing import Any

import pytest

from service import __version__
from service.web.routes.route_table import RouteTable
from tests.service.reviews import CHEAP, Reviews
from tests.service.web.running import (
    ACTIVE,
    DRIFT,
    HELD,
    OVERRIDES,
    RULES,
    SCHEDULER,
    SHORTER_LIST,
    UNPRICED,
    Web,
)

MODEL = "maker/model-1"
PRICING = "/admin/pricing/"
CHANGES, HISTORY = "/admin/pricing/changes", "/admin/pricing/models/history"
RULE = {
    "provider": "openrouter",
    "up_to_ratio": 20,
    "expires_at": "2999-11-27T12:00:00Z",
    "reason": "new price list",
}
OVERRIDE = {"provider": "openrouter", "model_id": MODEL, "reason": "x", "input_per_1m": 1}


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
        for table in untouched_web.app.routes
        if isinstance(table, RouteTable)
        for route in table.routes
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

    headers = {"#/components/headers/RequestID", "#/components/parameters/RequestID"}
    assert references(document) == headers | {f"#/components/schemas/{name}" for name in schemas}
    assert document["components"].keys() == {"schemas", "parameters", "headers", "securitySchemes"}


def test_every_path_parameter_is_described(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        for operation in item.values():
            described = {
                parameter["name"]
                for parameter in operation["parameters"]
                if parameter.get("in") == "path"
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

    assert open_paths == {"/health", "/health/ready", "/health/pricing"}


def test_answers_have_the_fields_that_are_described(
    web: Web, reviews: Reviews, document: dict[str, Any]
) -> None:
    wrong = reviews.job()
    reviews.model("openrouter", MODEL, CHEAP, wrong)
    approved, rejected = reviews.hold("openrouter", "one"), reviews.hold("openrouter", "two")
    held_jobs = [reviews.job(), reviews.job()]
    for number, held_job in enumerate(held_jobs):
        reviews.hold("openrouter", f"bulk {number}", job_id=held_job)
    reviews.refuse_list("deepinfra")
    reopened = reviews.hold("openrouter", "three")
    rejected_jobs = [reviews.job(), reviews.job()]
    for number, job_id in enumerate(rejected_jobs):
        reviews.hold("openrouter", f"rejected {number}", job_id=job_id)
    web.client.post(f"{HELD}/{reopened}/reject")
    for job_id in rejected_jobs:
        web.client.post(f"/admin/pricing/sync/{job_id}/held/reject")
    lists = {(path, "get"): web.client.get(path) for path in (HELD, DRIFT, UNPRICED, CHANGES)}
    model = {"provider": "openrouter", "model_id": MODEL}
    rule_made = web.client.post(RULES, json=RULE)
    override_made = web.client.post(OVERRIDES, json=OVERRIDE)
    lists |= {(path, "get"): web.client.get(path) for path in (RULES, OVERRIDES)}
    for path in ("models", "announced", "stale", "providers", "workers", "audit", "syncs"):
        lists |= {(PRICING + path, "get"): web.client.get(PRICING + path)}
    for path in ("models/one", "models/price-at", "models/cost"):
        usage = {"usage": '{"input_tokens": 1}'} if path.endswith("cost") else {}
        lists |= {(PRICING + path, "get"): web.client.get(PRICING + path, params=model | usage)}
    reviews.hold("novita", "first", held_class="first_list")
    job = web.trigger()
    path_of_job = job.json()["poll_url"]
    answers = {
        ("/admin/pricing/scheduler/trigger", "post"): job,
        ("/admin/pricing/sync/{id}", "get"): web.sync(job.json()["job_id"]),
        ("/admin/pricing/sync/{id}/cancel", "post"): web.client.post(f"{path_of_job}/cancel"),
        ("/admin/pricing/sync/{id}/retry", "post"): web.client.post(f"{path_of_job}/retry"),
        **lists,
        (HELD + "/{id}", "get"): web.client.get(f"{HELD}/{approved}"),
        (PRICING + "providers/{slug}", "get"): web.client.get(f"{PRICING}providers/openrouter"),
        (PRICING + "providers/{slug}", "patch"): web.client.patch(
            f"{PRICING}providers/openrouter", json={"interval_seconds": 3600}
        ),
        (PRICING + "providers/{slug}/accept-first-list", "post"): web.client.post(
            f"{PRICING}providers/novita/accept-first-list"
        ),
        (HELD + "/{id}/approve", "post"): web.client.post(f"{HELD}/{approved}/approve"),
        (HELD + "/{id}/reject", "post"): web.client.post(f"{HELD}/{rejected}/reject"),
        (HISTORY, "get"): web.client.get(HISTORY, params=model),
        (HELD + "/{id}/reopen", "post"): web.client.post(f"{HELD}/{reopened}/reopen"),
        ("/admin/pricing/sync/{id}/held/reopen", "post"): web.client.post(
            f"/admin/pricing/sync/{rejected_jobs[0]}/held/reopen"
        ),
        ("/admin/pricing/providers/{slug}/held/reopen", "post"): web.client.post(
            "/admin/pricing/providers/openrouter/held/reopen"
        ),
        **{
            ("/admin/pricing/sync/{id}/held/" + act, "post"): web.client.post(
                f"/admin/pricing/sync/{held_job}/held/{act}"
            )
            for held_job, act in zip(held_jobs, ("approve", "reject"), strict=True)
        },
        ("/admin/pricing/sync/{id}/rollback", "post"): web.client.post(
            f"/admin/pricing/sync/{wrong}/rollback"
        ),
        (RULES, "post"): rule_made,
        (RULES + "/{id}", "delete"): web.client.delete(f"{RULES}/{rule_made.json()['id']}"),
        (SHORTER_LIST, "post"): web.client.post(SHORTER_LIST.format(slug="deepinfra")),
        (OVERRIDES, "post"): override_made,
        ("/admin/pricing/cost", "post"): web.client.post(
            "/admin/pricing/cost",
            json={"provider": "openrouter", "model_id": MODEL, "usage": {"input_tokens": 1}},
        ),
        (OVERRIDES + "/clear", "post"): web.client.post(
            f"{OVERRIDES}/clear", json={"provider": "openrouter", "model_id": MODEL}
        ),
        (ACTIVE, "get"): web.client.get(ACTIVE),
        (SCHEDULER, "get"): web.client.get(SCHEDULER),
        ("/health", "get"): web.client.get("/health"),
        ("/health/pricing", "get"): web.client.get("/health/pricing"),
        ("/health/ready", "get"): web.client.get("/health/ready"),
    }
    described = {(path, method) for path, item in document["paths"].items() for method in item}
    assert described - answers.keys() == {("/openapi.json", "get"), ("/metrics", "get")}
    for (path, method), answer in answers.items():
        assert answer.is_success, answer.text
        response = document["paths"][path][method]["responses"][str(answer.status_code)]
        reference = response["content"]["application/json"]["schema"]["$ref"]
        assert set(answer.json()) in described_fields(document, reference), path


@pytest.mark.parametrize(
    ("path", "method", "body"),
    [
        (HELD + "/{held}/approve", "post", {}),
        (HELD + "/{held}/reject", "post", {}),
        ("/admin/pricing/sync/{job}/held/approve", "post", {}),
        ("/admin/pricing/sync/{job}/held/reject", "post", {}),
        (RULES, "post", RULE),
        (OVERRIDES, "post", OVERRIDE),
        (OVERRIDES + "/clear", "post", {"provider": "openrouter", "model_id": MODEL}),
    ],
)
@pytest.mark.parametrize("in_query", [True, False])
def test_every_decision_can_be_previewed(
    web: Web,
    reviews: Reviews,
    document: dict[str, Any],
    path: str,
    method: str,
    body: dict[str, Any],
    in_query: bool,
) -> None:
    job = reviews.job()
    reviews.model("openrouter", MODEL, CHEAP)
    held = reviews.hold("openrouter", "other", job_id=job)
    if path.endswith("/clear"):
        web.client.post(OVERRIDES, json=OVERRIDE)
    before = reviews.audited()

    answer = web.client.request(
        method,
        path.format(held=held, job=job),
        json=body if in_query else body | {"dry_run": True},
        params={"dry_run": "true"} if in_query else {},
    )

    assert answer.status_code == 200, answer.text
    assert answer.json()["dry_run"] is True
    assert answer.json()["impact"]["providers"] in (["openrouter"], [])
    operation = document["paths"][re.sub("{[a-z]+}", "{id}", path)][method]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    assert set(answer.json()) in described_fields(document, schema)
    assert reviews.audited() == before
    refused = web.client.request(
        method, path.format(held=held, job=job), json=body, params={"dry_run": "perhaps"}
    )
    assert refused.status_code == 422
    assert reviews.audited() == before


def described_fields(document: dict[str, Any], reference: str) -> list[set[str]]:
    """The fields of a schema, or of each that it may be."""
    schema = document["components"]["schemas"][reference.rpartition("/")[2]]
    if "anyOf" in schema:
        options = [each["$ref"] for each in schema["anyOf"]]
        return [fields for option in options for fields in described_fields(document, option)]
    # Each field is always there.
    assert set(schema["required"]) == set(schema["properties"])
    return [set(schema["properties"])]
