"""The work of the web process at its start, beside serving."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.rows import DictRow

from tests.service.web.queue import Queue
from tests.service.web.running import Web, running_web, settings_for
from tests.support.waiting import wait_until

CLEAN_UP = """
create or replace function cleanup_stuck_pricing_syncs(timeout_minutes integer default null)
returns table (stuck_syncs_found integer, syncs_cleaned integer)
language """


def lost_sync(connection: psycopg.Connection[DictRow], queue: Queue) -> int:
    """A provider sync whose worker's last heartbeat is an hour old; returns its queue row's id."""
    row = connection.execute(
        "select job_id from trigger_pricing_sync('{deepinfra}', 'test')"
    ).fetchone()
    assert row is not None
    queue_job_id = queue.start(str(row["job_id"]), "deepinfra")
    connection.execute(
        "update procrastinate.procrastinate_workers set last_heartbeat = now() - interval '1 hour'"
    )
    return queue_job_id


def status(connection: psycopg.Connection[DictRow], queue_job_id: int) -> str:
    row = connection.execute(
        "select status::text from procrastinate.procrastinate_jobs where id = %s", [queue_job_id]
    ).fetchone()
    assert row is not None
    return str(row["status"])


def test_what_a_dead_worker_left_is_taken_back(
    database: str, connection: psycopg.Connection[DictRow], queue: Queue
) -> None:
    queue_job_id = lost_sync(connection, queue)
    with running_web(settings_for(database)):
        wait_until(lambda: status(connection, queue_job_id) == "todo", what="it is queued again")


def works(web: Web) -> bool:
    return web.trigger().status_code == 202 and web.client.get("/health/ready").status_code == 200


def test_a_clean_up_that_fails_stops_no_start(
    database: str, connection: psycopg.Connection[DictRow], caplog: pytest.LogCaptureFixture
) -> None:
    connection.execute(CLEAN_UP + "plpgsql as $$ begin raise exception 'broken'; end $$")
    with running_web(settings_for(database)) as web:
        wait_until(lambda: "not expired at start" in caplog.text, what="the clean-up fails")
        assert works(web)


def test_a_clean_up_that_hangs_stops_no_start(
    database: str, connection: psycopg.Connection[DictRow]
) -> None:
    connection.execute(CLEAN_UP + "sql as $$ select 0, 0 from pg_sleep(60) $$")
    with running_web(settings_for(database)) as web:
        wait_until(
            lambda: (
                connection.execute(
                    "select from pg_stat_activity where datname = current_database()"
                    " and wait_event = 'PgSleep'"
                ).fetchone()
                is not None
            ),
            what="the clean-up hangs",
        )
        assert works(web)
