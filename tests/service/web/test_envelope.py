"""Every response has the same envelope and leaves one line in the log."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import httpx2
import psycopg
import pytest
from psycopg.rows import DictRow

from service.web.app_state import WebState
from tests.service.web.http_server.test_serve import serve
from tests.service.web.raw_http import having_sent, read_to_end
from tests.service.web.running import ACTIVE, TRIGGER, Web, running_web, settings_for
from tests.service.web.test_auth import bearer, make_key
from tests.support.processes import ADMIN_KEY, Processes
from tests.support.waiting import wait_until

MADE = re.compile("[0-9a-f]{32}")
SECRET = "a-secret-that-was-pasted-into-an-address"


@pytest.fixture
def proxied(untouched_database: str) -> Iterator[Web]:
    settings = settings_for(untouched_database, PRICING_TRUSTED_PROXIES="127.0.0.1")
    with running_web(settings) as web:
        yield web


def every_kind_of_answer(web: Web, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx2.Response]:
    yield web.client.get("/health")
    yield web.client.get(ACTIVE)
    yield web.client.get("/openapi.json")
    yield httpx2.get(f"{web.url}{ACTIVE}", timeout=30)
    yield httpx2.get(f"{web.url}/admin/nothing", headers=bearer("wrong"), timeout=30)
    yield web.client.get("/admin/nothing")
    yield web.client.get("/nothing")
    yield web.client.delete(TRIGGER)
    yield web.client.post(TRIGGER, content=b"{")
    yield web.client.post(TRIGGER, content=b"x" * 70_000)

    def fail(state: WebState) -> None:
        raise RuntimeError("unexpected")

    with monkeypatch.context() as broken:
        broken.setattr("service.web.handlers.syncs.state_of", fail)
        yield web.client.get(ACTIVE)


def test_every_answer_has_its_headers(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set()
    for answer in every_kind_of_answer(web, monkeypatch):
        seen.add(answer.status_code)
        kept = "private, no-cache" if "etag" in answer.headers else "no-store"
        assert answer.headers["cache-control"] == kept
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert MADE.fullmatch(answer.headers["x-request-id"])
    assert seen == {200, 401, 404, 405, 413, 422, 500}
    with having_sent(web.url, b"GET /admin HTTP/1.1\r\nX : y\r\n\r\n") as connection:
        refused = read_to_end(connection).lower()
    assert b"\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n" in refused
    assert re.search(rb"\r\nx-request-id: [0-9a-f]{32}\r\n", refused)


@pytest.mark.parametrize("said", ["a", "req-1.2:3/4+5=@_", "0b51e2fe-5b8c-4fa4-a1a5", "x" * 128])
def test_a_sane_request_id_is_kept(untouched_web: Web, said: str) -> None:
    answer = untouched_web.client.get("/nothing", headers={"X-Request-ID": said})
    assert answer.headers["x-request-id"] == said


@pytest.mark.parametrize("said", ["", "a b", "x" * 129, "<script>", "a,b", "caf\xe9", "a\tb"])
def test_an_odd_one_is_replaced(untouched_web: Web, said: str) -> None:
    headers = {b"X-Request-ID": said.encode("latin-1")}
    answer = untouched_web.client.get("/health", headers=headers)
    assert MADE.fullmatch(answer.headers["x-request-id"])
    two = untouched_web.client.get("/health", headers=[("X-Request-ID", "a")] * 2)
    assert MADE.fullmatch(two.headers["x-request-id"])


def test_it_is_in_every_line_about_the_request(
    web: Web, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from service.log_context import REQUEST_ID
    from service.logs import JsonLines, TextLines

    lines: list[tuple[str, dict[str, Any]]] = []

    class Both(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if REQUEST_ID.get() == "request-7":
                lines.append((TextLines().format(record), json.loads(JsonLines().format(record))))

    handler = Both()
    logging.getLogger().addHandler(handler)
    caplog.set_level(logging.INFO)
    monkeypatch.setattr("service.web.handlers.syncs.state_of", lambda request: 1 / 0)
    try:
        web.client.get(ACTIVE, headers={"X-Request-ID": "request-7"})
        web.client.get(ACTIVE, headers={**bearer("no"), "X-Request-ID": "request-7"})
        # The server logs after it has responded.
        wait_until(lambda: len(lines) >= 4, what="all is logged")
    finally:
        logging.getLogger().removeHandler(handler)
    # Both requests, the failed authentication, and the traceback of the first request.
    assert len(lines) == 4
    for text, fields in lines:
        assert "  [request request-7]" in text
        assert fields["request_id"] == "request-7"


def test_the_access_log(
    proxied: Web,
    untouched_database: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    with psycopg.connect(untouched_database, autocommit=True) as connection:
        connection.execute("select create_pricing_api_key('night shift', 'read')")
        key: str = connection.execute("select rotate_pricing_api_key('night shift')").fetchone()[0]  # type: ignore[index]
        client = httpx2.Client(base_url=proxied.url, headers=bearer(key), timeout=30)
        with client:
            behind = {"X-Forwarded-For": "198.51.100.7", "X-Request-ID": "request-8"}
            client.get(f"{ACTIVE}?cursor={SECRET}", headers=behind)
            client.get(f"/admin/pricing/sync/{SECRET}")
            client.get(f"/admin/{SECRET}")
            client.post(TRIGGER)
            client.request(SECRET, ACTIVE)
            client.get("/health")
            client.get("/health/ready")
        connection.execute("select revoke_pricing_api_key('night shift')")
    records = [record for record in caplog.records if record.name == "service.web.access"]
    fields = ("method", "route", "status", "client", "key")
    assert [tuple(getattr(record, each) for each in fields) for record in records] == [
        ("GET", ACTIVE, 422, "198.51.100.7", "night shift"),
        ("GET", "/admin/pricing/sync/{id}", 404, "127.0.0.1", "night shift"),
        ("GET", "-", 404, "127.0.0.1", "night shift"),
        ("POST", TRIGGER, 403, "127.0.0.1", "night shift"),
        ("-", ACTIVE, 403, "127.0.0.1", "night shift"),
    ]
    assert all(record.duration_ms > 0 for record in records)  # type: ignore[attr-defined]
    assert records[0].getMessage().endswith(" from 198.51.100.7 with key night shift")
    # Without the lines of the client's library, which logs its requests, too.
    ours = " ".join(each.getMessage() for each in caplog.records if each.name != "httpx2")
    assert SECRET not in ours and SECRET.upper() not in ours and key not in ours


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_it_can_be_switched_off(processes: Processes, log_format: str) -> None:
    for switch in ("on", "off"):
        process, url = serve(processes, PRICING_ACCESS_LOG=switch, PRICING_LOG_FORMAT=log_format)
        headers = {**bearer(ADMIN_KEY), "X-Request-ID": "request-9"}
        assert httpx2.get(f"{url}{ACTIVE}", headers=headers, timeout=30).status_code == 200
        process.stop()
        lines = [line for line in process.output.splitlines() if ACTIVE in line]
        assert len(lines) == (switch == "on"), process.output
        if lines and log_format == "json":
            line = json.loads(lines[0])
            assert (line["route"], line["status"], line["key"]) == (ACTIVE, 200, "admin")
            assert (line["method"], line["client"]) == ("GET", "127.0.0.1")
            assert line["request_id"] == "request-9" and line["duration_ms"] > 0
        elif lines:
            assert re.search(
                rf"GET {ACTIVE} 200 in [0-9.]+ ms from 127.0.0.1 with key admin"
                r"  \[request request-9\]$",
                lines[0],
            )
        # Probes are not logged, as before.
        assert "/health" not in process.output


def test_the_audit_log_has_the_client_behind_the_proxy(
    database: str, connection: psycopg.Connection[DictRow]
) -> None:
    key = make_key(connection, "night shift")
    behind = {**bearer(key), "X-Forwarded-For": "1.1.1.1, 198.51.100.7"}
    for trusted, client in (("127.0.0.1", "198.51.100.7"), ("", "127.0.0.1")):
        with running_web(settings_for(database, PRICING_TRUSTED_PROXIES=trusted)) as web:
            job_id = web.triggered(providers=["catalogue"], dry_run=True)
            cancel = f"/admin/pricing/sync/{job_id}/cancel"
            assert web.client.post(cancel, headers=behind).status_code == 200
        row = connection.execute(
            "select host(http_client_address) as client from pricing_audit_log"
            " where key_name = 'night shift' order by id desc limit 1"
        ).fetchone()
        assert row == {"client": client}


def test_a_line_says_what_the_client_was_told(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    """The line has the status that the server sent, or none: not one for a client that had gone."""
    caplog.set_level(logging.INFO, "service.web.access")
    head = f"POST {TRIGGER} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {ADMIN_KEY}\r\n"
    chunked = f"{head}Transfer-Encoding: chunked\r\n\r\n"
    with having_sent(web.url, f"{chunked}no size\r\n".encode()) as connection:
        assert read_to_end(connection).startswith(b"HTTP/1.1 400")
    with having_sent(web.url, f"{chunked}1\r\n{{\r\n".encode()):
        wait_until(lambda: bool(web.server.server_state.tasks), what="it waits for more")

    def said() -> list[Any]:
        return [vars(record)["status"] for record in caplog.records if "status" in vars(record)]

    wait_until(lambda: len(said()) == 2, what="both are in the log")
    assert said() == [400, None]
