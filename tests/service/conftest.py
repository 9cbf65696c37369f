"""Fixtures for what stands in front of Postgres: a proxy that fails as networks do, a PgBouncer.

PgBouncer is in transaction mode unless parametrized, and comes with a login role that works behind
it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from hypothesis import settings

from tests.support.postgres import Cluster, free_port
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import wait_until

# Hypothesis draws the same examples on every machine, and a busy machine may be slow with each.
settings.load_profile("ci")

CONFIGURATION = """
[databases]
* = host={host} port={port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen_port}
auth_type = plain
auth_file = {users}
pool_mode = {pool_mode}
max_db_connections = {pool_size}
server_reset_query = {reset_query}
unix_socket_dir =
"""


@pytest.fixture
def proxy(database: str) -> Iterator[TcpProxy]:
    """A proxy in front of the server of ``database``."""
    parts = urlsplit(database)
    with TcpProxy(parts.hostname or "127.0.0.1", parts.port or 5432) as proxy:
        yield proxy


@pytest.fixture
def pool_mode() -> str:
    """PgBouncer's pool mode: ``transaction``, or ``session`` by parametrize."""
    return "transaction"


@pytest.fixture
def pool_size() -> int:
    """PgBouncer's limit of connections to one database; 0 is no limit."""
    return 0


@pytest.fixture
def reset_query() -> str:
    """The statement that resets a server connection before its next client, in session mode."""
    return "DISCARD ALL"


@pytest.fixture
def login_search_path() -> str:
    return "procrastinate, pg_temp"


@pytest.fixture
def login(migrated_cluster: Cluster, login_search_path: str) -> Iterator[tuple[str, str]]:
    """A login role with the settings that the worker needs, unless parametrized."""
    with ExitStack() as stack:
        user, password = stack.enter_context(migrated_cluster.login_role(can_create_roles=False))
        migrated_cluster.execute("grant pricing_worker to {}", user)
        migrated_cluster.execute(f"alter role {{}} set search_path = {login_search_path}", user)
        yield user, password


@pytest.fixture
def pooler(
    migrated_cluster: Cluster,
    login: tuple[str, str],
    open_path: Path,
    pool_mode: str,
    pool_size: int,
    reset_query: str,
) -> Iterator[int]:
    """The port of a PgBouncer."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        reason = "PgBouncer is not installed"
        if os.environ.get("PRICING_TEST_REQUIRE_PGBOUNCER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    server = urlsplit(migrated_cluster.url)
    users = {server.username: server.password, login[0]: login[1]}
    port = free_port()
    (open_path / "users.txt").write_text(
        "".join(f'"{user}" "{password}"\n' for user, password in users.items())
    )
    (open_path / "pgbouncer.ini").write_text(
        CONFIGURATION.format(
            host=server.hostname,
            port=server.port,
            listen_port=port,
            users=open_path / "users.txt",
            pool_mode=pool_mode,
            pool_size=pool_size,
            reset_query=reset_query,
        )
    )
    # PgBouncer refuses to run as root.
    account = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    for path in (open_path, *open_path.iterdir()):
        if os.getuid() == 0:
            os.chown(path, account.pw_uid, account.pw_gid)
    process = subprocess.Popen(
        [program, str(open_path / "pgbouncer.ini")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=account.pw_uid if os.getuid() == 0 else None,
        group=account.pw_gid if os.getuid() == 0 else None,
    )
    try:
        url = f"postgresql://{login[0]}:{login[1]}@127.0.0.1:{port}/postgres"
        wait_until(lambda: _connects(url), 30, "PgBouncer answers")
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _connects(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def through(pooler: int, database: str, login: tuple[str, str] | None = None) -> str:
    """The URL of a database through the pooler, as its owner or with that login."""
    parts = urlsplit(database)
    user, password = login or (parts.username, parts.password)
    return f"postgresql://{user}:{password}@127.0.0.1:{pooler}{parts.path}"
