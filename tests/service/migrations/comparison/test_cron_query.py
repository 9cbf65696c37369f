"""pg_cron's jobs are installed where it exists, whenever it came, as the user that migrates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from service.migrations.export import export
from service.migrations.migrate import migrate
from service.migrations.schema_files import default_roots
from service.migrations.status import migration_status
from tests.service.migrations.pg_catalog import execute, rows
from tests.support.postgres import Cluster, drop_pg_cron

pytestmark = pytest.mark.long

NAMES = [
    "pricing_sync_cleanup",
    "pricing_sync_retention",
    "pricing_sync_run_details",
    "pricing_sync_schedule",
]
JOBS = "select jobid, jobname, username, schedule, command, xmin::text from cron.job order by 2"
CRON_SQL = (default_roots().db / "cron.sql").read_text()


@pytest.fixture
def url(empty_cron_database: str) -> str:
    return empty_cron_database


@pytest.fixture
def owner(cluster: Cluster, url: str) -> Iterator[str]:
    """The URL of the same database for a login that may do all but use pg_cron."""
    name = url.rpartition("/")[2]
    with (
        psycopg.connect(url) as connection,
        cluster.login_role(can_create_roles=True) as (user, password),
    ):
        superuser = connection.info.user
        execute(url, f'alter database "{name}" owner to {user}')
        try:
            yield cluster.url_of(name, user=user, password=password)
        finally:
            # pg_cron's launcher ends for good if the user of a job is gone.
            drop_pg_cron(url)
            execute(
                url,
                f'alter database "{name}" owner to "{superuser}"',
                f"drop owned by {user}",
            )


def names(url: str) -> list[object]:
    return [row[1] for row in rows(url, JOBS)]


def test_the_first_migrate_installs_them_and_the_next_changes_nothing(url: str) -> None:
    migrate(url)
    jobs = rows(url, JOBS)
    assert [row[1] for row in jobs] == NAMES
    assert {row[2] for row in jobs} == {rows(url, "select current_user")[0][0]}
    assert migrate(url).applied == ()
    execute(url, "delete from public.pricing_schema_ledger where name = 'db'")
    assert migrate(url).applied == ("db",)
    assert rows(url, JOBS) == jobs, "nothing is scheduled anew that is as it should be"
    assert {part.state for part in migration_status(url)} == {"applied"}


@pytest.mark.parametrize("by_export", [False, True])
def test_pg_cron_that_comes_later(url: str, tmp_path: Path, by_export: bool) -> None:
    def again() -> None:
        if by_export:
            execute(url, export(tmp_path).read_text())
        else:
            assert migrate(url).applied == ("db",)

    drop_pg_cron(url)
    migrate(url)
    assert migrate(url).applied == ()
    execute(url, "create extension pg_cron")
    assert names(url) == []
    again()
    jobs = rows(url, JOBS)
    assert names(url) == NAMES
    assert migrate(url).applied == ()
    execute(url, export(tmp_path).read_text())
    assert rows(url, JOBS) == jobs

    # The jobs are dropped with the extension, and made again.
    drop_pg_cron(url)
    execute(url, "create extension pg_cron")
    again()
    assert names(url) == NAMES
    assert migrate(url).applied == ()


def test_one_that_a_person_unscheduled_comes_back(url: str) -> None:
    migrate(url)
    jobs = rows(url, "select jobname, schedule, command from cron.job order by 1")
    execute(url, "select cron.unschedule('pricing_sync_retention')")
    result = migrate(url)
    assert (result.applied, result.mended) == (
        (),
        ("cron job pricing_sync_retention: is not there",),
    )
    assert rows(url, "select jobname, schedule, command from cron.job order by 1") == jobs
    assert migrate(url).applied == ()


def test_only_what_changed_is_scheduled_anew(url: str) -> None:
    migrate(url)
    before = {row[1]: row for row in rows(url, JOBS)}
    execute(
        url,
        "select cron.schedule('pricing_sync_schedule', '5 4 * * *', 'select 1')",
        "select cron.schedule('their-own', '5 4 * * *', 'select 1')",
        "select cron.unschedule('pricing_sync_retention')",
        "update cron.job set active = false where jobname = 'pricing_sync_cleanup'",
    )
    paused = rows(url, JOBS)
    execute(url, CRON_SQL)
    after = {row[1]: row for row in rows(url, JOBS)}
    assert after.keys() == {*NAMES, "their-own"}
    assert after["pricing_sync_schedule"][:5] == before["pricing_sync_schedule"][:5]
    assert after["pricing_sync_retention"][2:5] == before["pricing_sync_retention"][2:5]
    for name in ("pricing_sync_run_details", "pricing_sync_cleanup", "their-own"):
        assert after[name] in paused, name


def test_who_may_not_use_pg_cron_goes_on_without(url: str, owner: str) -> None:
    migrate(owner)
    assert names(url) == []
    assert migrate(owner).applied == ()
    # Once the login may use pg_cron, the jobs are its own.
    with psycopg.connect(owner) as connection:
        user = connection.info.user
    execute(url, f"grant usage on schema cron to {user}")
    assert migrate(owner).applied == ("db",)
    assert [(row[1], row[2]) for row in rows(url, JOBS)] == [(name, user) for name in NAMES]
    assert migrate(owner).applied == ()
    # The login has the rights for the jobs' commands.
    for _, _, _, _, command, _ in rows(url, JOBS):
        execute(owner, str(command))


def test_a_pg_cron_that_refuses_does_not_stop_a_migrate(url: str) -> None:
    execute(url, "alter table cron.job add constraint no_more check (jobid < 0)")
    migrate(url)
    assert names(url) == []
    assert migrate(url).applied == ()
