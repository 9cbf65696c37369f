"""Idle web and worker processes send not much more than one statement a second."""

from __future__ import annotations

import re
import time
from collections import Counter

import pytest

from tests.chaos.own_postgres import OPERATOR
from tests.service.engine.conftest import Installation
from tests.support.postgres import free_port
from tests.support.processes import answers
from tests.support.waiting import wait_until

SECONDS = 12.0


@pytest.mark.long
def test_web_and_worker_with_nothing_to_do(installation: Installation) -> None:
    queue, server = installation.queue, installation.server
    port = free_port()
    queue.connection.execute(f"alter role {OPERATOR} set log_statement = 'all'".encode())
    try:
        installation.processes.service("serve", "--port", str(port))
        installation.start_worker()
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"), 60, "the web process")
        installation.wait_for_pickups_at_once()
        before, began = len(server.log.read_text()), time.monotonic()
        time.sleep(SECONDS)
        lines = server.log.read_text()[before:].splitlines()
        seconds = time.monotonic() - began
    finally:
        queue.connection.execute(f"alter role {OPERATOR} reset log_statement".encode())
    sent = Counter(line.split(" LOG:  ", 1)[1] for line in lines if _is_statement(line))
    assert 0 < sent.total() / seconds < 1.3, sent.most_common()


def _is_statement(line: str) -> bool:
    return bool(re.search(r" LOG:  (statement|execute [^:]*): ", line))
