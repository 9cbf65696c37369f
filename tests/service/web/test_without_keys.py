"""Clients without a key take no capacity from others, whatever the database does meanwhile."""

from __future__ import annotations

import logging
import secrets
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from psycopg.rows import DictRow

from service.postgres.pinned_settings import PINS, SEARCH_PATH, pin_statement
from service.web.database import fair_pool, readiness
from service.web.database import web_database as web_database
from tests.service.web.raw_http import HEAD, connected, error_of, having_sent, read_to_end, statuses
from tests.service.web.running import ACTIVE, Web, running_web, settings_for
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import wait_until

READY = b"GET /health/ready HTTP/1.1\r\nHost: test\r\nX-Request-ID: stuck\r\n\r\n"


def with_a_wrong_key() -> bytes:
    key = f"psk_{secrets.token_hex(6)}_{secrets.token_hex(32)}"
    head = f"GET {ACTIVE} HTTP/1.1\r\nHost: test\r\nX-Request-ID: stuck\r\n"
    return f"{head}Authorization: Bearer {key}\r\n\r\n".encode()


def in_progress(web: Web) -> int:
    return sum(each._answering is not None for each in web.server.connections())


def waiting_for_a_lock(connection: psycopg.Connection[DictRow]) -> int:
    row = connection.execute(
        "select count(*) as count from pg_stat_activity where datname = current_database()"
        " and application_name = 'pricing-sync web' and wait_event_type = 'Lock'"
    ).fetchone()
    return 0 if row is None else int(row["count"])


def access_lines(caplog: pytest.LogCaptureFixture, route: str) -> list[Any]:
    lines = [vars(record) for record in caplog.records if record.name == "service.web.access"]
    return [line["status"] for line in lines if line["route"] == route]


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """No wait for the database ends before the test does."""
    for module, name in (
        (web_database, "CONNECT_SECONDS"),
        (fair_pool, "ACQUIRE_SECONDS"),
        (web_database, "COMMAND_SECONDS"),
        (readiness, "ANSWER_SECONDS"),
    ):
        monkeypatch.setattr(module, name, 60.0)
    pinned = pin_statement({**PINS, "lock_timeout": "60s"}, search_path=SEARCH_PATH)
    monkeypatch.setattr(web_database, "_CONFIGURE", pinned)


@pytest.mark.parametrize("asked", ["readiness", "wrong keys"])
def test_while_the_database_hangs_the_health_check_is_answered(
    asked: str,
    endless: None,
    proxy: TcpProxy,
    database: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "service.web.access")
    settings = settings_for(proxy.url_of(database), PRICING_MAX_CONNECTIONS="16")
    with running_web(settings) as web, ExitStack() as stack:
        proxy.freeze()
        stack.callback(proxy.thaw)
        stuck = [stack.enter_context(connected(web.url)) for _ in range(16)]
        for each in stuck:
            each.sendall(READY if asked == "readiness" else with_a_wrong_key())
        wait_until(lambda: in_progress(web) == 16, what="all wait for the database")

        with having_sent(web.url, HEAD + b"Connection: close\r\n\r\n") as late:
            assert statuses(read_to_end(late)) == [200]
        told = read_to_end(stuck[0])
        assert (statuses(told), error_of(told)["code"]) == ([503], "busy")
        route = "/health/ready" if asked == "readiness" else ACTIVE
        wait_until(lambda: bool(access_lines(caplog, route)), what="it is in the log")
        assert access_lines(caplog, route) == [503]


def test_readiness_is_asked_once_for_all(
    endless: None, database: str, connection: psycopg.Connection[DictRow]
) -> None:
    with (
        running_web(settings_for(database)) as web,
        psycopg.connect(database) as holder,
        ExitStack() as stack,
    ):
        holder.execute("lock table pricing_schema_ledger in access exclusive mode")
        asking = [stack.enter_context(having_sent(web.url, READY)) for _ in range(30)]
        wait_until(lambda: in_progress(web) == 30, what="all wait for the answer")
        # The other connections to Postgres are free for clients with a key.
        assert web.client.get(ACTIVE).status_code == 200
        wait_until(lambda: waiting_for_a_lock(connection) > 0, what="Postgres is asked")
        assert waiting_for_a_lock(connection) == 1
        holder.rollback()
        assert {each.recv(12) for each in asking} == {b"HTTP/1.1 200"}


def test_readiness_is_answered_in_time(
    proxy: TcpProxy, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(web_database, "COMMAND_SECONDS", 60.0)
    with running_web(settings_for(proxy.url_of(database))) as web, ExitStack() as stack:
        assert web.client.get("/health/ready").status_code == 200
        proxy.freeze()
        stack.callback(proxy.thaw)
        answer = web.client.get("/health/ready")
        assert (answer.status_code, answer.json()["database"]) == (503, "unavailable")
