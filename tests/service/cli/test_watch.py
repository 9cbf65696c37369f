"""The live view, and its events in a pipe."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import DictRow

from tests.service.reviews import CHEAP, DEAR, Reviews
from tests.support.postgres import free_port
from tests.support.processes import Processes, Run
from tests.support.waiting import wait_until


@pytest.fixture
def reviews(connection: psycopg.Connection[DictRow]) -> Reviews:
    return Reviews(connection)


def test_a_pipe_gets_a_line_for_each_event(
    processes: Processes, reviews: Reviews, run: Run
) -> None:
    watching = processes.service("watch")
    watching.wait_for_output("0 workers alive; 0 open jobs; 0 held")
    run("sync", "openrouter")
    watching.wait_for_output("openrouter queued")
    watching.wait_for_output("1 open job;")
    reviews.model("novita", "m", CHEAP)
    watching.wait_for_output("novita m input_per_1m: - -> 0.3")
    reviews.hold("novita", "m", DEAR)
    watching.wait_for_output("1 held")
    watching.send(signal.SIGINT)
    assert watching.wait() == 130
    assert "\x1b" not in watching.output
    assert watching.output.count("openrouter queued") == 1


def test_a_terminal_gets_a_view(processes: Processes, reviews: Reviews, tmp_path: Path) -> None:
    reviews.model("novita", "maker/model", CHEAP)
    controller, terminal = pty.openpty()
    errors = (tmp_path / "errors").open("w+b")
    watching = subprocess.Popen(
        [sys.executable, "-m", "service", "watch"],
        stdin=terminal,
        stdout=terminal,
        stderr=errors,
        env={**processes.environment, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"},
        start_new_session=True,
    )
    os.close(terminal)
    output = b""

    def has(text: bytes) -> bool:
        nonlocal output
        output += os.read(controller, 65536)
        return text in output

    wait_until(lambda: has(b"maker/model"), 60, "the last changes")
    assert b"0 workers alive" in output
    os.killpg(watching.pid, signal.SIGINT)
    assert watching.wait(60) == 130
    errors.close()
    assert (tmp_path / "errors").read_bytes() == b""
    os.close(controller)


def test_without_a_database_it_says_so(processes: Processes) -> None:
    url = f"postgresql://u@127.0.0.1:{free_port()}/d"
    watching = processes.service("watch", DATABASE_URL=url)
    watching.wait_for_output("connection refused; trying again")
    watching.send(signal.SIGINT)
    assert watching.wait() == 130
