"""An open transaction delays the syncs whose rows it locks, and no others."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.support.provider_server import Answer, ProviderServer
from tests.support.syncing import Queue, StartWorker
from tests.support.waiting import wait_until


@pytest.fixture
def person(database: str) -> Iterator[psycopg.Connection]:
    """A SQL editor whose work is not committed."""
    with psycopg.connect(database) as person:
        yield person
        person.rollback()


@pytest.mark.timeout(90)
@pytest.mark.parametrize("locked", ["job", "log row", "provider"])
def test_it_delays_its_own_job_and_no_other(
    queue: Queue,
    providers: ProviderServer,
    start_worker: StartWorker,
    person: psycopg.Connection,
    locked: str,
) -> None:
    providers.fill("openrouter", 3)
    providers.fill("deepinfra", 3)
    locked_job = queue.trigger("openrouter")
    if locked == "job":
        person.execute("select from pricing_sync_jobs where job_id = %s for update", [locked_job])
    elif locked == "log row":
        person.execute("select from pricing_sync_log where job_id = %s for update", [locked_job])
    else:
        person.execute("update pricing_providers set timeout = timeout where slug = 'openrouter'")
    workers = [start_worker(), start_worker()]

    others = [queue.trigger("deepinfra") for _ in range(3)]
    for other in others:
        assert queue.wait_for_end(other, timeout=60)["outcome"] == "success"
    assert queue.job(locked_job)["outcome"] is None
    # The server has ended the statements that the worker gave up.
    waiting = (
        "select count(*) as n from pg_stat_activity"
        " where wait_event_type = 'Lock' and datname = current_database()"
    )
    wait_until(lambda: queue.row(waiting)["n"] <= len(workers), 30, "few wait for the person")

    person.commit()
    assert queue.wait_for_end(locked_job, timeout=60)["outcome"] == "success"
    assert "worker_lost" not in {row["error_kind"] for row in queue.attempts(locked_job)}
    assert all(worker.is_running for worker in workers)
    assert not any("started again" in worker.output for worker in workers), workers[0].output


def test_many_jobs_that_a_transaction_locks_cost_the_next_one_no_time(
    queue: Queue,
    providers: ProviderServer,
    start_worker: StartWorker,
    person: psycopg.Connection,
) -> None:
    providers.fill("deepinfra", 3)
    slugs = [f"locked-{n}" for n in range(15)]
    for slug in slugs:
        queue.connection.execute(
            "insert into pricing_providers (slug, name, adapter) values (%s, %s, 'openrouter')",
            [slug, slug],
        )
        queue.trigger(slug)
    person.execute("select from pricing_sync_jobs for update")
    worker = start_worker()
    free = queue.trigger("deepinfra")
    assert queue.wait_for_end(free, timeout=15)["outcome"] == "success"
    assert worker.is_running and "started again" not in worker.output
    still_open = queue.rows(
        "select providers[1] as slug from pricing_sync_jobs where outcome is null"
    )
    assert {job["slug"] for job in still_open} == set(slugs)


@pytest.mark.parametrize("locked", ["worker", "queue row"])
def test_a_dead_worker_in_the_midst_of_a_delete_keeps_none_from_starting(
    queue: Queue,
    providers: ProviderServer,
    start_worker: StartWorker,
    person: psycopg.Connection,
    locked: str,
) -> None:
    providers.fill("openrouter", 3)
    left = queue.trigger("deepinfra")
    dead = queue.row(
        "insert into procrastinate.procrastinate_workers (last_heartbeat)"
        " values (now() - interval '1 hour') returning id"
    )["id"]
    queue.connection.execute(
        "update procrastinate.procrastinate_jobs set status = 'doing', worker_id = %s", [dead]
    )
    if locked == "worker":
        # The runbook's statement, not committed.
        person.execute(
            "delete from procrastinate.procrastinate_workers"
            " where last_heartbeat < now() - interval '1 minute'"
        )
    else:
        person.execute("select cancel_pricing_sync(%s)", [left])
    start_worker()
    assert queue.wait_for_end(queue.trigger("openrouter"))["outcome"] == "success"
    assert queue.row("select count(*) as n from procrastinate.procrastinate_workers")["n"] == 2


@pytest.mark.timeout(90)
def test_the_session_that_locks_a_provider_s_prices_is_named_and_its_sync_is_tried_again(
    queue: Queue,
    providers: ProviderServer,
    start_worker: StartWorker,
    person: psycopg.Connection,
) -> None:
    providers.fill("openrouter", 3)
    providers.fill("deepinfra", 3)
    queue.connection.execute("update pricing_settings set max_attempts = 1")
    worker = start_worker("--concurrency", "1")
    queue.wait_for_end(queue.trigger("openrouter"))
    person.execute("set application_name = 'a dashboard'")
    person.execute("set role service_role")
    person.execute(
        "select set_price_override(provider_slug, model_id, 'a reason', 1)"
        " from model_pricing where provider_slug = 'openrouter' limit 1"
    )
    locked_job = queue.trigger("openrouter")
    failed = queue.wait_for_status(locked_job, "failed")
    assert failed["error_kind"] == "locked"
    assert f"pid {person.info.backend_pid} (" in failed["error_message"]
    assert "a dashboard" in failed["error_message"]
    said = "sync gave up (locked): The prices of openrouter are locked by pid"
    wait_until(lambda: said in worker.output, 30, "the worker says so")

    # The worker's only slot is free for others, and the worker does not fetch the list in vain.
    asked = len(providers.requests("openrouter"))
    for _ in range(3):
        other = queue.wait_for_end(queue.trigger("deepinfra"), timeout=30)
        assert other["outcome"] == "success"
    assert len(providers.requests("openrouter")) == asked
    assert queue.job(locked_job)["outcome"] is None

    person.commit()
    assert queue.wait_for_end(locked_job, timeout=60)["outcome"] == "success"
    assert [row["status"] for row in queue.attempts(locked_job)] == ["failed", "success"]


@pytest.mark.timeout(90)
def test_a_slot_waits_for_no_job_in_the_midst_of_a_cancel(
    queue: Queue,
    providers: ProviderServer,
    start_worker: StartWorker,
    person: psycopg.Connection,
) -> None:
    providers.fill("openrouter", 3)
    providers.fill("deepinfra", 3)
    providers.answer("openrouter", Answer(delay=1))
    worker = start_worker("--concurrency", "1")
    locked_job = queue.trigger("openrouter")
    queue.wait_for_status(locked_job, "in_progress")
    person.execute("set role service_role")
    person.execute("select cancel_pricing_sync(%s)", [locked_job])

    other = queue.trigger("deepinfra")
    assert queue.wait_for_end(other, timeout=60)["outcome"] == "success"
    said = f"sync gave up (locked): Its queue row is locked by pid {person.info.backend_pid} ("
    assert said in worker.output
    # The cancellation is rolled back.
    person.rollback()
    assert queue.wait_for_end(locked_job, timeout=60)["outcome"] == "success"
    assert [row["error_kind"] for row in queue.attempts(locked_job)] == ["locked", None]


@pytest.mark.timeout(90)
def test_a_locked_table_is_logged_and_ends_no_worker(
    queue: Queue,
    providers: ProviderServer,
    start_worker: StartWorker,
    person: psycopg.Connection,
) -> None:
    providers.fill("openrouter", 3)
    worker = start_worker()
    person.execute("set role pricing_worker")
    person.execute("lock table procrastinate.procrastinate_jobs in access exclusive mode")
    queue.connection.execute("set statement_timeout = '1min'")
    who = f"the table procrastinate_jobs is locked by pid {person.info.backend_pid} ("
    wait_until(lambda: f"Nothing can be fetched: {who}" in worker.output, 60, worker.output)
    person.rollback()
    assert queue.wait_for_end(queue.trigger("openrouter"))["outcome"] == "success"
    assert worker.is_running and "started again" not in worker.output


@pytest.mark.timeout(90)
def test_a_worker_that_skips_locked_rows_names_the_session_that_locks_them(
    queue: Queue,
    providers: ProviderServer,
    start_worker: StartWorker,
    person: psycopg.Connection,
) -> None:
    providers.fill("openrouter", 3)
    locked_job = queue.trigger("openrouter")
    person.execute("select from procrastinate.procrastinate_jobs for update")
    worker = start_worker()
    said = (
        "syncs wait and cannot start: openrouter: the queue row is locked by pid"
        f" {person.info.backend_pid} ("
    )
    wait_until(lambda: said in worker.output, 60, "it says who locks the row")
    person.commit()
    assert queue.wait_for_end(locked_job)["outcome"] == "success"
    assert worker.output.count("syncs wait") == 1
