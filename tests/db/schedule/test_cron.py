"""pg_cron calls the same functions as every other caller, in jobs of the login user."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.db.pricing import Pricing
from tests.support.waiting import wait_until

NAMES = [
    "pricing_sync_cleanup",
    "pricing_sync_retention",
    "pricing_sync_run_details",
    "pricing_sync_schedule",
]


@pytest.fixture
def scheduled(cron_database: str) -> Iterator[Pricing]:
    """A connection of the login user to pg_cron's database, where transactions are serializable."""
    setting = (
        f'alter database "{cron_database.rpartition("/")[2]}" {{}} default_transaction_isolation'
    )
    with psycopg.connect(cron_database, autocommit=True) as owner:
        owner.execute(f"{setting.format('set')} = 'serializable'".encode())
        try:
            yield from _scheduled(cron_database)
        finally:
            owner.execute(setting.format("reset").encode())


def _scheduled(cron_database: str) -> Iterator[Pricing]:
    with psycopg.connect(cron_database, autocommit=True, row_factory=dict_row) as connection:
        yield Pricing(connection)


def command(scheduled: Pricing, name: str) -> str:
    found: str = scheduled.value("select command from cron.job where jobname = %s", name)
    return found


@pytest.mark.long
def test_a_minute_s_tick_enqueues_cleans_up_and_prunes(scheduled: Pricing) -> None:
    """The jobs as `migrate` installs them; the hourly ones run every minute here."""
    user = scheduled.value("select current_user")
    jobs = scheduled.rows("select jobname, username, active from cron.job order by jobname")
    assert jobs == [{"jobname": name, "username": user, "active": True} for name in NAMES]
    lost = scheduled.start("openrouter", worker_id=scheduled.worker("1 hour"))
    # A provider whose slot is being taken would be left to the next clean-up.
    scheduled.do("update public.pricing_providers set next_sync_at = now() + interval '1 hour'")
    scheduled.do("update public.pricing_providers set next_sync_at = null where slug = 'deepinfra'")
    old = scheduled.value(
        "insert into public.pricing_sync_jobs (status, outcome, triggered_by, completed_at)"
        " values ('completed', 'success', 'test', now() - interval '31 days') returning job_id"
    )
    scheduled.do(
        "insert into cron.job_run_details (jobid, runid, username, status, end_time)"
        " select jobid, -1, username, 'succeeded', now() - interval '8 days'"
        " from cron.job where jobname = 'pricing_sync_cleanup'"
    )
    scheduled.do(
        "select cron.schedule(jobname, '* * * * *', command) from cron.job"
        " where jobname in ('pricing_sync_retention', 'pricing_sync_run_details')"
    )
    scheduled.do("update public.pricing_settings set scheduler_enabled = true")

    def runs() -> dict[str, str]:
        return {
            run["jobname"]: f"{run['status']}: {run['return_message']}"
            for run in scheduled.rows(
                "select distinct on (jobname) jobname, status, return_message"
                " from cron.job_run_details join cron.job using (jobid)"
                " where status in ('succeeded', 'failed') and start_time is not null"
                " order by jobname, runid desc"
            )
        }

    # One minute, and another if its launcher reads the jobs after the next minute has begun.
    wait_until(lambda: len(runs()) >= len(NAMES), timeout=140, every=0.25, what="a tick of pg_cron")
    scheduled.do("select cron.unschedule(jobid) from cron.job")

    assert all(run.startswith("succeeded") for run in runs().values()), runs()
    jobs = scheduled.rows(
        "select triggered_by, status, providers from public.pricing_sync_jobs"
        " where triggered_by = 'schedule'"
    )
    assert jobs == [{"triggered_by": "schedule", "status": "queued", "providers": ["deepinfra"]}]
    tick = scheduled.row("select * from public.pricing_scheduler_ticks")
    assert (tick["scheduler"], tick["last_error"]) == ("pg_cron", None)
    assert scheduled.value("select public.pricing_scheduler_status() ->> 'cron'") == "pg_cron"
    assert scheduled.queue_row(lost.queue_job_id)["status"] == "todo"
    assert scheduled.log(lost.queue_job_id)["error_kind"] == "worker_lost"
    assert scheduled.rows("select from public.pricing_sync_jobs where job_id = %s", old) == []
    assert scheduled.rows("select from cron.job_run_details where runid = -1") == []


def test_run_details_go_after_a_week_in_bounded_batches_and_only_ours(scheduled: Pricing) -> None:
    scheduled.do("select cron.schedule('their-own', '0 0 1 1 *', 'select 1')")
    # Every third has no times, as after a crash of the server. Their ids are below those of runs
    # that start if a minute begins meanwhile.
    details = (
        "insert into cron.job_run_details (jobid, runid, username, status, end_time)"
        " select j.jobid, n - %s, j.username, 'failed',"
        " case when n %% 3 > 0 then now() - %s::interval end"
        " from cron.job j cross join generate_series(1, %s) as n where j.jobname = %s"
    )
    scheduled.do(details, 40_000, "8 days", 10_500, "pricing_sync_schedule")
    scheduled.do(details, 20_000, "8 days", 5, "their-own")
    scheduled.do(details, 10_000, "6 days", 5, "pricing_sync_cleanup")
    prune = command(scheduled, "pricing_sync_run_details").partition("; ")[2]
    assert scheduled.do(prune) == 10_000
    assert scheduled.do(prune) == 500
    assert scheduled.do(prune) == 0
    left = scheduled.rows(
        "select jobname, count(*) from cron.job_run_details join cron.job using (jobid)"
        " where runid < 0 group by jobname order by jobname"
    )
    assert left == [
        {"jobname": "pricing_sync_cleanup", "count": 5},
        {"jobname": "their-own", "count": 5},
    ]
