"""``migrate`` alone makes a working system of a dump without owners, rights or roles."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import dict_row

from service.errors import MigrationError
from service.migrations.migrate import migrate
from service.migrations.restored_objects import state_differences
from tests.conftest import DatabaseFactory
from tests.db.pricing import Pricing, price
from tests.releases.dump import client_program
from tests.service.migrations.pg_catalog import execute, rights, structure
from tests.support.postgres import Cluster, another_cluster
from tests.support.processes import Processes
from tests.support.waiting import wait_until

pytestmark = pytest.mark.long


@pytest.fixture
def dumped(database: str, connection: psycopg.Connection[dict[str, object]]) -> str:
    """A database with a price, to be dumped."""
    Pricing(connection).sync("openrouter", [price("a")])
    return database


def copy(url: str, to: str, *options: str) -> None:
    """Restore a dump of one database into another, skipping what cannot be restored there."""
    with psycopg.connect(url) as connection:
        major = connection.info.server_version // 10000
    dump = subprocess.run(
        [str(client_program("pg_dump", major)), *options, f"--dbname={url}"],
        check=True,
        capture_output=True,
    ).stdout
    subprocess.run(
        [str(client_program("psql", major)), "--no-psqlrc", "--quiet", f"--dbname={to}"],
        input=dump,
        check=True,
        capture_output=True,
    )


def assert_it_works(url: str, tmp_path: Path) -> None:
    """A real worker runs what is triggered, with the rights of its role."""
    processes = Processes(tmp_path, {"DATABASE_URL": url})
    try:
        processes.service("worker")
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
            pricing = Pricing(connection)
            assert pricing.model("a")["price_per_input_token"] is not None
            job_id = pricing.value("select job_id from trigger_pricing_sync('{catalogue}')")
            wait_until(lambda: pricing.job(job_id)["outcome"], 60, "the sync ends")
            assert pricing.job(job_id)["outcome"] == "success"
    finally:
        processes.end()


@pytest.mark.parametrize("options", [["--no-privileges"], ["--no-owner"]], ids=" ".join)
def test_where_our_roles_are(
    options: list[str], dumped: str, empty_database: str, migrated_cluster: Cluster, tmp_path: Path
) -> None:
    copy(dumped, empty_database, *options)
    result = migrate(empty_database)
    assert result.mended and result.differences == () == result.advice
    assert rights(empty_database) == rights(dumped)
    assert structure(empty_database) == structure(dumped)
    assert_it_works(empty_database, tmp_path)


def test_where_our_roles_are_not(dumped: str, cluster: Cluster, tmp_path: Path) -> None:
    with another_cluster(cluster) as elsewhere, elsewhere.database() as name:
        url = elsewhere.url_of(name)
        copy(dumped, url)
        result = migrate(url)
        assert result.mended and result.differences == () == result.advice
        assert_it_works(url, tmp_path)
        with elsewhere.database() as fresh:
            migrate(elsewhere.url_of(fresh))
            assert rights(url) == rights(elsewhere.url_of(fresh))


def test_where_the_login_may_not_create_our_roles(
    dumped: str, cluster: Cluster, tmp_path: Path
) -> None:
    """``migrate`` goes on as that login and names what a superuser could run."""
    with (
        another_cluster(cluster) as elsewhere,
        elsewhere.login_role(can_create_roles=False) as (user, password),
        elsewhere.database(owner=user) as name,
    ):
        url = elsewhere.url_of(name, user=user, password=password)
        copy(dumped, url, "--no-owner", "--no-privileges")
        advice = migrate(url).advice
        assert {statement for statement in advice if statement.startswith("create role")}
        assert_it_works(url, tmp_path)
        for statement in advice:
            elsewhere.execute(statement)
        assert migrate(url).differences == ()
        assert_it_works(url, tmp_path)
        with elsewhere.database(owner=user) as fresh:
            migrate(elsewhere.url_of(fresh, user=user, password=password))
            assert rights(url) == rights(elsewhere.url_of(fresh))


@pytest.mark.parametrize("option", ["--schema=public", "--exclude-schema=procrastinate"])
def test_without_the_engine_s_schema(
    option: str, dumped: str, empty_database: str, tmp_path: Path
) -> None:
    """The ledger has the steps but the schema is gone: it is made again, with our indexes."""
    copy(dumped, empty_database, option)
    assert "pricing_release_" not in str(state_differences(empty_database))
    result = migrate(empty_database)
    assert "engine" in result.applied and result.differences == ()
    assert structure(empty_database) == structure(dumped)
    assert rights(empty_database) == rights(dumped)
    assert migrate(empty_database).mended == ()
    assert_it_works(empty_database, tmp_path)


def test_rows_only_into_a_database_that_was_migrated(
    dumped: str, database_factory: DatabaseFactory, tmp_path: Path
) -> None:
    """The queue's numbers begin again; ``migrate`` sets them past those of the log."""
    url = database_factory()
    migrate(url)
    copy(dumped, url, "--data-only", "--schema=public", "--disable-triggers")
    assert "procrastinate_jobs_id_seq: would give 1 again" in str(migrate(url).mended)
    assert_it_works(url, tmp_path)


def test_without_constraints_and_indexes(dumped: str, empty_database: str) -> None:
    copy(dumped, empty_database, "--section=pre-data", "--section=data")
    with pytest.raises(MigrationError) as refused:
        migrate(empty_database)
    assert "no primary key" in refused.value.message
    assert "--section=post-data" in (refused.value.hint or "")
    copy(dumped, empty_database, "--section=post-data")
    assert migrate(empty_database).differences == ()


def test_without_a_table(database: str) -> None:
    execute(database, "drop table public.pricing_locks cascade")
    with pytest.raises(MigrationError) as refused:
        migrate(database)
    assert "public.pricing_locks" in refused.value.message
    assert "pg_restore --table" in (refused.value.hint or "")


OTHERS = [
    ("public.pricing_drift", "create table public.pricing_drift ()", "is a table"),
    (
        "public.pricing_held",
        "create materialized view public.pricing_held as select 1 as one",
        "is a materialized view",
    ),
]


@pytest.mark.parametrize(("name", "statement", "said"), OTHERS)
def test_something_else_in_the_place_of_a_view(
    name: str, statement: str, said: str, database: str
) -> None:
    execute(database, f"drop view {name} cascade", statement)
    with pytest.raises(MigrationError) as refused:
        migrate(database)
    assert f"{name} {said}" in refused.value.message
    execute(database, str(refused.value.hint).partition("again: ")[2])
    assert migrate(database).mended
    assert [each for each in state_differences(database) if each.is_ours] == []
