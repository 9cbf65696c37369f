"""What a worker says of itself when it starts."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import psycopg
from psycopg.rows import DictRow

from service import __version__
from tests.support.processes import Processes


def test_a_worker_says_what_it_is_and_when_the_next_sync_is_due(
    processes: Processes, connection: psycopg.Connection[DictRow]
) -> None:
    connection.execute(
        "update pricing_providers set next_sync_at ="
        " case slug when 'deepinfra' then '2998-01-01 06:00+00' else '2999-01-01 06:00+00' end"
        "::timestamptz"
    )
    worker = processes.service("worker", "--concurrency", "3", GROQ_API_KEY="a-secret")
    output = worker.wait_for_output(f"Worker {__version__} on {os.uname().nodename}, process ")
    (line,) = [line for line in output.splitlines() if "Worker" in line and "starts" in line]
    assert f"process {worker.pid}, starts: 3 syncs at once" in line
    place = urlsplit(processes.environment["DATABASE_URL"])
    assert f"@{place.hostname}:{place.port}{place.path}" in line
    assert f":{place.password}@" not in line and "a-secret" not in line
    assert "credentials: GROQ_API_KEY;" in line
    assert "3 providers; the next sync is due at 2998-01-01 06:00:00Z, of deepinfra." in line
