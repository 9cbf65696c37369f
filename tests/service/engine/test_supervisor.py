"""The supervisor restarts the engine's worker, and the event loop stays free."""

from __future__ import annotations

import threading
from dataclasses import replace

import psycopg
import pytest

from service.prices.price_list import PriceList
from service.providers import openrouter
from service.reading.entry_digests import EntryDigests
from service.worker import app
from tests.service.web.running import running_web, settings_for
from tests.support.postgres import Cluster
from tests.support.processes import Processes
from tests.support.provider_server import Answer, ProviderServer
from tests.support.syncing import Queue, StartWorker
from tests.support.waiting import wait_until

HEARTBEAT = "procrastinate.procrastinate_update_heartbeat_v1"


def test_a_worker_whose_engine_ended_is_started_again(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    providers.fill("openrouter", 3)
    queue.connection.execute(
        "update pricing_settings set heartbeat_interval = '1 second', lease = '3 seconds'"
    )
    worker = start_worker()
    queue.connection.execute(f"alter function {HEARTBEAT} rename to away".encode())
    worker.may_fail = True  # The engine prints why its heartbeat failed.
    worker.wait_for_output("The worker ended; it starts again")
    queue.connection.execute(
        b"alter function procrastinate.away rename to procrastinate_update_heartbeat_v1"
    )
    job = queue.wait_for_end(queue.trigger("openrouter"))
    assert job["outcome"] == "success"
    assert worker.is_running
    assert worker.stop() == 0


def test_lost_connections_lose_no_sync(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    providers.fill("openrouter", 3)
    providers.answer("openrouter", Answer(held=True))
    worker = start_worker()
    worker.may_fail = True
    job_id = queue.trigger("openrouter")
    queue.wait_for_status(job_id, "in_progress")
    queue.connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    providers.release()
    assert queue.wait_for_end(job_id)["outcome"] == "success"
    assert worker.is_running


def test_what_a_worker_left_is_taken_back_by_any_tick(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    """The tick is no queue task, so it runs while all slots of the worker are busy."""
    providers.fill("openrouter", 3)
    providers.answer("deepinfra", Answer(hang=True))
    start_worker("--concurrency", "1")
    queue.trigger("deepinfra")
    wait_until(lambda: providers.requests("deepinfra"), 30, "the only slot is busy")
    stalled = queue.trigger("openrouter")
    queue.connection.execute(
        "update procrastinate.procrastinate_jobs set status = 'doing' where args ->> 'job_id' = %s",
        [stalled],
    )
    wait_until(lambda: len(queue.attempts(stalled)) == 2, 30, "it is queued again")
    lost, waiting = queue.attempts(stalled)
    assert (lost["error_kind"], waiting["status"]) == ("worker_lost", "queued")


@pytest.mark.anyio
async def test_lists_are_read_off_the_event_loop(
    queue: Queue,
    providers: ProviderServer,
    database: str,
    clean_environment: pytest.MonkeyPatch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clean_environment.setenv("DATABASE_URL", database)
    clean_environment.setenv("PRICING_ALLOW_PRIVATE_HOSTS", "1")
    providers.fill("openrouter", 3)
    threads = []

    def parse(body: bytes, digests: EntryDigests | None = None) -> PriceList:
        threads.append(threading.current_thread())
        return openrouter.ADAPTER.parse(body, digests=digests)

    monkeypatch.setattr(
        "service.sync.fetch_list.adapter", lambda slug: replace(openrouter.ADAPTER, parse=parse)
    )
    job_id = queue.trigger("openrouter")
    async with app.open_async():
        await app.run_worker_async(wait=False, install_signal_handlers=False)
    assert queue.job(job_id)["outcome"] == "success"
    assert threads
    assert threading.main_thread() not in threads


def test_the_web_process_takes_back_at_start(queue: Queue, database: str) -> None:
    job_id = queue.trigger("openrouter")
    queue.connection.execute("update procrastinate.procrastinate_jobs set status = 'doing'")
    with running_web(settings_for(database)):
        wait_until(lambda: len(queue.attempts(job_id)) == 2, 30, "it is queued again")
    assert queue.row("select status::text from procrastinate.procrastinate_jobs") == {
        "status": "todo"
    }


def test_a_stop_during_the_start_is_not_lost(
    queue: Queue, processes: Processes, database: str
) -> None:
    with psycopg.connect(database) as holder:
        holder.execute("lock table pricing_settings")
        worker = processes.service("worker")
        wait_until(
            lambda: queue.rows(
                "select pid from pg_locks where not granted"
                " and relation = 'pricing_settings'::regclass"
            ),
            60,
            "the worker waits for its settings",
        )
        assert worker.stop(timeout=10) == 0


def test_sigterm_ends_a_busy_worker_in_time_though_the_database_is_away(
    cluster: Cluster, queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    providers.fill("openrouter", 3)
    providers.answer("openrouter", Answer(delay=3))
    worker = start_worker()
    worker.may_fail = True
    job_id = queue.trigger("openrouter")
    queue.wait_for_status(job_id, "in_progress")
    # Cut the worker off from its database.
    name = queue.row("select current_database() as name")["name"]
    cluster.execute("alter database {} allow_connections false", name)
    queue.connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    assert worker.stop(timeout=11) in (0, 1)
    cluster.execute("alter database {} allow_connections true", name)
