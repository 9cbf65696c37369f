"""A rolling restart of all workers under load loses nothing and runs nothing twice."""

from __future__ import annotations

import signal
import threading
from functools import partial

import pytest

from tests.service.engine.conftest import Installation
from tests.support.provider_server import Answer
from tests.support.waiting import wait_until

PROVIDERS = ("openrouter", "deepinfra")
JOBS_A_RESTART = 4

OVERLAPS = """
select l.id, o.id as other
from pricing_sync_log l
join pricing_sync_log o on o.provider_slug = l.provider_slug and o.id > l.id
    and o.sync_started_at < l.sync_completed_at and l.sync_started_at < o.sync_completed_at
"""
UNEXPLAINED = """
select * from pricing_sync_log
where not (status = 'success' or (status = 'cancelled' and error_kind = 'handed_back'))
"""
TWICE = """
select job_id, provider_slug from pricing_sync_log where status = 'success'
group by job_id, provider_slug having count(*) > 1
"""


@pytest.mark.long
def test_a_rolling_restart_loses_and_doubles_nothing(installation: Installation) -> None:
    installation.providers.fill("deepinfra", 3)
    installation.queue.connection.execute(
        "update pricing_providers set base_url = %s where slug = 'deepinfra'",
        [installation.providers.base_url("deepinfra")],
    )
    # Some syncs outlast the grace period of a stop and are requeued.
    installation.providers.answer("openrouter", Answer(delay=0.1))
    installation.providers.answer("deepinfra", Answer(hang=True), Answer(delay=0.1))
    workers = [installation.processes.service("worker") for _ in range(3)]
    wait_until(lambda: installation.queue.workers() == 3, 60, "the workers register")
    jobs: list[str] = []
    stopping = threading.Event()

    def trigger() -> None:
        queue = installation.queue
        while not stopping.wait(0.2):
            jobs.append(queue.trigger(*PROVIDERS))

    load = threading.Thread(target=trigger)
    load.start()
    try:
        stops = (signal.SIGTERM, signal.SIGINT, signal.SIGTERM)
        for worker, number in zip(workers, stops, strict=True):
            wait_until(partial(_have_come, jobs, len(jobs) + JOBS_A_RESTART), 60, "jobs come")
            installation.processes.service("worker")
            worker.send(number)
            assert worker.wait(10) == 0
    finally:
        stopping.set()
        load.join()
    outcomes = {installation.queue.wait_for_end(job_id)["outcome"] for job_id in jobs}
    assert outcomes == {"success"}
    assert installation.queue.rows(OVERLAPS) == []
    assert installation.queue.rows(UNEXPLAINED) == []
    assert installation.queue.rows(TWICE) == []
    handed_back = installation.queue.rows(
        "select from pricing_sync_log where error_kind = 'handed_back'"
    )
    assert len(handed_back) == 1


def _have_come(jobs: list[str], count: int) -> bool:
    return len(jobs) >= count
