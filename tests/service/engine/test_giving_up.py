"""A worker that fails again and again while Postgres answers gives up, and its process fails."""

from __future__ import annotations

import pytest

from tests.service.engine.conftest import PROGRAMS, Installation

HEARTBEAT = "procrastinate.procrastinate_update_heartbeat_v1"
FAIL = f"alter function {HEARTBEAT} rename to away"
MEND = "alter function procrastinate.away rename to procrastinate_update_heartbeat_v1"
QUICK = "update pricing_settings set heartbeat_interval = '1 second', lease = '3 seconds'"


@pytest.mark.parametrize("program", ["service", "procrastinate"])
def test_the_exit_status_says_so(installation: Installation, program: str) -> None:
    installation.queue.connection.execute(QUICK.encode())
    installation.queue.connection.execute(FAIL.encode())
    try:
        worker = installation.processes.start(
            "tests.service.engine.impatient", program, may_fail=True
        )
        assert worker.wait(90) == 1
    finally:
        installation.queue.connection.execute(MEND.encode())
    assert "(restart 2)" in worker.output
    assert "The worker ended 3 times in a row, the last time because: " in worker.output
    assert "procrastinate_update_heartbeat_v1" in worker.output.splitlines()[-1] or (
        "hint: Postgres answers" in worker.output
    )


@pytest.mark.parametrize("concurrency", ["many", "0"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_refused_start_is_a_failure(
    installation: Installation, program: str, concurrency: str
) -> None:
    worker = PROGRAMS[program](
        installation.processes, may_fail=True, PRICING_WORKER_CONCURRENCY=concurrency
    )
    assert worker.wait() != 0
    assert "PRICING_WORKER_CONCURRENCY" in worker.output


@pytest.mark.parametrize("concurrency", ["0", "-1"])
def test_a_worker_that_would_take_nothing_is_refused(
    installation: Installation, concurrency: str
) -> None:
    worker = installation.processes.procrastinate("worker", f"--concurrency={concurrency}")
    assert worker.wait() != 0
    assert f"A worker with a concurrency of {concurrency} would take nothing." in worker.output
