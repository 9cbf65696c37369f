"""The web process outlives an outage of the database and reports it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import psycopg
import pytest
from psycopg.rows import dict_row

from service.embedded.postgres_server import PostgresServer, unprivileged_account
from service.embedded.server_programs import server_programs
from service.migrations.migrate import migrate
from tests.service.web.queue import Queue
from tests.service.web.running import ACTIVE, SCHEDULER, TRIGGER, Web, running_web, settings_for
from tests.support.postgres import SETTINGS, free_port, installed_programs
from tests.support.waiting import wait_until

UNKNOWN = "00000000-0000-4000-8000-000000000000"


class OwnServer:
    """A server that a test may stop and start, unlike the shared one."""

    def __init__(self, home: Path) -> None:
        account = unprivileged_account()
        account.own(home)
        programs = installed_programs() or server_programs(home, account)
        port = free_port()
        settings = {**SETTINGS, "listen_addresses": "127.0.0.1"}
        self.home = home
        self.url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        self._server = PostgresServer(programs, home, home / "log", account, settings, port)
        self._server.create_data("--locale=C")

    def start(self) -> None:
        self._server.start(self.home)

    def stop(self) -> None:
        self._server.stop()


@pytest.fixture
def server() -> Iterator[OwnServer]:
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    server = OwnServer(home)
    try:
        server.start()
        migrate(server.url)
        yield server
    finally:
        server.stop()
        shutil.rmtree(home)


def assert_unavailable(answer: httpx2.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["error"]["code"] == "database_unavailable"


def assert_all_unavailable(web: Web) -> None:
    assert_unavailable(web.client.post(TRIGGER))
    assert_unavailable(web.client.get(ACTIVE))
    assert_unavailable(web.client.get(SCHEDULER))
    # Never 404: without the database it is unknown whether the job exists.
    assert_unavailable(web.sync(UNKNOWN, wait=30))
    assert_unavailable(web.client.post(f"/admin/pricing/sync/{UNKNOWN}/cancel"))
    assert_unavailable(web.client.post(f"/admin/pricing/sync/{UNKNOWN}/retry"))
    # Nor 401: a stored key cannot be looked up.
    stored = {"Authorization": "Bearer psk_0123456789ab_" + "0" * 64}
    assert_unavailable(httpx2.get(web.url + ACTIVE, headers=stored, timeout=30))
    assert httpx2.get(f"{web.url}/health", timeout=30).status_code == 200
    ready = httpx2.get(f"{web.url}/health/ready", timeout=30)
    assert ready.status_code == 503
    assert ready.json()["database"] == "unavailable"
    # Responses that need no database are as usual.
    assert httpx2.get(web.url + ACTIVE, timeout=30).status_code == 401
    assert web.client.get("/openapi.json").status_code == 200


def test_it_survives_a_restart_of_postgres(server: OwnServer) -> None:
    with running_web(settings_for(server.url)) as web:
        job_id = web.triggered(providers=["deepinfra"])

        server.stop()
        assert_all_unavailable(web)

        server.start()
        wait_until(lambda: web.app.state.web.changes.listening, 60, "it listens again")
        # The accepted job still exists, and its end wakes a waiting client.
        assert web.client.get(ACTIVE).json()["count"] == 1
        with (
            psycopg.connect(server.url, autocommit=True, row_factory=dict_row) as connection,
            ThreadPoolExecutor(1) as threads,
        ):
            answer = threads.submit(web.sync, job_id, wait=50)
            wait_until(lambda: bool(web.app.state.web.changes._waiting))
            Queue(connection).fail(job_id, "deepinfra")
            assert answer.result().json()["finished"]


def test_who_waits_is_told_of_an_outage(server: OwnServer) -> None:
    with running_web(settings_for(server.url)) as web, ThreadPoolExecutor(1) as threads:
        job_id = web.triggered()
        answer = threads.submit(web.sync, job_id, wait=50)
        wait_until(lambda: bool(web.app.state.web.changes._waiting))

        server.stop()

        assert_unavailable(answer.result())


def test_it_starts_without_a_database(server: OwnServer) -> None:
    server.stop()
    with running_web(settings_for(server.url), listening=False) as web:
        assert_all_unavailable(web)

        server.start()
        wait_until(lambda: web.app.state.web.changes.listening, 60, "it listens")
        assert web.trigger().status_code == 202


def test_an_outage_is_one_line_and_not_one_for_each_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    with running_web(settings_for(url), listening=False) as web:
        for _ in range(40):
            assert_unavailable(web.client.get(ACTIVE))
    said = [each for each in caplog.messages if each.startswith("the database is not available")]
    assert 1 <= len(said) < 10, said
