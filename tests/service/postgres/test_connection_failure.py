"""Both drivers' connection failures become the same sentence, without a secret."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from service.database_address.address import DatabaseAddress
from service.database_address.hosts import Host
from service.errors import DatabaseUnavailable
from service.postgres import sessions
from service.postgres.connect import connect
from service.postgres.connection_failure import failure_of, without_secret
from service.web.database.asyncpg_connect import open_connection
from service.web.database.database_errors import CannotConnect

SECRET = "pArT1@/pArT2"


def told_by_all(url: str, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The sentences of a command, the worker and the web process about the failure."""
    address = DatabaseAddress.from_text("DATABASE_URL", url, {})
    monkeypatch.setenv("PRICING_WORKER_DATABASE_URL", url)
    told = set()
    with pytest.raises(DatabaseUnavailable) as by_command:
        connect(address)
    told.add(by_command.value.message.removeprefix("The database does not answer: "))
    with pytest.raises(psycopg.OperationalError) as by_worker:
        asyncio.run(sessions._connect())
    told.add(str(by_worker.value))
    with pytest.raises(CannotConnect) as by_web:
        asyncio.run(open_connection(address, name="", seconds=2))
    told.add(str(by_web.value))
    for error in (by_command, by_worker, by_web):
        # A traceback would also show the library's message.
        assert error.value.__context__ is None
    return told


def test_no_way_there(clean_environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    login = f"postgresql://u:{SECRET.replace('@', '%40').replace('/', '%2F')}@"
    for place, sentence in (
        ("no.such.invalid:1/d", "cannot connect to no.such.invalid:1: the name cannot be resolved"),
        ("127.0.0.1:1/d", "cannot connect to 127.0.0.1:1: connection refused"),
        (f"/d?host={tmp_path}", f"there is no server's socket in {tmp_path}"),
        (
            "127.0.0.1:1,no.such.invalid:1/d",
            "cannot connect to 127.0.0.1:1: connection refused;"
            " cannot connect to no.such.invalid:1: the name cannot be resolved",
        ),
    ):
        assert told_by_all(login + place, clean_environment) == {sentence}


def test_the_server_says_no(clean_environment: pytest.MonkeyPatch, database: str) -> None:
    place = urlsplit(database)
    host = f"{place.hostname}:{place.port}"
    clean_environment.setenv("LC_ALL", "C")
    assert told_by_all(f"{database}_none", clean_environment) == {
        f'{host} says: database "{place.path[1:]}_none" does not exist'
    }
    wrong = database.replace(f":{place.password}@", f":{place.password}x@")
    assert told_by_all(wrong, clean_environment) == {
        f'{host} says: password authentication failed for user "{place.username}"'
    }
    without = database.replace(f":{place.password}@", "@")
    assert told_by_all(without, clean_environment) == {
        f"{host} wants a password for {place.username}, and none is given"
    }


def test_a_server_that_has_no_tls(clean_environment: pytest.MonkeyPatch, database: str) -> None:
    with psycopg.connect(database) as connection:
        if connection.pgconn.ssl_in_use:
            pytest.skip("this server has TLS")
    told = told_by_all(f"{database}?sslmode=require", clean_environment)
    assert all(each.startswith("TLS with ") for each in told), told


def test_a_host_that_is_not_as_wanted(clean_environment: pytest.MonkeyPatch, database: str) -> None:
    host = f"{urlsplit(database).hostname}:{urlsplit(database).port}"
    told = told_by_all(f"{database}?target_session_attrs=standby", clean_environment)
    assert told == {f"{host} is not as target_session_attrs wants it"}


def idle_seconds(own: socket.socket) -> int:
    """Seconds until the kernel probes the peer; 0 if it does not."""
    if not own.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE):
        return 0
    return own.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)


def test_several_hosts_and_parameters_work_in_both(
    clean_environment: pytest.MonkeyPatch, database: str
) -> None:
    place = urlsplit(database)
    text = (
        f"host=127.0.0.1,{place.hostname} port=1,{place.port} dbname={place.path[1:]}"
        f" user={place.username} password='{place.password}' target_session_attrs=prefer-standby"
        " options='-c work_mem=1234kB' application_name=theirs keepalives_idle=7"
        " connect_timeout=4 sslmode=prefer"
    )
    query = "select current_setting('work_mem'), current_setting('application_name')"
    address = DatabaseAddress.from_text("DATABASE_URL", text, {})
    with connect(address) as connection:
        assert connection.execute(query.encode()).fetchone() == ("1234kB", "theirs")
        with socket.socket(fileno=os.dup(connection.pgconn.socket)) as own:
            assert idle_seconds(own) == 7

    async def by_web() -> tuple[object, ...]:
        connection = await open_connection(address, name="own", seconds=3)
        try:
            own = connection._transport.get_extra_info("socket")  # type: ignore[attr-defined]
            assert idle_seconds(own) == 7
            row = await connection.fetchrow(query)
            return () if row is None else tuple(row)
        finally:
            await connection.close()

    assert asyncio.run(by_web()) == ("1234kB", "theirs")


def test_no_variable_of_libpq_changes_a_whole_address(
    clean_environment: pytest.MonkeyPatch, database: str
) -> None:
    """Our processes remove these variables; here they are set, and change nothing."""
    for name, value in (
        ("PGOPTIONS", "-c work_mem=1234kB"),
        ("PGTZ", "Asia/Tokyo"),
        ("PGAPPNAME", "theirs"),
        ("PGHOST", "127.0.0.1"),
        ("PGPORT", "1"),
        ("PGUSER", "theirs"),
        ("PGPASSWORD", "theirs"),
        ("PGDATABASE", "theirs"),
        ("PGSERVICE", "theirs"),
        ("PGTARGETSESSIONATTRS", "standby"),
        ("PGCLIENTENCODING", "LATIN1"),
    ):
        clean_environment.setenv(name, value)
    clean_environment.setenv("PRICING_WORKER_DATABASE_URL", database)
    query = (
        "select current_setting('work_mem') <> '1234kB', current_setting('application_name'),"
        " current_setting('client_encoding')"
    )
    with connect(database) as connection:
        by_command = connection.execute(query.encode()).fetchone()
    assert not [name for name in os.environ if name.startswith("PG")]

    async def by_worker() -> object:
        connection = await sessions._connect()
        try:
            return await (await connection.execute(query.encode())).fetchone()
        finally:
            await connection.close()

    assert by_command == (True, "pricing-sync", "UTF8")
    assert asyncio.run(by_worker()) == (True, "pricing-sync worker", "UTF8")


def test_what_a_server_says_is_cleared_of_the_password_in_every_form() -> None:
    url = "postgresql://pArT3:pArT1%40%2FpArT2-pArT3@h/d"
    address = DatabaseAddress.from_text("DATABASE_URL", url, {})
    said = "no pArT1@/pArT2-pArT3, pArT1%40%2FpArT2-pArT3 nor pArT2 for user pArT3"
    shown = without_secret(said, address)
    # The user is shown, although the password contains the name.
    assert "pArT1" not in shown and "pArT2" not in shown and shown.endswith("user pArT3")
    unforeseen = failure_of(OSError("pArT1 is odd"), address, Host("h", 1))
    assert unforeseen == "cannot connect to h:1: ******** is odd"
