"""A password of special characters, right, wrong and refused, through every command."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import psycopg
import pytest
from psycopg import sql
from psycopg.rows import DictRow

from tests.support.postgres import Cluster, free_port
from tests.support.processes import Process, Processes
from tests.support.waiting import wait_until

MARK = "pArT"
# Every command must read the first alike; the second has a slash, and so two meanings.
UNDERSTOOD = "pArT1#pArT2?pArT3[pArT4]pArT5\\pArT6:pArT7@pArT8&=+,;'\"%25@"
PASSWORD = UNDERSTOOD.replace("%25", "%")
NOT_UNDERSTOOD = f"12/{PASSWORD}"

# Commands that end by themselves.
COMMANDS = (
    ["config"],
    ["config", "--json"],
    ["migrate", "--status"],
    ["migrate"],
    ["doctor"],
    ["status"],
    ["--debug", "models"],
)
VARIABLES = ("DATABASE_URL", "PRICING_WEB_DATABASE_URL", "PRICING_WORKER_DATABASE_URL")


@pytest.fixture
def owner(migrated_cluster: Cluster) -> Iterator[str]:
    name = migrated_cluster.new_name("user")
    with psycopg.connect(migrated_cluster.url, autocommit=True) as connection:
        create = "create role {} login superuser password {}"
        connection.execute(sql.SQL(create).format(sql.Identifier(name), sql.Literal(PASSWORD)))
    yield name
    migrated_cluster.execute("drop role {}", name)


class Everything:
    """All commands and both processes, run at once with the same URL in each variable."""

    def __init__(self, processes: Processes, url: str) -> None:
        processes.environment |= dict.fromkeys(VARIABLES, url)
        self.port = free_port()
        self.commands = [processes.service(*each, may_fail="--debug" in each) for each in COMMANDS]
        self.commands.append(processes.procrastinate("healthchecks", may_fail=True))
        self.serve = processes.service("serve", "--port", str(self.port))
        self.worker = processes.service("worker")
        self.engine = processes.procrastinate("worker", may_fail=True)

    @property
    def all(self) -> list[Process]:
        return [*self.commands, self.serve, self.worker, self.engine]

    def wait_for_the_commands(self) -> None:
        for command in self.commands:
            command.popen.wait(60)

    def is_ready(self) -> bool:
        try:
            return httpx2.get(f"http://127.0.0.1:{self.port}/health/ready", timeout=30).is_success
        except httpx2.HTTPError:
            return False

    def require_silence(self) -> None:
        for process in self.all:
            assert MARK not in process.output, process.output


def test_right(
    processes: Processes,
    migrated_cluster: Cluster,
    database: str,
    connection: psycopg.Connection[DictRow],
    owner: str,
) -> None:
    url = url_of(migrated_cluster, database, f"{owner}:{UNDERSTOOD}")
    running = Everything(processes, url)
    running.wait_for_the_commands()
    for command in running.commands:
        # The doctor only warns about a superuser.
        assert command.popen.returncode == 0, command.output
    wait_until(running.is_ready, 60, "the web process is ready")
    workers = "select count(*) from procrastinate.procrastinate_workers"
    wait_until(
        lambda: (connection.execute(workers).fetchone() or {})["count"] == 2, 60, "two workers"
    )
    running.require_silence()
    tables = connection.execute(
        "select format('%I.%I', schemaname, tablename) as name from pg_tables"
        " where schemaname in ('public', 'procrastinate')"
    ).fetchall()
    for table in tables:
        found = f"select from {table['name']} as each where each::text like %s"
        assert not connection.execute(found.encode(), [f"%{MARK}%"]).fetchall(), table


def test_wrong(processes: Processes, migrated_cluster: Cluster, database: str, owner: str) -> None:
    url = url_of(migrated_cluster, database, f"{owner}:{UNDERSTOOD}pArT9")
    running = Everything(processes, url)
    running.wait_for_the_commands()
    for command in running.commands[2:]:
        assert command.popen.returncode, command.output
        assert "authentication failed" in command.output
    waiting = (running.serve, running.worker, running.engine)
    wait_until(
        lambda: (
            running.is_ready() or all("authentication failed" in each.output for each in waiting)
        ),
        60,
        "both say that they are not let in",
    )
    assert all(each.is_running for each in waiting)
    running.require_silence()


def test_not_understood(
    processes: Processes, migrated_cluster: Cluster, database: str, owner: str
) -> None:
    url = url_of(migrated_cluster, database, f"{owner}:{NOT_UNDERSTOOD}")
    running = Everything(processes, url)
    for process in running.all:
        process.popen.wait(60)
        assert process.popen.returncode, process.output
        assert "DATABASE_URL is no database URL" in process.output
    running.require_silence()


def url_of(cluster: Cluster, database: str, login: str) -> str:
    return f"postgresql://{login}@{cluster.url_of(database.rpartition('/')[2]).rpartition('@')[2]}"
