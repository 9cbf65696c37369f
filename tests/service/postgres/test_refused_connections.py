"""Refused connections are an outage, whatever their SQLSTATE, and are retried."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

import pytest

from service.errors import DatabaseUnavailable
from service.postgres.connect import connect
from service.postgres.retry import WARNING_SECONDS
from tests.service.web.running import running_web, settings_for
from tests.support.processes import Processes
from tests.support.refusing_server import RefusingServer
from tests.support.waiting import wait_until

# From Supavisor, a database without connect, a broken disk, a proxy, a full server, a starting
# server, a wrong password, a missing database; and from what is no Postgres.
CODES = ["XX000", "42501", "58030", "0A000", "53300", "57P03", "28P01", "3D000", "P0001", ""]


@pytest.fixture
def server() -> Iterator[RefusingServer]:
    with RefusingServer() as server:
        yield server


def test_the_web_process_answers_503_and_when_to_ask_again(server: RefusingServer) -> None:
    with running_web(settings_for(server.url), listening=False) as web:
        for server.welcomes in (False, True):
            for server.code in CODES:
                answer = web.trigger()
                assert answer.status_code == 503, (server.code, server.welcomes, answer.text)
                assert answer.json()["error"]["code"] == "database_unavailable"
                assert answer.headers["Retry-After"] == "5"


def test_a_command_says_so_in_one_line(server: RefusingServer, processes: Processes) -> None:
    for server.welcomes in (False, True):
        for server.code in CODES:
            with pytest.raises(DatabaseUnavailable, match="does not answer") as caught:
                connect(server.url)
            assert server.code in caught.value.message
            assert "a-secret" not in caught.value.message
    command = processes.service("status", DATABASE_URL=server.url)
    assert command.wait() == 1
    assert len(command.output.strip().splitlines()) <= 3


def test_a_worker_waits_and_does_not_say_so_at_every_try(
    server: RefusingServer, processes: Processes
) -> None:
    server.code = "42501"
    began = time.monotonic()
    worker = processes.service("worker", DATABASE_URL=server.url)
    for server.welcomes in (False, True):
        for server.code in ("42501", "XX000", ""):
            wanted = server.refused + 2
            wait_until(partial(_has_refused, server, wanted), what="it tries", timeout=60)
    assert worker.is_running
    said = worker.output.count("Waiting. No database: ")
    assert 1 <= said <= 1 + (time.monotonic() - began) / WARNING_SECONDS, worker.output
    assert worker.stop() == 0


def _has_refused(server: RefusingServer, times: int) -> bool:
    return server.refused >= times
