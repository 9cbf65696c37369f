"""The TLS parameters of an address mean the same to a command, to the worker and to the web."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from service.database_address.address import DatabaseAddress
from service.embedded.postgres_server import PostgresServer, unprivileged_account
from service.embedded.server_programs import server_programs
from service.errors import DatabaseUnavailable
from service.postgres import sessions
from service.postgres.connect import connect
from service.web.database.asyncpg_connect import open_connection
from service.web.database.database_errors import CannotConnect
from tests.support.postgres import SETTINGS, free_port, installed_programs
from tests.support.processes import Processes

REQUEST = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    " -subj /CN=localhost -addext subjectAltName=DNS:localhost"
)
IS_ENCRYPTED = "select ssl from pg_catalog.pg_stat_ssl where pid = pg_backend_pid()"


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    home.chmod(0o755)
    yield home
    shutil.rmtree(home)


@pytest.fixture(scope="module")
def port(home: Path) -> Iterator[int]:
    """The port of a server whose certificate is for the name localhost."""
    account = unprivileged_account()
    account.own(home)
    programs = installed_programs() or server_programs(home, account)
    port = free_port()
    for name in ("server", "stranger"):
        certificate, key = home / f"{name}.crt", home / f"{name}.key"
        subprocess.run(
            [*REQUEST.split(), "-out", certificate, "-keyout", key],
            check=True,
            capture_output=True,
        )
        account.own(key)
    files = {"ssl_cert_file": f"{home}/server.crt", "ssl_key_file": f"{home}/server.key"}
    settings = {**SETTINGS, "listen_addresses": "localhost", "ssl": "on", **files}
    server = PostgresServer(programs, home, home / "log", account, settings, port)
    server.create_data("--locale=C")
    server.start(home)
    yield port
    server.stop()


def by_all(url: str, environment: pytest.MonkeyPatch) -> set[bool | str]:
    """For command, worker and web: whether the connection is encrypted, or why it failed."""
    environment.setenv("PRICING_WORKER_DATABASE_URL", url)
    address = DatabaseAddress.from_text("DATABASE_URL", url)

    def by_command() -> bool:
        with connect(address) as connection:
            return bool((connection.execute(IS_ENCRYPTED).fetchone() or [None])[0])

    async def by_worker() -> bool:
        connection = await sessions._connect()
        found = await (await connection.execute(IS_ENCRYPTED)).fetchone()
        await connection.close()
        return bool((found or [None])[0])

    async def by_web() -> bool:
        connection = await open_connection(address, name="", seconds=5)
        found = await connection.fetchval(IS_ENCRYPTED)
        await connection.close()
        return bool(found)

    found: set[bool | str] = set()
    for ask in (by_command, lambda: asyncio.run(by_worker()), lambda: asyncio.run(by_web())):
        try:
            found.add(ask())
        except (DatabaseUnavailable, psycopg.OperationalError, CannotConnect) as error:
            found.add("TLS" if "TLS with " in str(error) else str(error))
    return found


def test_tls(clean_environment: pytest.MonkeyPatch, home: Path, port: int) -> None:
    # Ignore the certificates of the account that runs the tests.
    clean_environment.setenv("HOME", str(home))
    for host, query, expected in (
        ("localhost", "", True),
        ("localhost", "?sslmode=disable", False),
        ("127.0.0.1", "?sslmode=require", True),
        (
            f"127.0.0.1:{port},localhost",
            f"?sslmode=verify-full&sslrootcert={home}/server.crt",
            True,
        ),
        ("127.0.0.1", f"?sslmode=verify-ca&sslrootcert={home}/server.crt", True),
        ("127.0.0.1", f"?sslmode=verify-full&sslrootcert={home}/server.crt", "TLS"),
        ("localhost", f"?sslmode=require&sslrootcert={home}/stranger.crt", "TLS"),
        ("localhost", "?sslmode=verify-full&sslrootcert=system", "TLS"),
        ("localhost", "?sslmode=require&ssl_max_protocol_version=TLSv1.2", True),
        ("%2F" + str(home)[1:].replace("/", "%2F"), "?sslmode=verify-full", False),
    ):
        url = f"postgresql://postgres@{host}:{port}/postgres{query}"
        assert by_all(url, clean_environment) == {expected}, url


def test_tls_by_the_environment(
    clean_environment: pytest.MonkeyPatch, home: Path, port: int
) -> None:
    clean_environment.setenv("PGSSLMODE", "verify-full")
    clean_environment.setenv("PGSSLROOTCERT", f"{home}/stranger.crt")
    url = f"postgresql://postgres@localhost:{port}/postgres"
    assert by_all(url, clean_environment) == {"TLS"}
    assert by_all(f"{url}?sslrootcert={home}/server.crt", clean_environment) == {True}


def test_a_key_without_its_pass_phrase_is_an_error_and_no_question(
    processes: Processes, home: Path, port: int
) -> None:
    encrypted = home / "encrypted.key"
    subprocess.run(
        [
            *("openssl", "pkey", "-in", home / "stranger.key", "-out", encrypted),
            *("-aes128", "-passout", "pass:pArT1"),
        ],
        check=True,
        capture_output=True,
    )
    encrypted.chmod(0o600)
    files = f"sslcert={home}/stranger.crt&sslkey={encrypted}"
    url = f"postgresql://postgres@localhost:{port}/postgres?sslmode=require&{files}"
    command = processes.service("models", DATABASE_URL=url)
    assert command.wait(20) == 1
    assert "TLS with " in command.output and "pass phrase" not in command.output
    wrong = processes.service("models", DATABASE_URL=f"{url}&sslpassword=pArT2")
    assert wrong.wait(20) == 1
    assert "TLS with " in wrong.output and "pArT" not in wrong.output
