"""Runs the commands of docs/operations.md that back up, restore, move and roll back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

from service.migrations.migrate import migrate
from service.migrations.schema_files import read_schema
from tests.db.pricing import Pricing, price
from tests.docs.runbook import filled, section_blocks, statements
from tests.docs.typing_in_a_shell import Shell
from tests.releases.dump import client_program, restore
from tests.releases.test_upgrade import FACTS
from tests.service.migrations.pg_catalog import ledger_names, rights, rows, structure
from tests.support.postgres import Cluster, another_cluster, free_port
from tests.support.processes import Processes, answers
from tests.support.waiting import wait_until

pytestmark = pytest.mark.long

BACK_UP, RESTORE, MOVE, ROLL_BACK = (
    [block.text for block in section_blocks(heading)]
    for heading in (
        "Back up",
        "Restore a backup",
        "Move to another server",
        "Roll back an upgrade",
    )
)
OLDER = "0.4.0"
FOR_WANT_OF_A_WORKER = ["workers", "waiting"]


@pytest.fixture
def shell(tmp_path: Path, cluster: Cluster) -> Shell:
    """A shell with Postgres's programs of the server's version."""
    home = tmp_path / "home"
    home.mkdir()
    shell = Shell(home)
    with psycopg.connect(cluster.url) as connection:
        major = connection.info.server_version // 10000
    for name in ("pg_dump", "pg_dumpall", "pg_restore", "psql"):
        shell.stand_in(name, f'exec {client_program(name, major)} "$@"')
    return shell


@pytest.fixture
def used(connection: psycopg.Connection[DictRow]) -> Pricing:
    """Make prices, history, a decision, a key and a waiting sync."""
    pricing = Pricing(connection)
    pricing.sync("openrouter", [price("a"), price("b")])
    pricing.sync("openrouter", [price("a", input="0.000004"), price("b")])
    pricing.do("select set_price_override('openrouter', 'b', input_per_1m => 7, reason => 'mine')")
    pricing.do("select create_pricing_api_key('ops', 'operate')")
    pricing.trigger("catalogue")
    # Remove the simulated workers.
    pricing.do("delete from procrastinate.procrastinate_workers")
    return pricing


@pytest.fixture
def member(migrated_cluster: Cluster) -> Iterator[tuple[str, str]]:
    """A login as `migrate` leaves the owner's: a member of our roles, and no superuser."""
    with migrated_cluster.login_role(can_create_roles=False) as (user, password):
        for role in ("pricing_owner", "pricing_worker", "pricing_web"):
            migrated_cluster.execute("grant {} to {}", role, user)
        yield user, password


def facts(url: str) -> dict[str, list[tuple[object, ...]]]:
    return {table: rows(url, f"select t::text from {table} t order by 1") for table in FACTS}


def assert_the_waiting_sync_is_done(url: str, directory: Path) -> None:
    """Assert that a worker which starts there runs the waiting sync once."""
    processes = Processes(directory, {"DATABASE_URL": url})
    ended = "select outcome from pricing_sync_jobs where 'catalogue' = any (providers)"
    try:
        processes.service("worker")
        wait_until(lambda: rows(url, ended) == [("success",)], 60, "what waited is done")
    finally:
        processes.end()


def failing(doctor: str) -> list[str]:
    return re.findall(r"^fail +(\S+)", doctor, re.MULTILINE)


def test_a_member_s_backup_is_restored_with_owners_and_rights(
    shell: Shell,
    database: str,
    used: Pricing,
    migrated_cluster: Cluster,
    member: tuple[str, str],
    tmp_path: Path,
) -> None:
    dump, roles = BACK_UP
    with_rights, _, doctor, decisions = RESTORE
    user, password = member
    name = used.connection.info.dbname
    as_member = migrated_cluster.url_of(name, user=user, password=password)
    shell.environment = {"DATABASE_URL": as_member}
    shell.type(dump)
    shell.type(roles)
    kept = (shell.home / "roles.sql").read_text()
    assert "CREATE ROLE pricing_owner;" in kept and "PASSWORD" not in kept
    with migrated_cluster.database() as name:
        url = migrated_cluster.url_of(name)
        shell.environment |= {"RESTORED_URL": url}
        assert "nothing to do" in shell.type(with_rights)
        assert failing(shell.type(doctor)) == FOR_WANT_OF_A_WORKER
        assert facts(url) == facts(database)
        assert rights(url) == rights(database)
        assert structure(url) == structure(database)
        assert ("set_price_override", 1) in [
            row[:2] for statement in statements(decisions) for row in rows(url, statement)
        ]
        assert_the_waiting_sync_is_done(url, tmp_path)


def test_a_backup_is_restored_without_them_where_our_roles_are_not(
    shell: Shell, database: str, used: Pricing, cluster: Cluster, tmp_path: Path
) -> None:
    dump, _ = BACK_UP
    _, without, doctor, _ = RESTORE
    # The waiting sync runs now, on a worker that does not exist when the dump is restored.
    running = used.fetch(used.worker("30 seconds"))
    assert running is not None
    shell.environment = {"DATABASE_URL": database}
    shell.type(dump)
    with (
        another_cluster(cluster) as elsewhere,
        elsewhere.login_role(can_create_roles=True) as (user, password),
        elsewhere.database(owner=user) as name,
    ):
        shell.environment |= {"RESTORED_URL": elsewhere.url_of(name, user=user, password=password)}
        assert "Restored" in shell.type(without)
        assert failing(shell.type(doctor)) == ["workers", "stuck"]
        url = elsewhere.url_of(name)
        assert facts(url) == facts(database)
        assert structure(url) == structure(database)
        assert_the_waiting_sync_is_done(url, tmp_path)
        attempts = (
            "select attempt, error_kind from pricing_sync_log"
            f" where queue_job_id = {running.queue_job_id} order by attempt"
        )
        assert rows(url, attempts) == [(1, "worker_lost"), (2, None)]


def test_a_move_loses_nothing_and_doubles_nothing(
    shell: Shell,
    database: str,
    used: Pricing,
    migrated_cluster: Cluster,
    cluster: Cluster,
    tmp_path: Path,
) -> None:
    close, copy, compare = MOVE
    with (
        migrated_cluster.login_role(can_create_roles=False) as (web, password),
        migrated_cluster.login_role(can_create_roles=False) as (worker, _),
        another_cluster(cluster) as elsewhere,
        elsewhere.database() as name,
    ):
        old_name = used.connection.info.dbname
        logged_in = migrated_cluster.url_of(old_name, user=worker, password=password)
        with psycopg.connect(logged_in) as forgotten:
            for statement in statements(filled(close, worker_login=worker, web_login=web)):
                used.connection.execute(statement.encode())
            with pytest.raises(psycopg.OperationalError):
                forgotten.execute("select")
        for user in (web, worker):
            with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
                psycopg.connect(
                    migrated_cluster.url_of(old_name, user=user, password=password)
                ).close()
        new = elsewhere.url_of(name)
        shell.environment = {"DATABASE_URL": database, "NEW_URL": new}
        assert failing(shell.type(copy)) == FOR_WANT_OF_A_WORKER
        assert rows(new, compare) == rows(database, compare)
        assert facts(new) == facts(database)
        assert_the_waiting_sync_is_done(new, tmp_path)
        waiting = "select count(*) from pricing_sync_log where status = 'queued'"
        assert (rows(new, waiting), rows(database, waiting)) == ([(0,)], [(1,)])


def test_the_database_goes_back_by_its_backup(
    shell: Shell, cluster: Cluster, empty_database: str
) -> None:
    dump, _ = BACK_UP
    go_back, decisions = ROLL_BACK
    restore(empty_database, OLDER)
    before = facts(empty_database)
    shell.environment = {"DATABASE_URL": empty_database}
    shell.type(dump)
    migrate(empty_database)
    changed = "update pricing_providers set enabled = false where slug = 'openrouter'"
    with psycopg.connect(empty_database, autocommit=True, row_factory=dict_row) as connection:
        connection.execute(changed)
        (lost,) = statements(filled(decisions, time_of_the_backup="2000-01-01"))
        found = connection.execute(lost.encode()).fetchall()
        assert found and found[-1]["subject"] is not None
    with cluster.database() as name:
        url = cluster.url_of(name)
        shell.environment |= {"RESTORED_URL": url}
        history = len(before["public.model_pricing_history"])
        assert str(history) in shell.type(go_back)
        assert facts(url) == before
        release = read_schema().releases[OLDER]
        assert ledger_names(url) == sorted({"db", *release.migrations, *release.engine})


def test_processes_of_an_older_version_work_beside_a_newer_database(
    database: str, connection: psycopg.Connection[DictRow], processes: Processes
) -> None:
    """This version runs on a ledger with entries that it does not know."""
    connection.execute(
        "insert into pricing_schema_ledger (name, digest)"
        " values ('migrations/29991231000000_of_tomorrow.sql', 'x');"
        " update pricing_schema_ledger set digest = 'x' where name = 'db'"
    )
    port = free_port()
    processes.service("serve", "--port", str(port))
    processes.service("worker")
    wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"), 60, "the web process")
    pricing = Pricing(connection)
    job_id = pricing.trigger("catalogue")["job_id"]
    wait_until(lambda: pricing.job(job_id)["outcome"] == "success", 60, "the sync")
    ready = httpx2.get(f"http://127.0.0.1:{port}/health/ready", timeout=30)
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert "those of another version" in str(ready.json()["warnings"])
    refused = processes.service("migrate")
    assert refused.wait(60) == 1
    assert "migrated by a newer version" in refused.output
