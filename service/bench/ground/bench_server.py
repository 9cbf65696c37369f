"""The Postgres server of one run of the benchmark: an installed one, else the embedded one.

It writes as a server of an operator does, with ``fsync``; its data is deleted at the end.
"""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from service.bench.ground.free_port import free_port
from service.embedded.postgres_server import PostgresServer, unprivileged_account
from service.embedded.server_programs import server_programs
from service.migrations.migrate import migrate

SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "max_connections": "300",
    "max_wal_size": "4GB",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "listen_addresses": "127.0.0.1",
    "log_min_messages": "warning",
    "autovacuum_naptime": "15s",
}
STATEMENTS = "pg_stat_statements"


@dataclass
class BenchServer:
    """A running server; ``url`` is its superuser's. ``counts_statements``: it has the extension."""

    url: str
    programs: Path
    version: str
    counts_statements: bool
    data: Path
    _template: str | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def url_of(self, database: str) -> str:
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{database}"))

    def setting(self, name: str) -> str:
        with psycopg.connect(self.url, autocommit=True) as connection:
            row = connection.execute("select current_setting(%s)", [name]).fetchone()
        return str(row[0]) if row is not None else ""

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """The URL of a database that is dropped afterwards."""
        with self._database("template0") as url:
            yield url

    @contextmanager
    def migrated_database(self) -> Iterator[str]:
        """The same with our schema, and its schedule off."""
        if self._template is None:
            self._template = "bench_template"
            self._execute("create database {}", self._template)
            url = self.url_of(self._template)
            migrate(url)
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("update pricing_settings set scheduler_enabled = false")
                if self.counts_statements:
                    connection.execute("create schema statements")
                    connection.execute("create extension pg_stat_statements schema statements")
        with self._database(self._template) as url:
            yield url

    @contextmanager
    def _database(self, template: str) -> Iterator[str]:
        name = f"bench_{next(self._numbers)}"
        self._execute("create database {} template {}", name, template)
        try:
            yield self.url_of(name)
        finally:
            self._execute("drop database {} with (force)", name)

    def _execute(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def running_server() -> Iterator[BenchServer]:
    account = unprivileged_account()
    home = Path(tempfile.mkdtemp(prefix="pricing-bench-"))
    account.own(home)
    programs = _installed_programs() or server_programs(home, account)
    counts = any(programs.parent.glob(f"**/{STATEMENTS}.so"))
    settings = dict(SETTINGS)
    if counts:
        settings |= {
            "shared_preload_libraries": STATEMENTS,
            "pg_stat_statements.track": "top",
            "pg_stat_statements.track_planning": "on",
        }
    port = free_port()
    server = PostgresServer(programs, home, home / "log", account, settings, port)
    try:
        server.create_data("--locale=C", "--auth-host=scram-sha-256")
        server.start(home)
        password = secrets.token_hex(16)
        with psycopg.connect(
            host=str(home), port=port, user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(
                sql.SQL("alter role postgres password {}").format(sql.Literal(password))
            )
            version = str(connection.info.parameter_status("server_version"))
        url = f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
        yield BenchServer(url, programs, version, counts, server.data)
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def _installed_programs() -> Path | None:
    """The newest installed server's."""
    found = [
        path.parent
        for place in ("/usr/lib/postgresql/*/bin/postgres", "/usr/pgsql-*/bin/postgres")
        for path in Path("/").glob(place.lstrip("/"))
    ]
    return max(found, key=_version, default=None)


def _version(programs: Path) -> int:
    numbers = re.findall(r"\d+", str(programs))
    return int(numbers[0]) if numbers else 0
