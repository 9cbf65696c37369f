from __future__ import annotations

import hashlib
from collections.abc import Iterator

import httpx2
import psycopg
import pytest
from psycopg.rows import DictRow

from service.web.auth import needs_key
from service.web.routes import ROUTES
from tests.processes import ADMIN_KEY
from tests.service.web.queue import Queue
from tests.service.web.running import ACTIVE, TRIGGER, Web, running_web, settings_for

PUBLIC = {"/health", "/health/ready"}


@pytest.fixture
def anonymous(web: Web) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=web.url) as client:
        yield client


@pytest.fixture
def intruder(untouched_web: Web, nothing_written: None) -> Iterator[httpx2.Client]:
    """A client without a valid key: whatever it does, nothing is written."""
    with httpx2.Client(base_url=untouched_web.url) as client:
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
    assert {r.path for r in ROUTES if not needs_key(r.path, open_documents=False)} == PUBLIC
    assert {r.path for r in ROUTES if not needs_key(r.path, open_documents=True)} == {
        *PUBLIC,
        "/openapi.json",
    }


def test_a_setting_opens_the_document_and_nothing_else(untouched_database: str) -> None:
    settings = settings_for(untouched_database, PRICING_OPEN_DOCUMENTS="true")
    with running_web(settings) as web, httpx2.Client(base_url=web.url) as anonymous:
        answer = anonymous.get("/openapi.json")
        assert answer.status_code == 200
        assert answer.json()["paths"]["/openapi.json"]["get"]["security"] == []
        assert anonymous.get("/openapi.json", headers=bearer("wrong")).status_code == 200
        assert_unauthorized(anonymous.get(ACTIVE))
        assert_unauthorized(anonymous.post(TRIGGER))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *((route.method, route.path) for route in ROUTES if route.path not in PUBLIC),
        # Without a key nobody learns which routes there are.
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


def test_a_reading_key_reads_only(
    anonymous: httpx2.Client, queue: Queue, connection: psycopg.Connection[DictRow]
) -> None:
    headers = bearer(make_key(connection, "dashboard", "read"))
    before = queue.row_counts()

    assert anonymous.get(ACTIVE, headers=headers).status_code == 200
    refused = anonymous.post(TRIGGER, headers=headers)

    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "forbidden"
    assert "www-authenticate" in refused.headers
    assert queue.row_counts() == before


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
