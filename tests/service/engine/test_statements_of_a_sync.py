"""A sync whose list is unchanged is three statements: fetch, start, and the end with its prices."""

from __future__ import annotations

import re
from collections import Counter

from tests.chaos.own_postgres import OPERATOR
from tests.service.engine.conftest import Installation
from tests.support.provider_server import Answer

SYNCS = 5


def test_a_list_that_is_unchanged(installation: Installation) -> None:
    queue, server = installation.queue, installation.server
    installation.providers.answer("openrouter", Answer(etag=True))
    queue.connection.execute(f"alter role {OPERATOR} set log_statement = 'all'".encode())
    try:
        worker = installation.start_worker()
        installation.wait_for_pickups_at_once()
        before = len(server.log.read_text())
        jobs = [queue.trigger("openrouter") for _ in range(SYNCS)]
        for job_id in jobs:
            assert queue.wait_for_end(job_id)["outcome"] == "success"
        # Its last fetch finds nothing, after the end of the last task.
        worker.stop()
        logged = server.log.read_text()[before:]
    finally:
        queue.connection.execute(f"alter role {OPERATOR} reset log_statement".encode())
    called = Counter(re.findall(r" LOG:  execute [^:]*: select .*? from public\.(\w+)\(", logged))
    assert called["get_provider_sync"] == called["apply_provider_list"] == SYNCS
    # Each fetch that gave a row, and those that found the lock taken or nothing left.
    assert SYNCS <= called["fetch_queue_rows"] <= 3 * SYNCS + 2
    assert "end_provider_sync" not in logged
