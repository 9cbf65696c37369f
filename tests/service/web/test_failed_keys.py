"""Failed authentication is logged and slowed; authentication with a right key is neither."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import httpx2
import psycopg
import pytest
from psycopg.rows import DictRow

from service.web import failed_keys
from service.web.failed_keys import BURST, MOST_ENTRIES, SECONDS_PER_TOKEN, Budgets, FailedKeys
from service.web.http_server.repeated_lines import EVERY_SECONDS
from tests.service.web.running import ACTIVE, RULES, Web, running_web, settings_for
from tests.service.web.test_auth import bearer, make_key
from tests.support.processes import ADMIN_KEY

PROXIED = {"PRICING_TRUSTED_PROXIES": "127.0.0.0/8"}


@pytest.fixture
def proxied(database: str) -> Iterator[Web]:
    """A server behind a proxy, which is this test."""
    with running_web(settings_for(database, **PROXIED)) as web:
        yield web


def ask(web: Web, key: str, client: str = "203.0.113.1") -> httpx2.Response:
    return web.client.get(ACTIVE, headers={**bearer(key), "X-Forwarded-For": client})


@pytest.fixture
def no_token_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the requests of a test take."""
    monkeypatch.setattr(failed_keys, "SECONDS_PER_TOKEN", 3600.0)


@pytest.mark.usefixtures("no_token_comes_back")
def test_who_fails_too_often_is_slowed_and_a_right_key_is_not(
    proxied: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {ask(proxied, f"wrong-{n}").status_code for n in range(BURST)} == {401}
    began = time.monotonic()
    answer = ask(proxied, "wrong-again")
    assert time.monotonic() - began >= failed_keys.DELAY_SECONDS
    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "too_many_failures"
    assert 1 <= int(answer.headers["retry-after"]) <= failed_keys.SECONDS_PER_TOKEN
    # A delay would now be longer than the client waits.
    monkeypatch.setattr(failed_keys, "DELAY_SECONDS", 3600)
    # From the same address, and with wrong keys from another one.
    assert ask(proxied, ADMIN_KEY).status_code == 200
    assert ask(proxied, "wrong", "203.0.113.2").status_code == 401
    # A request without any key is no attempt.
    assert httpx2.get(f"{proxied.url}{ACTIVE}", timeout=30).status_code == 401


@pytest.mark.usefixtures("no_token_comes_back")
def test_the_attempts_on_one_key_count_together(
    proxied: Web, connection: psycopg.Connection[DictRow]
) -> None:
    key = make_key(connection, "night shift")
    wrong = key[:-1] + ("0" if key[-1] != "0" else "1")
    for n in range(BURST):
        assert ask(proxied, wrong, f"203.0.113.{n + 1}").status_code == 401
    assert ask(proxied, wrong, "198.51.100.1").status_code == 429
    # A person who knows the id cannot lock its owner out.
    assert ask(proxied, key, "198.51.100.1").status_code == 200
    assert ask(proxied, key, "203.0.113.1").status_code == 200


def test_a_failure_is_logged_without_the_key(
    proxied: Web, connection: psycopg.Connection[DictRow], caplog: pytest.LogCaptureFixture
) -> None:
    key = make_key(connection, "night shift")
    secret = key.split("_")[2]
    connection.execute("select revoke_pricing_api_key('night shift')")
    unknown = "psk_0123456789ab_" + "5" * 64
    assert ask(proxied, key, "203.0.113.1").status_code == 401
    assert ask(proxied, unknown, "203.0.113.2").status_code == 401
    assert ask(proxied, "my-password", "203.0.113.3").status_code == 401
    said = [each.getMessage() for each in caplog.records if "authentication" in each.getMessage()]
    assert len(said) == 3
    assert f"203.0.113.1, route {ACTIVE} with key id {key.split('_')[1]}: " in said[0]
    # An id that belongs to no key may be part of a secret.
    assert f"203.0.113.2, route {ACTIVE}: " in said[1]
    for text in (secret, "5" * 8, "0123456789ab", "my-password"):
        assert text not in " ".join(said)
    # The requested path is the caller's own text, too.
    assert proxied.client.get(f"/admin/{secret}?x={secret}", headers=bearer("no")).is_error
    assert secret not in " ".join(e.getMessage() for e in caplog.records if e.name != "httpx2")
    # A hundred failures are logged once at first, and then by their number every 10 s.
    caplog.clear()
    began = time.monotonic()
    for _ in range(100):
        httpx2.get(f"{proxied.url}{RULES}", timeout=30)
    said = [each.getMessage() for each in caplog.records if f"route {RULES}" in each.getMessage()]
    assert 1 <= len(said) <= 1 + (time.monotonic() - began) / EVERY_SECONDS, said


def test_the_budget_comes_back_and_memory_is_bounded() -> None:
    now = 0.0
    budgets = Budgets(lambda: now)
    assert not any(budgets.spend("a") for _ in range(BURST))
    assert budgets.spend("a") == SECONDS_PER_TOKEN
    now += SECONDS_PER_TOKEN
    assert budgets.spend("a") == 0 < budgets.spend("a")
    for n in range(3 * MOST_ENTRIES):
        budgets.spend(str(n))
    assert len(budgets) == MOST_ENTRIES


def test_only_some_are_delayed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each delayed request takes a connection, so those above the limit are answered at once."""
    monkeypatch.setattr(failed_keys, "DELAY_SECONDS", 60)

    async def go() -> None:
        failed = FailedKeys(most_connections=40)
        for _ in range(BURST):
            assert await failed.delay("203.0.113.1", None) is None
        delayed = [asyncio.create_task(failed.delay("203.0.113.1", None)) for _ in range(30)]
        await asyncio.wait(delayed, timeout=5, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.sleep(0)
        assert sum(not each.done() for each in delayed) == 10
        for each in delayed:
            each.cancel()
        await asyncio.gather(*delayed, return_exceptions=True)
        # A cancelled request frees its place.
        assert failed._delayed == 0

    asyncio.run(go())
