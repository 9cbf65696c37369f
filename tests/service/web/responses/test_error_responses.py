from __future__ import annotations

import logging

import asyncpg
import httpx2
import psycopg
import pytest
from psycopg.rows import DictRow

from service.web.database.database_errors import STATUS_BY_SQLSTATE, database_error
from service.web.http_server.repeated_lines import RepeatedLines
from tests.service.web.running import ACTIVE, TRIGGER, Web

LINES = RepeatedLines(logging.getLogger(__name__))


def assert_error(answer: httpx2.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()["error"]) == {"code", "message", "hint"}
    assert answer.json()["error"]["code"] == code


@pytest.mark.parametrize(
    "path", ["/", "/nothing", "/admin", "/admin/", "/admin/pricing/nothing", "/health/", "//"]
)
def test_an_unknown_route(untouched_web: Web, path: str) -> None:
    assert_error(untouched_web.client.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", TRIGGER, "POST"),
        ("PUT", TRIGGER, "POST"),
        ("POST", ACTIVE, "GET"),
        ("DELETE", "/health", "GET"),
    ],
)
def test_a_method_that_a_route_does_not_take(web: Web, method: str, path: str, allow: str) -> None:
    answer = web.client.request(method, path)

    assert_error(answer, 405, "method_not_allowed")
    assert allow in answer.headers["allow"]


def test_an_unexpected_error_shows_nothing_of_itself(
    web: Web, connection: psycopg.Connection[DictRow]
) -> None:
    connection.execute(
        "create or replace function public.pricing_scheduler_status() returns jsonb language sql"
        " as $$ select to_jsonb(1 / 0) $$"
    )

    answer = web.client.get("/admin/pricing/scheduler/status")

    assert_error(answer, 500, "internal")
    assert "division" not in answer.text


def test_an_error_outside_of_the_database_shows_nothing_of_itself(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web.app.state, "web", None)

    answer = httpx2.get(f"{web.url}/health/ready", timeout=30)

    assert_error(answer, 500, "internal")


def test_every_error_of_a_function_has_a_status() -> None:
    statuses = {state: status for state, (status, _) in STATUS_BY_SQLSTATE.items()}

    assert {state: statuses[state] for state in statuses if state.startswith("PT")} == {
        f"PT{status}": status for status in (404, 409, 422, 429)
    }


def test_an_unknown_error_is_internal() -> None:
    assert database_error(ValueError("secret"), LINES).status == 500


def test_an_argument_that_the_driver_cannot_write_is_bad_input() -> None:
    """The server's own complaint about data that our functions made is not the caller's fault."""
    assert (
        database_error(asyncpg.DataError("invalid input for query argument $1"), LINES).status
        == 422
    )
    from_server = asyncpg.DataError("division by zero")
    from_server.severity = "ERROR"
    assert database_error(from_server, LINES).status == 500
