"""Dead connections that look healthy: half-open ones, and those to a demoted server.

A server that is down refuses connections; these do not, and no request may wait for ever.
"""

from __future__ import annotations

import gc
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import httpx2
import psycopg
import pytest
from psycopg.rows import DictRow

from service.web.database import fair_pool, job_changes
from service.web.database import web_database as web_database
from tests.service.web.queue import Queue
from tests.service.web.running import (
    ACTIVE,
    TRIGGER,
    Web,
    listening_again,
    running_web,
    settings_for,
)
from tests.service.web.wire import ClingingProxy
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import wait_until

# Long enough for a busy machine to open a whole pool.
COMMAND_SECONDS = 4.0
# Connecting, the statement and its cancellation take half of this on an idle machine.
BOUND_SECONDS = 15.0


@pytest.fixture
def short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_pool, "ACQUIRE_SECONDS", 3.0)
    monkeypatch.setattr(web_database, "CONNECT_SECONDS", 2.0)
    monkeypatch.setattr(web_database, "COMMAND_SECONDS", COMMAND_SECONDS)
    monkeypatch.setattr(fair_pool, "RELEASE_SECONDS", 0.5)


@pytest.fixture
def slow_connects(short_times: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """For networks that let new connections through, which a busy machine makes slowly."""
    monkeypatch.setattr(fair_pool, "ACQUIRE_SECONDS", 30.0)
    monkeypatch.setattr(web_database, "CONNECT_SECONDS", 30.0)


@pytest.fixture
def web(short_times: None, proxy: TcpProxy, database: str) -> Iterator[Web]:
    """A web server behind ``proxy``, with all connections of its pool open."""
    with running_web(settings_for(proxy.url_of(database))) as web:
        fill_pool(web, database)
        yield web


def fill_pool(web: Web, database: str) -> None:
    """Open all connections of the pool: as many requests wait for one lock."""
    asked: list[Future[httpx2.Response]] = []
    with (
        psycopg.connect(database) as holder,
        psycopg.connect(database, autocommit=True) as looker,
        ThreadPoolExecutor(web_database.POOL_SIZE) as threads,
    ):

        def all_wait() -> bool:
            # Repeat each request that gave up before the others were there.
            for _ in range(web_database.POOL_SIZE - sum(not each.done() for each in asked)):
                asked.append(threads.submit(web.client.get, ACTIVE))
            row = looker.execute(
                "select count(*) from pg_stat_activity where datname = current_database()"
                " and application_name = 'pricing-sync web' and wait_event_type = 'Lock'"
            ).fetchone()
            return row == (web_database.POOL_SIZE,)

        holder.execute("lock table pricing_sync_jobs in access exclusive mode")
        try:
            wait_until(all_wait, 60, "all connections wait")
        finally:
            holder.rollback()


def assert_unavailable(answer: httpx2.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["error"]["code"] == "database_unavailable"


@pytest.fixture
def no_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests notice dead connections before the probe does."""
    monkeypatch.setattr(job_changes, "PROBE_EVERY_SECONDS", 1000.0)


@pytest.fixture
def quick_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_changes, "PROBE_EVERY_SECONDS", 0.2)
    monkeypatch.setattr(job_changes, "PROBE_ANSWER_SECONDS", 1.0)


@pytest.mark.usefixtures("no_probe")
def test_half_open_connections_answer_503_within_a_bound(web: Web, proxy: TcpProxy) -> None:
    proxy.freeze()
    unknown = "00000000-0000-4000-8000-000000000000"
    for method, path in (
        ("POST", TRIGGER),
        ("POST", f"/admin/pricing/sync/{unknown}/cancel"),
        ("GET", f"/admin/pricing/sync/{unknown}?wait=30"),
        ("GET", ACTIVE),
    ):
        begin = time.monotonic()
        assert_unavailable(web.client.request(method, path))
        assert time.monotonic() - begin < BOUND_SECONDS
    assert httpx2.get(f"{web.url}/health", timeout=30).status_code == 200
    assert httpx2.get(f"{web.url}/health/ready", timeout=BOUND_SECONDS).status_code == 503


@pytest.mark.usefixtures("slow_connects", "no_probe")
def test_one_request_pays_for_all_dead_connections(web: Web, proxy: TcpProxy) -> None:
    """The pool drops all of its dead connections with the first one, and tries no other."""
    proxy.freeze()
    proxy.thaw()

    assert_unavailable(web.trigger())

    for _ in range(2 * web_database.POOL_SIZE):
        assert web.trigger(providers=["deepinfra"]).status_code == 202


@pytest.mark.usefixtures("slow_connects", "quick_probe")
def test_the_probe_notices_before_any_request(web: Web, proxy: TcpProxy, queue: Queue) -> None:
    job_id = web.triggered(providers=["openrouter"])

    with listening_again(web):
        proxy.freeze()
        proxy.thaw()

    assert web.trigger(providers=["deepinfra"]).status_code == 202
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(web.sync, job_id, wait=50)
        wait_until(lambda: bool(web.app.state.web.changes._waiting))
        queue.fail(job_id, "openrouter")
        assert answer.result().json()["finished"]


@pytest.mark.usefixtures("slow_connects", "no_probe")
def test_connections_that_are_reset_are_replaced(web: Web, proxy: TcpProxy) -> None:
    proxy.cut()

    answers = [web.trigger(providers=["deepinfra"]).status_code for _ in range(5)]

    assert set(answers[1:]) == {202}


@pytest.mark.usefixtures("no_probe")
def test_a_farewell_before_the_end(database: str, connection: psycopg.Connection[DictRow]) -> None:
    with ClingingProxy(database) as proxy, running_web(settings_for(proxy.url)) as web:
        fill_pool(web, database)
        proxy.clings = True
        connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where datname = current_database() and application_name = 'pricing-sync web'"
        )
        answers = [web.trigger(providers=["deepinfra"]) for _ in range(web_database.POOL_SIZE + 1)]

        for answer in answers[:-1]:
            if answer.status_code != 202:
                assert_unavailable(answer)
        assert answers[-1].status_code == 202


@pytest.mark.usefixtures("no_probe")
def test_a_demoted_server_is_left(database: str, connection: psycopg.Connection[DictRow]) -> None:
    """After a failover the name leads elsewhere, but the old server still answers, read-only."""

    def read_only(value: str) -> None:
        connection.execute(
            "do $$ begin execute format("
            f"'alter database %I set default_transaction_read_only = {value}', current_database()"
            "); end $$"
        )

    read_only("on")
    with running_web(settings_for(database)) as web:
        assert web.client.get(ACTIVE).status_code == 200
        assert_unavailable(web.trigger())
        # New sessions may write; the existing one may not.
        read_only("off")
        answers = [web.trigger().status_code for _ in range(3)]

    assert answers[-2:] == [202, 202]


def freeze_while_set_up(proxy: TcpProxy, database: str) -> None:
    """The proxy accepts the next connection of the web process and never answers it."""
    proxy.freeze_at(b"set role")
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where datname = current_database() and application_name = 'pricing-sync web'"
        )
    wait_until(lambda: proxy.frozen_clients > 0, what="nobody answers the new connection")


@pytest.mark.usefixtures("short_times", "quick_probe")
def test_a_connection_that_could_not_be_set_up_is_closed(proxy: TcpProxy, database: str) -> None:
    with running_web(settings_for(proxy.url_of(database))) as web:
        freeze_while_set_up(proxy, database)
        proxy.thaw()
        wait_until(lambda: proxy.frozen_clients == 0, what="the dead connection is given up")
        wait_until(lambda: web.app.state.web.changes.listening, what="it listens again")


@pytest.mark.usefixtures("quick_probe")
def test_the_process_ends_while_a_connection_is_set_up(proxy: TcpProxy, database: str) -> None:
    with warnings.catch_warnings(record=True) as left_open:
        warnings.simplefilter("always", ResourceWarning)
        with running_web(settings_for(proxy.url_of(database))):
            freeze_while_set_up(proxy, database)
        gc.collect()
    assert [str(warning.message) for warning in left_open] == []


@pytest.mark.usefixtures("short_times")
def test_the_process_ends_in_the_midst_of_it(
    proxy: TcpProxy, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    with running_web(settings_for(proxy.url_of(database))) as web:
        fill_pool(web, database)
        proxy.freeze()
        assert_unavailable(web.trigger())
        begin = time.monotonic()
    assert time.monotonic() - begin < 8
    # asyncio warns of no task whose exception was not retrieved.
    assert [record.message for record in caplog.records if record.name == "asyncio"] == []


def test_who_waits_for_the_database_at_the_end_hears_of_it(
    proxy: TcpProxy,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(web_database, "COMMAND_SECONDS", 60.0)
    monkeypatch.setattr("service.web.http_server.web_server.GRACE_SECONDS", 1)
    monkeypatch.setattr(fair_pool, "ACQUIRE_SECONDS", 60.0)
    settings = settings_for(proxy.url_of(database), PRICING_WEB_CONNECTIONS="2")
    with running_web(settings) as web, ThreadPoolExecutor(2) as threads:
        assert web.client.get(ACTIVE).status_code == 200
        proxy.freeze()
        # One request has the connection, the other waits for it.
        asked = [threads.submit(web.client.get, ACTIVE) for _ in range(2)]
        wait_until(lambda: len(web.answering()) == 2, what="both wait for the database")
        web.server.should_exit = True
        for each in asked:
            assert_unavailable(each.result())
    assert not [record.message for record in caplog.records if record.exc_info]
