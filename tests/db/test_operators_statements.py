"""The statements in the operators' documents, word for word, and what their comments claim.

They run in the SQL editor, as a login user that is a member of ``pricing_owner`` and no superuser.
"""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.db.agreement import assert_agreed
from tests.db.clock import time_passes
from tests.db.conftest import Another, SharedDatabase
from tests.db.pricing import Attempt, Pricing, price, refused
from tests.support.postgres import Cluster

STATEMENTS = """
SELECT table_name FROM information_schema.tables WHERE table_name IN ('pricing_sync_lock','pricing_sync_jobs','model_pricing_history','pricing_sync_log'); -- 4 rows
SELECT * FROM pricing_sync_jobs ORDER BY triggered_at DESC LIMIT 10;
SELECT * FROM pricing_sync_lock;
DELETE FROM pricing_sync_lock WHERE lock_key = 'pricing_sync_global'; -- Manually release stuck lock
SELECT cleanup_expired_pricing_locks();
SELECT * FROM pricing_sync_jobs WHERE status IN ('queued', 'running');
UPDATE pricing_sync_jobs SET status = 'failed', completed_at = NOW(), error_message = 'Manually marked as failed - appeared stuck' WHERE job_id = '<a real id>';
"""  # noqa: E501
TABLES, NEWEST, LOCKS, RELEASE, EXPIRE, OPEN, MARK = STATEMENTS.strip().splitlines()
MESSAGE = "Manually marked as failed - appeared stuck"


def mark(job_id: object) -> str:
    return MARK.replace("<a real id>", str(job_id))


@pytest.fixture
def editor(
    cluster: Cluster, shared_database: SharedDatabase, pricing: Pricing
) -> Iterator[Pricing]:
    """The SQL editor, on the database of ``pricing``."""
    with cluster.login_role(can_create_roles=False) as (user, password):
        pricing.do(f'grant pricing_owner to "{user}"')
        url = cluster.url_of(pricing.connection.info.dbname, user=user, password=password)
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
            assert connection.info.parameter_status("is_superuser") == "off"
            connection.execute("set statement_timeout = '60s'")
            yield Pricing(connection)


def start_two(pricing: Pricing) -> tuple[Attempt, Attempt]:
    first = pricing.start("openrouter", "deepinfra")
    second = pricing.fetch()
    assert second is not None
    return first, second


def test_the_four_tables_are_there(editor: Pricing) -> None:
    assert sorted(row["table_name"] for row in editor.rows(TABLES)) == [
        "model_pricing_history",
        "pricing_sync_jobs",
        "pricing_sync_lock",
        "pricing_sync_log",
    ]


def test_the_newest_ten_jobs_newest_first(pricing: Pricing, editor: Pricing) -> None:
    assert editor.rows(NEWEST) == []
    triggered = [pricing.trigger("openrouter")["job_id"] for _ in range(12)]
    rows = editor.rows(NEWEST)
    assert [row["job_id"] for row in rows] == triggered[:1:-1]
    assert rows[0] == pricing.job(triggered[-1])


def test_the_locks_that_are_taken(pricing: Pricing, editor: Pricing) -> None:
    assert editor.rows(LOCKS) == []
    start_two(pricing)
    rows = editor.rows(LOCKS)
    assert sorted(row["lock_key"] for row in rows) == [
        "pricing_sync:deepinfra",
        "pricing_sync:openrouter",
        "pricing_sync_global",
    ]
    assert all(None not in row.values() for row in rows)


def test_releasing_the_lock_fences_the_holder_off_and_lets_another_worker_finish(
    pricing: Pricing, editor: Pricing
) -> None:
    stuck = start_two(pricing)
    assert editor.do(RELEASE) == 1
    assert_agreed(pricing.connection)
    assert editor.rows(LOCKS) == []
    for attempt in stuck:
        assert pricing.queue_row(attempt.queue_job_id)["status"] == "todo"
        log = pricing.log(attempt.queue_job_id)
        assert (log["status"], log["error_kind"]) == ("cancelled", "lock_released")
        assert editor.connection.info.user in log["error_message"]
        with refused("PT409"):
            pricing.apply(attempt, [price("late", source=f"api:{attempt.provider}")])
        assert pricing.end(attempt) is False
    assert pricing.rows("select from public.model_pricing") == []

    for attempt in stuck:
        again = pricing.fetch()
        assert again is not None
        assert (again.queue_job_id, again.number) == (attempt.queue_job_id, 2)
        pricing.succeed(again)
    job = pricing.job(stuck[0].job_id)
    assert (job["status"], job["outcome"], job["providers_synced"]) == ("completed", "success", 2)
    assert_agreed(pricing.connection)


def test_releasing_a_lock_that_is_free(pricing: Pricing, editor: Pricing) -> None:
    pricing.trigger("openrouter")
    with pricing.nothing_written():
        assert editor.do(RELEASE) == 0


def test_expired_locks_are_released_and_counted(pricing: Pricing, editor: Pricing) -> None:
    lost = pricing.start("openrouter", worker_id=pricing.worker("21 seconds"))
    pricing.start("deepinfra")
    assert editor.rows(EXPIRE) == [{"cleanup_expired_pricing_locks": 1}]
    assert pricing.log_statuses(lost.queue_job_id) == ["failed", "queued"]
    assert editor.rows(EXPIRE) == [{"cleanup_expired_pricing_locks": 0}]
    assert_agreed(pricing.connection)


def test_the_jobs_that_are_open(pricing: Pricing, editor: Pricing) -> None:
    pricing.succeed(pricing.start("openrouter"))
    pricing.end(pricing.start("openrouter"))
    running = pricing.start("openrouter")
    queued = pricing.trigger("openrouter")
    assert {str(row["job_id"]): row["status"] for row in editor.rows(OPEN)} == {
        running.job_id: "running",
        str(queued["job_id"]): "queued",
    }


def test_marking_a_job_as_failed_stops_all_of_it_in_the_same_transaction(
    pricing: Pricing, editor: Pricing
) -> None:
    done, running = start_two(pricing)
    pricing.succeed(done)
    waiting_job = pricing.trigger("deepinfra", "catalogue")
    before = editor.value("select clock_timestamp()")

    with editor.connection.transaction():
        assert editor.do(mark(running.job_id)) == 1
        # Checked in the same transaction, before any other session can see the result.
        assert_agreed(editor.connection)
        assert editor.queue_row(running.queue_job_id)["status"] == "aborted"
        assert [row["job_id"] for row in editor.rows(OPEN)] == [waiting_job["job_id"]]
        assert editor.rows(LOCKS) == []
        assert pricing.job(running.job_id)["status"] == "running", "not committed yet"

    assert_agreed(pricing.connection)
    job = pricing.job(running.job_id)
    assert (job["status"], job["outcome"]) == ("failed", "failed")
    assert job["error_message"] == MESSAGE
    assert job["stopped_at"] >= before
    assert (job["providers_synced"], job["providers_failed"], job["total_errors"]) == (1, 1, 0)
    log = pricing.log(running.queue_job_id)
    assert (log["status"], log["error_kind"], log["error_message"]) == (
        "cancelled",
        "stopped",
        MESSAGE,
    )
    with refused("PT409"):
        pricing.succeed(running)
    assert pricing.end(running) is False

    next_one = pricing.fetch()
    assert next_one is not None, "the lock is free"
    assert next_one.job_id == str(waiting_job["job_id"])


def test_marking_a_job_that_only_waits(pricing: Pricing, editor: Pricing) -> None:
    job = pricing.trigger("openrouter", "deepinfra")
    time_passes(pricing, "5 hours")
    assert editor.do(mark(job["job_id"])) == 1
    assert_agreed(pricing.connection)
    assert [row["status"] for row in pricing.queue_rows(job["job_id"])] == ["cancelled"] * 2
    marked = pricing.job(job["job_id"])
    assert (marked["status"], marked["error_message"]) == ("failed", MESSAGE)
    assert (marked["started_at"], marked["duration_seconds"]) == (None, None)
    assert pricing.fetch() is None


def test_marking_it_in_a_transaction_that_is_rolled_back(pricing: Pricing, editor: Pricing) -> None:
    attempt = pricing.start("openrouter", "deepinfra")
    with pricing.nothing_written(), editor.connection.transaction(force_rollback=True):
        editor.do(mark(attempt.job_id))
    pricing.succeed(attempt)
    assert_agreed(pricing.connection)


def test_marking_a_job_that_ended_otherwise_is_refused(pricing: Pricing, editor: Pricing) -> None:
    attempt = pricing.start("openrouter")
    pricing.succeed(attempt)
    with pricing.nothing_written(), refused("PT409"):
        editor.do(mark(attempt.job_id))


def test_the_whole_story_of_a_stuck_sync(
    pricing: Pricing, another: Another, editor: Pricing
) -> None:
    """As in the runbook: look, release the lock, look again, mark as failed."""
    worker = another()
    stuck = pricing.start("openrouter")
    (found,) = editor.rows(OPEN)
    assert found["job_id"] == editor.rows(LOCKS)[0]["job_id"]
    editor.do(RELEASE)
    again = worker.fetch()
    assert again is not None
    editor.do(mark(found["job_id"]))
    for late in (stuck, again):
        with refused("PT409"):
            pricing.succeed(late)
    assert editor.rows(OPEN) == [] and editor.rows(LOCKS) == []
    assert editor.rows(NEWEST)[0]["error_message"] == MESSAGE
    assert_agreed(pricing.connection)
