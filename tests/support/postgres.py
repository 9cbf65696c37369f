"""The Postgres server of the tests.

``TEST_DATABASE_URL`` (a superuser's; what is made there is dropped afterwards), else Docker when an
engine runs and has the image, else installed server binaries, else the embedded wheel.
``TEST_WITH=docker|server|embedded`` forces one, ``TEST_POSTGRES_VERSION=17`` a version's server.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from service.embedded.embedded_postgres import database_url
from service.embedded.postgres_server import PORT, PostgresServer, unprivileged_account
from service.embedded.server_programs import server_programs
from tests.support.server_versions import programs_of
from tests.support.waiting import wait_until

IMAGE = "supabase/postgres:15.8.1.085"
CRON_DATABASE = "pricing_cron"
LOWEST_PORT = 10240

# Speed over durability: a test's database is thrown away after a crash anyway.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "max_wal_size": "4GB",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    # As on Supabase, whose Realtime decodes it.
    "wal_level": "logical",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] %d ",
}


@dataclass
class Cluster:
    """A running server.

    ``url`` is a superuser's; ``cron_database`` is the database of pg_cron, if the tests may use it;
    ``template`` a migrated database to copy.
    """

    url: str
    kind: str
    cron_database: str | None = None
    log: Path | None = None
    template: str | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def url_of(self, database: str, *, user: str | None = None, password: str | None = None) -> str:
        """The URL of another database, for another user if named."""
        parts = urlsplit(self.url)
        netloc = parts.netloc
        if user is not None:
            login = quote(user, safe="")
            if password is not None:
                login += ":" + quote(password, safe="")
            netloc = f"{login}@{netloc.rpartition('@')[2]}"
        return urlunsplit(parts._replace(netloc=netloc, path=f"/{database}"))

    def execute(self, statement: str, *names: str) -> None:
        """Run one statement, its ``{}`` replaced by quoted names, outside a transaction."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def new_name(self, what: str = "test") -> str:
        # The process id is part of the name: several runs may share one server.
        return f"pricing_{what}_{os.getpid()}_{next(self._numbers)}"

    @contextmanager
    def database(self, template: str | None = None, owner: str | None = None) -> Iterator[str]:
        """A database that is dropped afterwards, open connections or not; yields its name."""
        name = self.new_name()
        self.execute("create database {} template {}", name, template or "template0")
        try:
            if owner is not None:
                self.execute("alter database {} owner to {}", name, owner)
            yield name
        finally:
            self.execute("drop database if exists {} with (force)", name)

    @contextmanager
    def migrated_template(self, migrate: Callable[[str], object]) -> Iterator[None]:
        """A database that is migrated once and then copied for each test; see ``stop_schedule`` and
        ``accept_every_change``."""
        with self.database() as name:
            migrate(self.url_of(name))
            stop_schedule(self.url_of(name))
            accept_every_change(self.url_of(name))
            _empty_audit_log(self.url_of(name))
            # An open connection would prevent copies of it.
            self.execute("alter database {} allow_connections false", name)
            self.template = name
            yield
            self.template = None

    @contextmanager
    def login_role(self, *, can_create_roles: bool) -> Iterator[tuple[str, str]]:
        """A login role that is no superuser; yields name and password."""
        name, password = self.new_name("user"), "for-this-test-only"
        attributes = "createrole" if can_create_roles else "nocreaterole"
        self.execute(f"create role {{}} login {attributes} nosuperuser password '{password}'", name)
        if can_create_roles:
            self._give_our_roles(name)
        try:
            yield name, password
        finally:
            # Its grants in other databases may prevent the drop; then it loses its login.
            with suppress(psycopg.Error):
                self.execute("alter role {} nologin", name)
                self.execute("drop role {}", name)

    @contextmanager
    def clean_cron_database(self) -> Iterator[str]:
        """The database of pg_cron, with the extension and nothing else; yields its URL.

        It is emptied, never dropped: a drop would end pg_cron's launcher for good.
        """
        assert self.cron_database is not None
        url = self.url_of(self.cron_database)
        self._empty(url)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("create extension pg_cron")
        try:
            yield url
        finally:
            self._empty(url)

    def _empty(self, url: str) -> None:
        drop_pg_cron(url)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and backend_type = 'client backend'"
                " and pid <> pg_backend_pid() and application_name not like 'pg_cron%'"
            )
            connection.execute("drop schema if exists procrastinate, public cascade")
            connection.execute("create schema public authorization pg_database_owner")
            connection.execute("grant usage on schema public to public")

    def _give_our_roles(self, user: str) -> None:
        """Grant our roles with admin option, as 16 and later do for the creator of a role."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            if connection.info.server_version < 160000:
                return
            roles = connection.execute(
                "select rolname from pg_catalog.pg_roles where not rolcanlogin and not rolsuper"
                " and (rolname in ('pricing_owner', 'pricing_worker', 'pricing_web')"
                " or rolname in ('anon', 'authenticated', 'service_role'))"
            ).fetchall()
            for (role,) in roles:
                connection.execute(
                    sql.SQL("grant {} to {} with admin true, inherit false, set false").format(
                        sql.Identifier(role), sql.Identifier(user)
                    )
                )


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """The server that environment and machine offer; stopped at the end if this run started it."""
    forced = os.environ.get("TEST_WITH", "")
    if forced not in ("", "docker", "server", "embedded"):
        raise RuntimeError(f"TEST_WITH={forced}: docker, server or embedded")
    with ExitStack() as stack:
        if url := os.environ.get("TEST_DATABASE_URL"):
            yield stack.enter_context(_existing(url))
        elif forced == "docker" or (
            not forced and "TEST_POSTGRES_VERSION" not in os.environ and _docker_has_image()
        ):
            yield stack.enter_context(_docker_cluster())
        elif forced != "embedded" and (programs := installed_programs()) is not None:
            yield stack.enter_context(_server_cluster(programs, "server"))
        elif forced == "server":
            raise RuntimeError("TEST_WITH=server, but no PostgreSQL server is installed")
        else:
            yield stack.enter_context(_server_cluster(None, "embedded"))


@contextmanager
def another_cluster(beside: Cluster) -> Iterator[Cluster]:
    """A second server, of the same version if possible, without any of our roles."""
    programs = None if beside.kind == "embedded" else installed_programs()
    with _server_cluster(programs, "another") as cluster:
        yield cluster


def installed_programs() -> Path | None:
    """The directory of an installed server's programs: one with pg_cron first, then the newest.

    ``TEST_POSTGRES_VERSION`` names another, which need not be installed.
    """
    if version := os.environ.get("TEST_POSTGRES_VERSION"):
        return programs_of(int(version))
    places = list(Path("/usr/lib/postgresql").glob("*/bin")) + list(
        Path("/usr").glob("pgsql-*/bin")
    )
    if (pg_config := shutil.which("pg_config")) is not None:
        answer = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=True)
        places.append(Path(answer.stdout.strip()))
    servers = {place.resolve() for place in places if (place / "postgres").exists()}
    return max(servers, key=lambda place: (_has_cron(place), _version(place)), default=None)


def drop_pg_cron(url: str) -> None:
    """Drop the extension if it exists, without ending its launcher.

    The launcher needs a second to notice that a job is gone. A job that comes due within that
    second, when a minute begins, finds no schema ``cron`` and ends the launcher.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        if connection.execute("select to_regclass('cron.job')").fetchone() == (None,):
            return
        connection.execute("delete from cron.job")
        wait_until(lambda: 2 < time.time() % 60 < 57, what="the minute's edge is not near")
        running = "select from cron.job_run_details where status in ('starting', 'running')"
        wait_until(lambda: not connection.execute(running).fetchall(), what="no job runs")
        connection.execute("drop extension pg_cron cascade")


def stop_schedule(url: str) -> None:
    """Workers and pg_cron tick but enqueue nothing, so that only tests trigger syncs."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("update public.pricing_settings set scheduler_enabled = false")


def accept_every_change(url: str) -> None:
    """Enable three of the shipped providers, and turn off their guards.

    A test about another provider, or about guards, sets its own.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "update public.pricing_providers set guards_enabled = false, review_first = false,"
            " enabled = slug in ('catalogue', 'deepinfra', 'openrouter')"
        )


def _empty_audit_log(url: str) -> None:
    """For a superuser: only the triggers refuse it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("delete from public.pricing_audit_log")


def free_port() -> int:
    """A port outside the range that the system assigns, so that no other process gets it meanwhile.

    It also stays free while its server is away, as in a test of an outage.
    """
    while True:
        port = LOWEST_PORT + secrets.randbelow(_lowest_of_any_port() - LOWEST_PORT)
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _lowest_of_any_port() -> int:
    """The lowest port that the system assigns by itself, to either end of a connection."""
    try:
        text = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text()
    except OSError:
        return 32768
    return max(int(text.split()[0]), LOWEST_PORT + 1000)


def _version(programs: Path) -> int:
    command = [str(programs / "postgres"), "--version"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    major = re.search(r"\d+", answer)
    assert major is not None, answer
    return int(major.group())


def _has_cron(programs: Path) -> bool:
    return any(programs.parent.glob("lib*/**/pg_cron.so"))


@contextmanager
def _server_cluster(programs: Path | None, kind: str) -> Iterator[Cluster]:
    account = unprivileged_account()
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    account.own(home)
    if programs is None:
        programs = server_programs(home, account)
    has_cron = _has_cron(programs)
    port = free_port()
    settings = {**SETTINGS, "listen_addresses": "127.0.0.1"}
    if has_cron:
        settings |= {
            "shared_preload_libraries": "pg_cron",
            "cron.database_name": CRON_DATABASE,
            "cron.host": str(home),
        }
    log = home / "log"
    server = PostgresServer(programs, home, log, account, settings, port)
    try:
        # Other users of this machine can reach the port, but not the socket.
        server.create_data("--locale=C", "--auth-host=scram-sha-256")
        server.start(home)
        password = secrets.token_hex(16)
        behind_socket = database_url(home, "postgres", port)
        with psycopg.connect(behind_socket, autocommit=True) as connection:
            connection.execute(
                sql.SQL("alter role postgres password {}").format(sql.Literal(password))
            )
            if has_cron:
                # Early: pg_cron's launcher dies and restarts until its database exists.
                connection.execute(f"create database {CRON_DATABASE}")
        yield Cluster(
            f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres",
            kind,
            cron_database=CRON_DATABASE if has_cron else None,
            log=log,
        )
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _existing(url: str) -> Iterator[Cluster]:
    """A server that this run did not start: only databases made here are touched."""
    with psycopg.connect(url) as connection:
        if connection.info.parameter_status("is_superuser") != "on":
            raise RuntimeError("TEST_DATABASE_URL must be a superuser's")
        (served,) = connection.execute(
            "select current_setting('cron.database_name', true)"
        ).fetchone() or (None,)
        taken = connection.execute("select 1 from pg_database where datname = %s", [served])
        # pg_cron serves one database; the tests use it only if they may create it.
        has_cron = served == CRON_DATABASE and taken.fetchone() is None
    cluster = Cluster(url, "existing", cron_database=CRON_DATABASE if has_cron else None)
    if has_cron:
        cluster.execute("create database {}", CRON_DATABASE)
    try:
        yield cluster
    finally:
        if has_cron:
            cluster.execute("drop database {} with (force)", CRON_DATABASE)


def _docker_has_image() -> bool:
    """Whether an engine runs and has the image already: the tests pull no image."""
    if shutil.which("docker") is None:
        return False
    command = ["docker", "image", "inspect", "--format", "{{.Id}}", IMAGE]
    try:
        return subprocess.run(command, capture_output=True, timeout=5).returncode == 0
    except subprocess.TimeoutExpired:
        return False


@contextmanager
def _docker_cluster() -> Iterator[Cluster]:
    from testcontainers.core.config import testcontainers_config
    from testcontainers.core.container import DockerContainer

    # testcontainers' cleaner would be another image to pull; the container is removed below.
    testcontainers_config.ryuk_disabled = True
    password = secrets.token_hex(16)
    container = (
        DockerContainer(IMAGE)
        .with_env("POSTGRES_PASSWORD", password)
        .with_exposed_ports(PORT)
        .with_command("postgres -D /etc/postgresql -c max_connections=300 -c fsync=off")
    )
    with container:
        address = f"{container.get_container_host_ip()}:{container.get_exposed_port(PORT)}"
        # supabase_admin is the image's superuser, and pg_cron serves its database postgres.
        url = f"postgresql://supabase_admin:{password}@{address}/postgres"
        wait_until(lambda: _answers(url), timeout=120, what="the container's Postgres")
        yield Cluster(url, "docker", cron_database="postgres")


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True
