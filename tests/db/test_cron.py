"""pg_cron calls the same functions as everybody else."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.db.pricing import Pricing
from tests.waiting import wait_until


@pytest.fixture
def scheduled(cron_database: str) -> Iterator[Pricing]:
    """A connection of the login user to the database that pg_cron serves."""
    with psycopg.connect(cron_database, autocommit=True, row_factory=dict_row) as connection:
        yield Pricing(connection)


def test_a_minute_s_tick_triggers_and_cleans_up(scheduled: Pricing) -> None:
    lost = scheduled.start("openrouter", worker_id=scheduled.worker("1 hour"))
    scheduled.do(
        "select cron.schedule('pricing-trigger', '* * * * *',"
        " $$select public.trigger_pricing_sync(array['deepinfra'], on_conflict => 'coalesce')$$)"
    )
    scheduled.do(
        "select cron.schedule('pricing-clean-up', '* * * * *',"
        " $$select * from public.cleanup_stuck_pricing_syncs()$$)"
    )

    def runs() -> list[str]:
        return [
            f"{run['status']}: {run['return_message']}"
            for run in scheduled.rows(
                "select status, return_message from cron.job_run_details"
                " where status in ('succeeded', 'failed')"
            )
        ]

    wait_until(lambda: len(runs()) >= 2, timeout=75, every=0.25, what="a tick of pg_cron")
    scheduled.do("select cron.unschedule(jobid) from cron.job")

    assert all(run.startswith("succeeded") for run in runs()), runs()
    user = scheduled.value("select current_user")
    jobs = scheduled.rows(
        "select triggered_by, status from public.pricing_sync_jobs where providers = '{deepinfra}'"
    )
    assert jobs == [{"triggered_by": user, "status": "queued"}]
    assert scheduled.queue_row(lost.queue_job_id)["status"] == "todo"
    assert scheduled.log(lost.queue_job_id)["error_kind"] == "worker_lost"
