"""Facts of the engine that other tests do not cover; docs/engine.md lists all.

Each test is named after the fact, and fails without our protection against it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from procrastinate.jobs import Status

from service.engine.app import PricingApp
from service.engine.connector import PricingConnector
from service.engine.job_manager import SYNC_TASK
from service.worker import app as worker_app
from tests.support.processes import ROOT, Processes
from tests.support.provider_server import Answer, ProviderServer
from tests.support.syncing import Queue, StartWorker
from tests.support.waiting import wait_until

QUICK = "update pricing_settings set heartbeat_interval = '1 second', lease = '3 seconds'"


@pytest.fixture
async def app(database: str, clean_environment: pytest.MonkeyPatch) -> AsyncIterator[PricingApp]:
    """Our App on the test's database, opened; no worker runs."""
    clean_environment.setenv("DATABASE_URL", database)
    app = PricingApp(connector=PricingConnector(size=4))
    async with app.open_async():
        yield app


def rename(queue: Queue, function: str, name: str) -> None:
    queue.connection.execute(f"alter function {function} rename to {name}".encode())


def test_one_failed_heartbeat_ends_heartbeats_for_good(
    queue: Queue, start_worker: StartWorker
) -> None:
    queue.connection.execute(QUICK.encode())
    worker = start_worker()
    worker.may_fail = True
    rename(queue, "procrastinate.procrastinate_update_heartbeat_v1", "away")
    worker.wait_for_output("The worker ended; it starts again")
    rename(queue, "procrastinate.away", "procrastinate_update_heartbeat_v1")
    for _ in range(2):
        wait_for_heartbeat(queue)


def wait_for_heartbeat(queue: Queue) -> None:
    since = queue.row("select clock_timestamp() as now")["now"]
    newer = "select from procrastinate.procrastinate_workers where last_heartbeat > %s"
    wait_until(lambda: queue.rows(newer, since), 30, "its heart beats on")


def test_an_end_that_cannot_be_written_leaves_the_row_running(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    providers.answer("openrouter", Answer(status=404))
    rename(queue, "public.end_provider_sync", "away")
    worker = start_worker()
    job_id = queue.trigger("openrouter")
    worker.wait_for_output("Retrying the end of queue row")
    assert queue.attempts(job_id)[0]["status"] == "in_progress"
    rename(queue, "public.away", "end_provider_sync")
    assert queue.wait_for_end(job_id)["outcome"] == "failed"
    assert len(queue.attempts(job_id)) == 1


@pytest.mark.anyio
async def test_finish_ends_a_row_that_waits(app: PricingApp, queue: Queue) -> None:
    """A worker ends a row that was taken back from it in the meantime."""
    queue.trigger("openrouter")
    job = await app.job_manager.fetch_job(None, await app.job_manager.register_worker())
    assert job is not None
    await app.job_manager.retry_job(job)
    for status in (Status.SUCCEEDED, Status.FAILED, Status.ABORTED):
        await app.job_manager.finish_job(job, status, delete_job=True)
    row = queue.row("select status::text, attempts from procrastinate.procrastinate_jobs")
    assert row == {"status": "todo", "attempts": 1}


@pytest.mark.anyio
async def test_retry_of_another_workers_attempt_is_accepted(app: PricingApp, queue: Queue) -> None:
    queue.trigger("openrouter")
    first = await app.job_manager.fetch_job(None, await app.job_manager.register_worker())
    assert first is not None
    await app.job_manager.retry_job(first)
    await app.job_manager.fetch_job(None, await app.job_manager.register_worker())
    await app.job_manager.retry_job(first)
    row = queue.row("select status::text, attempts from procrastinate.procrastinate_jobs")
    assert row == {"status": "doing", "attempts": 1}


def test_retry_of_a_task_turns_an_abort_into_a_failure() -> None:
    assert worker_app.tasks[SYNC_TASK].retry_strategy is None


def test_a_killed_worker_leaves_its_row_running_with_the_abort_flag(
    queue: Queue, providers: ProviderServer, start_worker: StartWorker
) -> None:
    queue.connection.execute(QUICK.encode())
    providers.answer("openrouter", Answer(hang=True))
    doomed = start_worker()
    job_id = queue.trigger("openrouter")
    queue.wait_for_status(job_id, "in_progress")
    doomed.popen.kill()
    doomed.wait()
    queue.connection.execute("update procrastinate.procrastinate_jobs set abort_requested = true")
    start_worker()
    assert queue.wait_for_end(job_id)["outcome"] == "cancelled"
    row = queue.row("select status::text, abort_requested from procrastinate.procrastinate_jobs")
    assert row == {"status": "aborted", "abort_requested": False}


@pytest.mark.anyio
async def test_the_end_of_a_worker_writes_every_row_that_it_ever_ran(
    app: PricingApp, queue: Queue
) -> None:
    """The engine's own statement takes 10 s for a million rows."""
    worker_id = await app.job_manager.register_worker()
    queue.trigger("openrouter")
    job = await app.job_manager.fetch_job(None, worker_id)
    assert job is not None
    assert job.id is not None
    await app.job_manager.end_provider_sync(job.id, 1, "failed")
    # The system column xmin names the transaction that wrote the row.
    written = queue.row("select xmin::text from procrastinate.procrastinate_jobs")
    await app.job_manager.unregister_worker(worker_id)
    assert queue.row("select xmin::text from procrastinate.procrastinate_jobs") == written


def test_delete_jobs_turns_a_success_into_a_deletion_of_a_running_row(
    queue: Queue, providers: ProviderServer, processes: Processes
) -> None:
    providers.fill("openrouter", 3)
    job_id = queue.trigger("openrouter")
    worker = processes.procrastinate("worker", "--one-shot", "--delete-jobs", "always")
    assert worker.wait() == 0
    assert queue.job(job_id)["outcome"] == "success"
    assert queue.attempts(job_id)[0]["status"] == "success"
    # The queue row stays as long as its job: retention deletes both.
    assert len(queue.rows("select from procrastinate.procrastinate_jobs")) == 1


def test_the_engines_defer_is_positional() -> None:
    """It fails with NULL for a priority, so only one function of ours calls it."""
    callers = [
        path.name
        for path in sorted((ROOT / "db").rglob("*.sql")) + sorted((ROOT / "service").rglob("*.py"))
        if "procrastinate_defer_jobs" in path.read_text()
    ]
    assert callers == ["defer_provider_syncs.sql"]


def test_a_cron_with_seconds_has_them_last() -> None:
    """Read otherwise, our cron would be due at midnight or every minute instead of once a year."""
    (task,) = worker_app.periodic_registry.periodic_tasks.values()
    iterator = task.croniter
    iterator.set_current(start_time=datetime(2026, 3, 1, tzinfo=UTC).timestamp())
    due = [datetime.fromtimestamp(iterator.get_next(ret_type=float), UTC) for _ in range(2)]
    assert due == [datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)]


# The list of all facts, each with its protection and its test.
TABLE = ROOT / "docs" / "engine.md"
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def _rows() -> list[list[str]]:
    lines = [line for line in TABLE.read_text().splitlines() if line.startswith("| ")]
    return [line.strip("| ").split(" | ") for line in lines[2:]]


def test_every_fact_has_a_guard_and_a_test_that_is_there() -> None:
    rows = _rows()
    assert len(rows) >= 21
    for fact, guard, *tests in rows:
        assert fact and guard
        named = TEST.findall(" ".join(tests))
        assert named, fact
        for file, name in named:
            tree = ast.parse((ROOT / file).read_text())
            functions = {
                node.name
                for node in ast.walk(tree)
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            }
            assert name in functions, f"{file}::{name}"
