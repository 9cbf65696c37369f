"""Price changes over HTTP: of one model, and of all since a time, in pages."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg.rows import DictRow

from tests.db.price_decisions import override, prices, said
from tests.db.pricing import Pricing
from tests.service.web.running import Web, refused

CHANGES, HISTORY = "/admin/pricing/changes", "/admin/pricing/models/history"
MODEL = "maker/model-1"
OF_MODEL = {"provider": "openrouter", "model_id": MODEL}


@pytest.fixture
def people(connection: psycopg.Connection[DictRow]) -> Pricing:
    return Pricing(connection)


def pages(web: Web, path: str, name: str, **query: Any) -> list[dict[str, Any]]:
    """All entries, two a page."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = web.client.get(path, params={"limit": 2, **query, **cursor})
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body["count"] == len(body[name]) <= 2
        found += body[name]
        if body["next_cursor"] is None:
            return found
        cursor = {"cursor": body["next_cursor"]}


def test_the_history_of_a_model_in_pages(web: Web, people: Pricing) -> None:
    job_id = said(people, {MODEL: prices(1, 2, price_per_image="0.1")})
    override(people, MODEL, input_per_1m=5)
    tier = {"service_tier": "batch"}
    said(people, {MODEL: prices(3, 4, price_per_image="0.2", conditions=[tier | prices(1)])})

    rows = pages(web, HISTORY, "history", **OF_MODEL)

    shown = [(row["price"], row["before"], row["after"], row["is_in_force"]) for row in rows]
    # Newest first; of one change what was charged, then what the provider listed.
    assert shown == [
        ("output_per_1m", "2", "4", True),
        ("per_image", "0.1", "0.2", True),
        ("input_per_1m", "1", "3", False),
        ("output_per_1m", "2", "4", False),
        ("per_image", "0.1", "0.2", False),
        ("input_per_1m", None, "1", False),
        ("input_per_1m", "1", "5", True),
        ("input_per_1m", None, "1", True),
        ("output_per_1m", None, "2", True),
        ("per_image", None, "0.1", True),
    ]
    assert rows[0]["percent"] == "100"
    assert (rows[5]["condition"], rows[5]["in_force_from"]) == (tier, None)
    first = rows[-3]
    assert (first["sync_id"], first["job_id"]) == (str(job_id), str(job_id))
    assert first["in_force_until"] == rows[6]["in_force_from"] == rows[6]["changed_at"]
    assert rows[6]["changed_by"].startswith("manual:")


def test_changes_of_all_models_since_a_time(web: Web, people: Pricing) -> None:
    said(people, {"old": prices(1)}, at=people.value("select timestamptz '2026-01-01 00:00Z'"))
    said(people, {"a": prices(1, 2), "b": prices(3, 4)})
    said(people, {"n": prices(5)}, provider="novita")
    override(people, "a", input_per_1m=9)
    said(people, {"a": prices(7, 2)})

    since = "2026-01-02T00:00:00Z"
    rows = pages(web, CHANGES, "changes", since=since)

    assert [(row["model_id"], row["price"], row["after"]) for row in rows] == [
        ("a", "input_per_1m", "9"),
        ("n", "input_per_1m", "5"),
        ("b", "input_per_1m", "3"),
        ("b", "output_per_1m", "4"),
        ("a", "input_per_1m", "1"),
        ("a", "output_per_1m", "2"),
    ]
    assert [row["model_id"] for row in pages(web, CHANGES, "changes")][-1] == "old"
    (only,) = pages(web, CHANGES, "changes", since=since, provider="novita")
    assert only["model_id"] == "n"


def test_wrong_questions(web: Web, people: Pricing) -> None:
    assert web.client.get(HISTORY, params=OF_MODEL).status_code == 404
    said(people, {MODEL: {}})
    assert web.client.get(HISTORY, params=OF_MODEL).json()["history"] == []
    for name in OF_MODEL:
        query = {each: value for each, value in OF_MODEL.items() if each != name}
        refused(web.client.get(HISTORY, params=query), 422, "bad_input")
    for query in ({"since": "yesterday"}, {"since": "2026-01-01"}, {"cursor": "x"}, {"limit": "0"}):
        refused(web.client.get(CHANGES, params=query), 422, "bad_input")
