"""The commands that cancel a job, retry it and clean up; ``sync`` of a taken provider."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import psycopg
import pytest
from psycopg.rows import DictRow

from tests.db.price_changes import guard
from tests.db.price_decisions import call
from tests.db.pricing import Pricing, price
from tests.service.web.queue import Queue
from tests.support.postgres import free_port
from tests.support.processes import Run
from tests.support.provider_server import Answer, ProviderServer
from tests.support.syncing import StartWorker

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def sql_worker(connection: psycopg.Connection[DictRow]) -> Queue:
    """A queue on which SQL acts instead of a worker."""
    return Queue(connection)


WHO = "select who from pricing_audit_log where action like '%_pricing_sync'"


def triggered(connection: psycopg.Connection[DictRow], *providers: str) -> str:
    row = connection.execute(
        "select job_id from trigger_pricing_sync(%s, 'test')", [list(providers)]
    ).fetchone()
    assert row is not None
    return str(row["job_id"])


def value(connection: psycopg.Connection[DictRow], query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None, query
    return next(iter(row.values()))


def assert_refused(ended: subprocess.CompletedProcess[str], message: str) -> None:
    """Stderr has one error and one hint, stdout is empty."""
    assert (ended.returncode, ended.stdout) == (1, "")
    error, hint = ended.stderr.splitlines()
    assert error.startswith("error: "), error
    assert message in error
    assert hint.startswith("hint: "), hint


def test_cancel(run: Run, connection: psycopg.Connection[DictRow], sql_worker: Queue) -> None:
    job_id = triggered(connection, "openrouter", "deepinfra", "catalogue")
    sql_worker.succeed(job_id, "openrouter", "some/model")
    sql_worker.start(job_id, "deepinfra")

    ended = run("cancel", job_id[:8])

    assert (ended.returncode, ended.stderr) == (0, "")
    assert f"Job {job_id}: cancelled; triggered" in ended.stdout
    for slug in ("catalogue", "deepinfra", "openrouter"):
        assert slug in ended.stdout
    statuses = "select array_agg(status::text order by id) from procrastinate.procrastinate_jobs"
    assert sorted(value(connection, statuses)) == ["aborted", "cancelled", "succeeded"]
    who = value(connection, WHO)
    assert who.startswith("cli:")
    assert value(connection, "select error_message from pricing_sync_jobs") == f"Cancelled by {who}"


def test_cancel_as_json(run: Run, connection: psycopg.Connection[DictRow]) -> None:
    job_id = triggered(connection, "deepinfra")

    job = json.loads(run("cancel", job_id, "--json").stdout)

    assert (job["job_id"], job["status"], job["finished"]) == (job_id, "cancelled", True)
    assert [each["status"] for each in job["providers"]] == ["cancelled"]


def test_what_cannot_be_cancelled(
    run: Run, connection: psycopg.Connection[DictRow], sql_worker: Queue
) -> None:
    job_id = triggered(connection, "deepinfra")
    sql_worker.fail(job_id, "deepinfra")
    assert_refused(run("cancel", job_id), "has ended already, as failed")
    assert_refused(run("cancel", UNKNOWN), f"There is no job {UNKNOWN}")
    assert_refused(run("cancel", "nonsense"), "nonsense is no job id")


def test_retry_without_a_worker_says_so(
    run: Run, connection: psycopg.Connection[DictRow], sql_worker: Queue
) -> None:
    job_id = triggered(connection, "openrouter", "deepinfra")
    sql_worker.succeed(job_id, "openrouter", "some/model")
    sql_worker.fail(job_id, "deepinfra")
    connection.execute("delete from procrastinate.procrastinate_workers")

    ended = run("retry", job_id[:8])

    queued, no_worker = ended.stdout.splitlines()
    assert (ended.returncode, ended.stderr) == (0, "")
    assert queued == f"Job {job_id} is queued again: deepinfra."
    assert no_worker.startswith("No worker is alive")
    assert value(
        connection, "select who from pricing_audit_log where action like '%_pricing_sync'"
    ).startswith("cli:")


def test_what_cannot_be_retried(
    run: Run, connection: psycopg.Connection[DictRow], sql_worker: Queue
) -> None:
    job_id = triggered(connection, "deepinfra")
    assert_refused(run("retry", job_id), "has nothing to retry")
    assert_refused(run("retry", UNKNOWN), f"There is no job {UNKNOWN}")
    sql_worker.fail(job_id, "deepinfra")
    connection.execute("update pricing_providers set enabled = false where slug = 'deepinfra'")
    assert_refused(run("retry", job_id), "deepinfra")


@pytest.mark.parametrize("option", ["--wait", "--watch"])
def test_retry_until_it_has_ended(
    run: Run,
    connection: psycopg.Connection[DictRow],
    sql_worker: Queue,
    providers: ProviderServer,
    start_worker: StartWorker,
    option: str,
) -> None:
    providers.fill("deepinfra", 3)
    job_id = triggered(connection, "deepinfra")
    sql_worker.fail(job_id, "deepinfra")
    start_worker()

    ended = run("retry", job_id, option)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "deepinfra: done" in ended.stdout
    assert f"Job {job_id}: completed, success" in ended.stdout


def test_retry_that_fails_again(
    run: Run,
    connection: psycopg.Connection[DictRow],
    sql_worker: Queue,
    providers: ProviderServer,
    start_worker: StartWorker,
) -> None:
    providers.answer("deepinfra", Answer(status=404))
    job_id = triggered(connection, "deepinfra")
    sql_worker.fail(job_id, "deepinfra")
    start_worker()

    ended = run("retry", job_id, "--wait", "--json")

    assert ended.returncode == 1
    assert json.loads(ended.stdout)["status"] == "failed"


def test_sync_that_is_rejected(
    run: Run, connection: psycopg.Connection[DictRow], sql_worker: Queue
) -> None:
    job_id = triggered(connection, "openrouter")
    reject = ("sync", "openrouter", "--on-conflict", "reject")
    assert_refused(run(*reject), f"pricing_sync:openrouter is locked by job {job_id}")

    sql_worker.start(job_id, "openrouter")
    since = value(
        connection,
        "select to_char(sync_started_at at time zone 'utc', 'YYYY-MM-DD HH24:MI:SS')"
        " from pricing_sync_log",
    )
    assert_refused(run(*reject), f"is locked by job {job_id}, since {since}Z")
    assert value(connection, "select count(*) from pricing_sync_jobs") == 1


def test_sync_that_joins(run: Run, connection: psycopg.Connection[DictRow]) -> None:
    job_id = triggered(connection, "openrouter")

    ended = run("sync", "openrouter", "--on-conflict", "coalesce")

    assert ended.stdout.startswith(f"Job {job_id} is queued: openrouter.")
    assert value(connection, "select count(*) from pricing_sync_jobs") == 1


def test_cleanup_says_what_it_found_and_ended(
    run: Run, connection: psycopg.Connection[DictRow], sql_worker: Queue
) -> None:
    """Without a number each provider's own timeout decides; with a number, that number does."""
    sql_worker.start(triggered(connection, "openrouter"), "openrouter")
    connection.execute(
        "update pricing_sync_log set sync_started_at = sync_started_at - interval '6 minutes'"
    )
    assert run("cleanup").stdout == "stuck_syncs_found: 0\nsyncs_cleaned: 0\n"
    ended = run("cleanup", "--timeout-minutes", "5", "--json")
    assert json.loads(ended.stdout) == {"stuck_syncs_found": 1, "syncs_cleaned": 1}
    assert value(connection, "select error_kind from pricing_sync_log") == "timeout"


def test_cleanup_says_which_step_failed(run: Run, connection: psycopg.Connection[DictRow]) -> None:
    connection.execute("select trigger_pricing_sync(array['openrouter'])")
    # The job does not know that its queue row is gone.
    connection.execute("set session_replication_role = replica")
    connection.execute("delete from procrastinate.procrastinate_jobs")
    connection.execute("update pricing_sync_log set queued_at = queued_at - interval '1 minute'")
    connection.execute("alter function reconcile_pricing_jobs() rename to somebody_s")
    ended = run("cleanup")
    assert ended.stdout.startswith("stuck_syncs_found: 0")
    assert "warning: pricing-sync: reconcile_pricing_jobs failed" in ended.stderr


@pytest.mark.parametrize("minutes", ["0", "-5", "soon", "99999999999"])
def test_cleanup_refuses_what_is_no_number_of_minutes(run: Run, minutes: str) -> None:
    ended = run("cleanup", "--timeout-minutes", minutes)
    assert ended.returncode == 2
    assert "--timeout-minutes" in ended.stderr


@pytest.mark.parametrize(
    "arguments", [["cancel"], ["retry"], ["cancel", "a", "b"], ["sync", "--on-conflict", "maybe"]]
)
def test_wrong_usage(run: Run, arguments: list[str]) -> None:
    assert run(*arguments).returncode == 2


@pytest.mark.parametrize("command", ["cancel", "retry"])
def test_a_database_that_does_not_answer(run: Run, command: str) -> None:
    url = f"postgresql://postgres:a-secret@127.0.0.1:{free_port()}/postgres"
    ended = run(command, UNKNOWN, DATABASE_URL=url)
    assert_refused(ended, "The database does not answer")
    assert "a-secret" not in ended.stderr


def test_a_sync_of_what_was_rejected_earlier_says_so(
    run: Run, connection: psycopg.Connection[DictRow]
) -> None:
    """Not that something is held: `held` would show nothing."""
    people = Pricing(connection)
    guard(people)
    right, wrong = ([price(m, amount) for m in "ab"] for amount in ("0.0000003", "0.0003"))
    people.sync("openrouter", right)
    first = people.sync("openrouter", wrong)["job_id"]
    assert "2 price changes are held" in run("status", str(first)).stdout
    call(people, "reject_held_price_changes", job_id=first, rejected_by="ann")
    again = people.sync("openrouter", wrong)["job_id"]

    shown = run("status", str(again)).stdout

    assert "2 price changes were rejected earlier: `pricing-sync held --rejected`" in shown
    assert "are held" not in shown
    (part,) = json.loads(run("status", str(again), "--json").stdout)["providers"]
    assert (part["models_held"], part["models_rejected"]) == (2, 2)
    assert run("held").stdout == "Nothing is held.\n"
