"""Another worker repeats the sync of a worker that died, with the settings as shipped."""

from __future__ import annotations

import signal
import time

import pytest

from tests.support.provider_server import Answer, ProviderServer
from tests.support.syncing import Queue, StartWorker


@pytest.mark.long
@pytest.mark.timeout(90)
@pytest.mark.parametrize("pg_cron", ["absent", "silent"])
def test_a_sync_of_a_killed_worker_runs_again_within_30_seconds(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker, pg_cron: str
) -> None:
    if pg_cron == "silent":
        queue.connection.execute(
            "insert into pricing_scheduler_ticks (scheduler, last_tick_at)"
            " values ('pg_cron', clock_timestamp() - interval '10 minutes')"
        )
    providers.fill("openrouter", 3)
    providers.answer("openrouter", Answer(delay=60))
    killed = start_worker()
    job_id = queue.trigger("openrouter")
    queue.wait_for_status(job_id, "in_progress")
    start_worker()
    providers.answer("openrouter", Answer())

    died = time.monotonic()
    killed.send(signal.SIGKILL)
    killed.wait()
    queue.wait_for_status(job_id, "success", timeout=40)
    assert time.monotonic() - died < 30
    lost, done = queue.attempts(job_id)
    assert (lost["status"], lost["error_kind"]) == ("failed", "worker_lost")
    assert (done["status"], done["attempt"]) == ("success", 2)
    assert lost["worker_id"] != done["worker_id"]
    assert queue.job(job_id)["outcome"] == "success"
