from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

import httpx2
import psycopg
import pytest
from psycopg.rows import DictRow
from starlette.requests import Request
from starlette.responses import Response

from service.web.auth import needs_key
from service.web.routes.all_routes import ROUTES
from service.web.routes.endpoint import Endpoint
from tests.service.web.queue import Queue
from tests.service.web.running import ACTIVE, TRIGGER, Web, running_web, settings_for
from tests.support.processes import ADMIN_KEY
from tests.support.waiting import wait_until

PUBLIC = {"/health", "/health/ready", "/health/pricing"}


@pytest.fixture
def anonymous(web: Web) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=web.url, timeout=30) as client:
        yield client


@pytest.fixture
def intruder(untouched_web: Web, nothing_written: None) -> Iterator[httpx2.Client]:
    """A client without a valid key; the test fails if any request writes."""
    with httpx2.Client(base_url=untouched_web.url, timeout=30) as client:
        yield client


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def make_key(connection: psycopg.Connection[DictRow], name: str, role: str = "admin") -> str:
    row = connection.execute(
        "select public.create_pricing_api_key(%s, %s) as key", [name, role]
    ).fetchone()
    assert row is not None
    key: str = row["key"]
    return key


def assert_unauthorized(answer: httpx2.Response) -> None:
    assert answer.status_code == 401, answer.text
    assert answer.json()["error"]["code"] == "unauthorized"
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_every_route_but_health_is_guarded() -> None:
    assert {r.path for r in ROUTES if not needs_key(r.path, opened=frozenset())} == PUBLIC
    opened = frozenset({"/openapi.json"})
    assert {r.path for r in ROUTES if not needs_key(r.path, opened=opened)} == {*PUBLIC, *opened}


@pytest.mark.parametrize(
    ("setting", "path", "other"),
    [
        ("PRICING_OPEN_DOCUMENTS", "/openapi.json", "/metrics"),
        ("PRICING_OPEN_METRICS", "/metrics", "/openapi.json"),
    ],
)
def test_a_setting_opens_one_path_and_nothing_else(
    untouched_database: str, setting: str, path: str, other: str
) -> None:
    settings = settings_for(untouched_database, **{setting: "true"})
    with running_web(settings) as web, httpx2.Client(base_url=web.url, timeout=30) as anonymous:
        assert anonymous.get(path).status_code == 200
        document = web.client.get("/openapi.json").json()
        assert document["paths"][path]["get"]["security"] == []
        assert document["paths"][other]["get"]["security"] != []
        assert anonymous.get(path, headers=bearer("wrong")).status_code == 200
        assert_unauthorized(anonymous.get(other))
        assert_unauthorized(anonymous.get(ACTIVE))
        assert_unauthorized(anonymous.post(TRIGGER))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *((route.method, route.path) for route in ROUTES if route.path not in PUBLIC),
        # Without a key a client cannot learn which routes there are.
        ("GET", "/admin"),
        ("GET", "/admin/nothing"),
        ("DELETE", TRIGGER),
        ("POST", "/openapi.json"),
    ],
)
def test_without_a_key(intruder: httpx2.Client, method: str, path: str) -> None:
    assert_unauthorized(intruder.request(method, path))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer wrong",
        f"Bearer {ADMIN_KEY}x",
        f"Bearer {ADMIN_KEY[:-1]}",
        f"Bearer {ADMIN_KEY} {ADMIN_KEY}",
        f"Basic {ADMIN_KEY}",
        ADMIN_KEY,
        "Bearer \xe4\xf6\xfc",
        "Bearer psk_",
        "Bearer psk_0123456789ab_" + "0" * 64,
        "Bearer psk_0123456789ab_short",
        "Bearer psk_' or true--_" + "0" * 64,
    ],
)
def test_a_wrong_key(intruder: httpx2.Client, header: str) -> None:
    answer = intruder.post(TRIGGER, headers={b"Authorization": header.encode("latin-1")})

    assert_unauthorized(answer)


def test_two_keys_are_none(intruder: httpx2.Client) -> None:
    headers = [("Authorization", f"Bearer {ADMIN_KEY}")] * 2

    assert_unauthorized(intruder.get(ACTIVE, headers=headers))


def test_a_key_in_the_address_is_none(intruder: httpx2.Client) -> None:
    assert_unauthorized(intruder.get(ACTIVE, params={"key": ADMIN_KEY}))


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_admin_key(intruder: httpx2.Client, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {ADMIN_KEY}"}

    assert intruder.get(ACTIVE, headers=headers).status_code == 200


def test_a_stored_key_signs_with_its_name(
    anonymous: httpx2.Client, connection: psycopg.Connection[DictRow]
) -> None:
    key = make_key(connection, "night shift")

    answer = anonymous.post(TRIGGER, headers=bearer(key))

    assert answer.status_code == 202
    assert answer.json()["triggered_by"] == "api:night shift"


def test_a_stored_key_with_another_secret(
    anonymous: httpx2.Client, connection: psycopg.Connection[DictRow]
) -> None:
    key = make_key(connection, "night shift")
    other = key[:-1] + ("0" if key[-1] != "0" else "1")

    assert_unauthorized(anonymous.get(ACTIVE, headers=bearer(other)))


# What each role may do beyond the roles before it.
READ = {("GET", route.path) for route in ROUTES if route.method == "GET"} | {
    ("POST", "/admin/pricing/cost")
}
OPERATE = {
    ("POST", "/admin/pricing/scheduler/trigger"),
    ("POST", "/admin/pricing/sync/{id}/cancel"),
    ("POST", "/admin/pricing/sync/{id}/retry"),
    ("POST", "/admin/pricing/sync/{id}/rollback"),
    ("POST", "/admin/pricing/sync/{id}/held/approve"),
    ("POST", "/admin/pricing/sync/{id}/held/reject"),
    ("POST", "/admin/pricing/held/{id}/approve"),
    ("POST", "/admin/pricing/held/{id}/reject"),
    ("POST", "/admin/pricing/held/{id}/reopen"),
    ("POST", "/admin/pricing/sync/{id}/held/reopen"),
    ("POST", "/admin/pricing/providers/{slug}/held/reopen"),
    ("POST", "/admin/pricing/rules"),
    ("DELETE", "/admin/pricing/rules/{id}"),
    ("POST", "/admin/pricing/providers/{slug}/accept-shorter-list"),
    ("POST", "/admin/pricing/providers/{slug}/accept-first-list"),
    ("POST", "/admin/pricing/overrides"),
    ("POST", "/admin/pricing/overrides/clear"),
}
EVERYTHING = {(route.method, route.path) for route in ROUTES}
MAY = {"read": READ, "operate": READ | OPERATE, "admin": EVERYTHING}


def test_what_each_role_may_do(
    anonymous: httpx2.Client, queue: Queue, connection: psycopg.Connection[DictRow]
) -> None:
    keys = {role: bearer(make_key(connection, f"{role} key", role)) for role in MAY}
    before = queue.row_counts()
    allowed: dict[str, set[tuple[str, str]]] = {role: set() for role in MAY}
    for role, headers in keys.items():
        for method, path in EVERYTHING:
            # A permitted request fails otherwise: it names no existing thing, or its body is
            # invalid.
            answer = anonymous.request(
                method, re.sub(r"\{\w+\}", "0", path), headers=headers, content=b"none"
            )
            if answer.status_code != 403:
                allowed[role].add((method, path))
                continue
            error = answer.json()["error"]
            assert error["code"] == "forbidden"
            assert f"this one has {role}" in error["message"]
            assert "operate" in error["message"] or "role admin" in error["message"]
            assert "www-authenticate" in answer.headers
    assert allowed == MAY
    assert queue.row_counts() == before


def test_what_is_not_named_needs_an_admin(
    anonymous: httpx2.Client, connection: psycopg.Connection[DictRow]
) -> None:
    async def nothing(request: Request) -> Response:
        return Response()

    assert Endpoint("POST", "/admin/new", nothing, "New", None).role == "admin"
    assert Endpoint("GET", "/admin/new", nothing, "New", None).role == "read"
    operate, admin = (
        bearer(make_key(connection, f"{role} key", role)) for role in ("operate", "admin")
    )
    for method, path in (("POST", "/admin/new"), ("PATCH", ACTIVE), ("POST", f"{TRIGGER}/")):
        assert anonymous.request(method, path, headers=operate).status_code == 403
        assert anonymous.request(method, path, headers=admin).status_code in (404, 405)
    assert anonymous.head(ACTIVE, headers=operate).status_code == 200


def test_a_key_s_last_use_is_written_down(
    web: Web, anonymous: httpx2.Client, connection: psycopg.Connection[DictRow]
) -> None:
    key = make_key(connection, "dashboard", "read")

    def used() -> object:
        row = connection.execute("select last_used_at from pricing_keys").fetchone()
        assert row is not None
        return row["last_used_at"]

    assert used() is None
    assert anonymous.post(TRIGGER, headers=bearer(key)).status_code == 403
    wait_until(lambda: used() is not None, what="the use is written down")


def test_a_use_that_cannot_be_written_down_is_no_error(
    database: str, connection: psycopg.Connection[DictRow]
) -> None:
    key = make_key(connection, "dashboard", "read")
    connection.execute("revoke execute on function touch_pricing_api_key from pricing_web")
    with (
        running_web(settings_for(database)) as web,
        httpx2.Client(base_url=web.url, timeout=30) as client,
    ):
        asked = web.app.state.web.key_uses
        for _ in range(3):
            assert client.get(ACTIVE, headers=bearer(key)).status_code == 200
        wait_until(lambda: bool(asked._asked_at) and not asked._tasks, what="it was tried")
        assert client.get(ACTIVE, headers=bearer(key)).status_code == 200


@pytest.mark.parametrize(
    "change", ["revoked_at = now()", "expires_at = now() - interval '1 second'"]
)
def test_a_key_that_is_no_longer_valid(
    anonymous: httpx2.Client, connection: psycopg.Connection[DictRow], change: str
) -> None:
    key = make_key(connection, "night shift")
    assert anonymous.get(ACTIVE, headers=bearer(key)).status_code == 200

    connection.execute(f"update pricing_api_keys set {change}")

    assert_unauthorized(anonymous.get(ACTIVE, headers=bearer(key)))


def test_a_key_that_expires_later(
    anonymous: httpx2.Client, connection: psycopg.Connection[DictRow]
) -> None:
    key = make_key(connection, "night shift")
    connection.execute("update pricing_api_keys set expires_at = now() + interval '1 hour'")

    assert anonymous.get(ACTIVE, headers=bearer(key)).status_code == 200


def test_the_database_holds_a_digest_only(connection: psycopg.Connection[DictRow]) -> None:
    key = make_key(connection, "night shift")

    row = connection.execute("select key_digest from pricing_api_keys").fetchone()
    assert row == {"key_digest": hashlib.sha256(key.encode()).digest()}


def test_the_key_comes_before_the_body(intruder: httpx2.Client) -> None:
    assert_unauthorized(intruder.post(TRIGGER, content=b"{malformed"))
    assert_unauthorized(intruder.post(TRIGGER, content=b"x" * 65 * 1024))
