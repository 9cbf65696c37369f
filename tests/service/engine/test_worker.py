"""Workers as processes: many of them, killed, stopped, and under the engine's own command line."""

from __future__ import annotations

import signal
import time
from itertools import pairwise

import psycopg
import pytest

from tests.support.processes import Processes
from tests.support.provider_server import Answer, ProviderServer
from tests.support.syncing import Queue, StartWorker
from tests.support.waiting import wait_until


def test_ten_triggers_all_complete_and_no_provider_is_synced_by_two_at_once(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    for slug in ("openrouter", "deepinfra"):
        providers.fill(slug, 5)
        providers.answer(slug, Answer(delay=0.1))
    for _ in range(3):
        start_worker()
    jobs = [queue.trigger("openrouter", "deepinfra") for _ in range(10)]

    assert len(set(jobs)) == 10
    for job_id in jobs:
        assert queue.wait_for_end(job_id, timeout=60)["outcome"] == "success"
    for slug in ("openrouter", "deepinfra"):
        spans = queue.rows(
            "select sync_started_at, sync_completed_at, worker_id from pricing_sync_log"
            " where provider_slug = %s order by sync_started_at",
            slug,
        )
        assert len(spans) == 10
        for one, next_one in pairwise(spans):
            assert one["sync_completed_at"] <= next_one["sync_started_at"]
        assert len(providers.requests(slug)) == 10
        assert providers.peak(slug) == 1
    workers = queue.rows("select distinct worker_id from pricing_sync_log")
    assert len(workers) > 1


def test_a_slow_provider_is_seen_queued_then_running_then_completed(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    providers.fill("openrouter", 3)
    providers.answer("openrouter", Answer(held=True))
    job_id = queue.trigger("openrouter")
    waiting = queue.attempts(job_id)[0]
    assert (queue.job(job_id)["status"], waiting["status"]) == ("queued", "queued")
    assert waiting["sync_started_at"] is None

    start_worker()
    running = queue.wait_for_status(job_id, "in_progress")
    began = time.monotonic()
    assert running["sync_started_at"] is not None
    assert queue.job(job_id)["status"] == "running"
    locks = {row["lock_key"] for row in queue.rows("select * from pricing_sync_lock")}
    assert locks == {"pricing_sync:openrouter", "pricing_sync_global"}

    seconds = time.monotonic() - began
    providers.release()
    job = queue.wait_for_end(job_id)
    assert job["status"] == "completed"
    assert job["duration_seconds"] >= seconds
    assert queue.rows("select * from pricing_sync_lock") == []


def test_sigterm_hands_a_running_sync_back_and_another_worker_does_it(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    providers.fill("openrouter", 3)
    providers.answer("openrouter", Answer(hang=True), Answer())
    first = start_worker()
    job_id = queue.trigger("openrouter")
    queue.wait_for_status(job_id, "in_progress")
    assert first.stop(timeout=10) == 0

    handed_back, waiting = queue.attempts(job_id)
    assert (handed_back["status"], handed_back["error_kind"]) == ("cancelled", "handed_back")
    assert (waiting["status"], waiting["attempt"]) == ("queued", 2)
    assert queue.job(job_id)["status"] in ("queued", "running")

    start_worker()
    assert queue.wait_for_end(job_id)["outcome"] == "success"


def test_the_sync_of_a_killed_worker_is_done_by_another(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    queue.connection.execute(
        "update pricing_settings set heartbeat_interval = '1 second', lease = '3 seconds'"
    )
    providers.fill("openrouter", 3)
    providers.answer("openrouter", Answer(hang=True), Answer())
    doomed = start_worker()
    job_id = queue.trigger("openrouter")
    queue.wait_for_status(job_id, "in_progress")
    start_worker()
    doomed.send(signal.SIGKILL)
    doomed.wait()

    job = queue.wait_for_end(job_id, timeout=60)
    assert job["outcome"] == "success"
    lost, done = queue.attempts(job_id)
    assert (lost["status"], lost["error_kind"]) == ("failed", "worker_lost")
    assert (done["status"], done["attempt"]) == ("success", 2)


def test_a_worker_waits_for_its_database(
    empty_database: str, processes: Processes, queue: Queue
) -> None:
    away = processes.service("worker", DATABASE_URL="postgresql://nobody@127.0.0.1:1/nowhere")
    unmigrated = processes.service("worker", DATABASE_URL=empty_database)
    away.wait_for_output("Waiting. No database")
    unmigrated.wait_for_output("Run `pricing-sync migrate`")
    assert away.is_running and unmigrated.is_running
    assert away.stop() == 0
    assert unmigrated.stop() == 0


def test_the_engines_own_command_line_works_as_it_documents(
    queue: Queue, providers: ProviderServer, processes: Processes
) -> None:
    providers.fill("openrouter", 3)
    checked = processes.procrastinate("healthchecks")
    assert checked.wait() == 0
    assert "Found procrastinate_jobs table: OK" in checked.output

    assert processes.procrastinate("defer", SYNC, '{"provider": "openrouter"}').wait() == 0
    row = queue.row("select * from pricing_sync_jobs")
    assert (row["status"], row["providers"]) == ("queued", ["openrouter"])

    refused = processes.procrastinate("defer", SYNC, '{"provider": "nobody"}')
    assert refused.wait() == 1
    assert "Provider 'nobody' is not known" in refused.output
    assert queue.row("select count(*) as n from pricing_sync_jobs")["n"] == 1

    listed = processes.procrastinate("shell", "list_jobs")
    assert listed.wait() == 0
    assert "sync_provider" in listed.output

    worker = processes.procrastinate("worker", "--one-shot")
    assert worker.wait() == 0
    assert queue.job(str(row["job_id"]))["outcome"] == "success"


def test_a_long_running_worker_of_the_engines_command_line_ends_on_sigterm(
    queue: Queue, processes: Processes
) -> None:
    worker = processes.procrastinate("worker", "--concurrency", "2")
    wait_until(lambda: queue.workers() == 1, 60, "the worker registers")
    assert worker.stop() == 0
    assert queue.workers() == 0


def test_a_worker_of_other_queues_says_that_it_takes_no_syncs(
    queue: Queue, processes: Processes
) -> None:
    said = "This worker takes no provider syncs: its queues are other, more."
    worker = processes.procrastinate("worker", "--queues", "other,more")
    wait_until(lambda: queue.workers() == 1, 60, "the worker registers")
    assert worker.output.count(said) == 1


@pytest.mark.parametrize("options", [[], ["--queues", "other,pricing"]])
def test_a_worker_of_all_queues_or_ours_has_nothing_to_say(
    queue: Queue, processes: Processes, options: list[str]
) -> None:
    worker = processes.procrastinate("worker", *options)
    wait_until(lambda: queue.workers() == 1, 60, "the worker registers")
    assert "takes no provider syncs" not in worker.output


def test_a_stop_waits_only_so_long_for_the_session_that_locks_the_worker(
    queue: Queue, start_worker: StartWorker, database: str
) -> None:
    worker = start_worker()
    with psycopg.connect(database) as person:
        person.execute("select from procrastinate.procrastinate_workers for update")
        assert worker.stop(timeout=10) == 0
        person.rollback()
    # The next worker that starts prunes its row.
    assert queue.workers() == 1


SYNC = "sync_provider"
