"""Settings of database, login and environment do not change what we read and write."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import psycopg
import pytest
from psycopg import sql

from service.database_address.address import DatabaseAddress
from service.errors import SettingsError
from service.migrations.migrate import migrate
from service.postgres.connect import connect
from service.postgres.pinned_settings import PINS
from service.postgres.sessions import WorkerSessions
from service.web.database.web_database import WebDatabase
from tests.service.conftest import through
from tests.service.web.running import settings_for
from tests.support.postgres import Cluster

# Another value than the pinned one for each setting; settings that the server lacks are skipped.
ODD = {
    "DateStyle": "German",
    "IntervalStyle": "sql_standard",
    "TimeZone": "Asia/Kolkata",
    "extra_float_digits": "-10",
    "bytea_output": "escape",
    "array_nulls": "off",
    "xmloption": "document",
    "standard_conforming_strings": "off",
    "backslash_quote": "on",
    "quote_all_identifiers": "on",
    "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on",
    "row_security": "off",
    "transform_null_equals": "on",
    "session_replication_role": "replica",
    "restrict_nonsystem_relation_kind": "view",
    "plpgsql.extra_errors": "all",
    "exit_on_error": "on",
    "client_min_messages": "error",
    "client_encoding": "LATIN1",
    "idle_session_timeout": "1h",
    "idle_in_transaction_session_timeout": "1h",
    "transaction_timeout": "1h",
}
Show = Callable[[str], str | None]


@asynccontextmanager
async def of_a_command(url: str) -> AsyncIterator[Callable[[str], object]]:
    with connect(url, autocommit=True) as connection:

        async def show(query: str) -> object:
            return connection.execute(query.encode()).fetchall()

        yield show


@asynccontextmanager
async def of_the_worker(url: str) -> AsyncIterator[Callable[[str], object]]:
    connection = await WorkerSessions().connect()

    async def show(query: str) -> object:
        return await (await connection.execute(query.encode())).fetchall()

    yield show
    connection.pgconn.finish()


@asynccontextmanager
async def of_the_web_process(url: str) -> AsyncIterator[Callable[[str], object]]:
    database = WebDatabase.from_settings(settings_for(url))

    async def show(query: str) -> object:
        return [tuple(row) for row in await database.rows(query)]

    yield show
    await database.close()


KINDS = [of_a_command, of_the_worker, of_the_web_process]


def make_odd(cluster: Cluster, database: str) -> None:
    """Set all of ``ODD`` for the database."""
    name = database.rpartition("/")[2]
    with psycopg.connect(cluster.url, autocommit=True) as connection:
        for setting, value in ODD.items():
            known = connection.execute("select current_setting(%s, true)", [setting]).fetchone()
            if known != (None,) or "." in setting:
                connection.execute(
                    sql.SQL("alter database {} set {} = {}").format(
                        sql.Identifier(name), sql.SQL(setting), sql.Literal(value)
                    )
                )


@pytest.mark.anyio
@pytest.mark.parametrize("kind", KINDS)
async def test_every_connection_is_set_to_the_same(
    kind: Callable[[str], AbstractAsyncContextManager[Callable[[str], object]]],
    migrated_cluster: Cluster,
    database: str,
    clean_environment: pytest.MonkeyPatch,
) -> None:
    assert ODD.keys() == PINS.keys()
    make_odd(migrated_cluster, database)
    clean_environment.setenv("DATABASE_URL", database)
    for name, value in {
        "PGDATESTYLE": "SQL",
        "PGTZ": "America/New_York",
        "PGCLIENTENCODING": "SJIS",
        "PGOPTIONS": "-c intervalstyle=iso_8601 -c search_path=nowhere",
    }.items():
        clean_environment.setenv(name, value)
    names = ", ".join(f"('{name}')" for name in PINS)
    async with kind(database) as ask:
        found = await ask(  # type: ignore[misc]
            "select name, current_setting(name, true)"
            f" from (values {names}) as pin (name)"
            " where current_setting(name, true) is not null"
        )
        assert dict(found) == {name: PINS[name] for name, _ in found}
        assert len(found) >= len(PINS) - 2


def leftovers(server: psycopg.Connection) -> list[tuple[object, ...]]:
    """What the pooler's server connection has that a new connection has not."""
    return server.execute(
        "select name, setting from pg_catalog.pg_settings"
        " where source = 'session' and name not in ('application_name', 'client_encoding')"
        " union all select 'prepared', name from pg_catalog.pg_prepared_statements"
        " union all select 'lock', locktype from pg_catalog.pg_locks"
        " where pid = pg_backend_pid() and locktype = 'advisory'"
        " union all select 'temporary', nspname from pg_catalog.pg_namespace"
        " where oid = pg_my_temp_schema()"
    ).fetchall()


def test_migrate_leaves_nothing_in_a_transaction_mode_pooler(
    migrated_cluster: Cluster, empty_database: str, pooler: int
) -> None:
    """The next client of the server connection finds it like a new one."""
    make_odd(migrated_cluster, empty_database)
    url = through(pooler, empty_database)
    assert "db" in migrate(url).applied
    assert migrate(url).applied == ()
    with connect(url, autocommit=True) as command:
        # Behind the pooler, too, a row is read as such, whatever the database's settings.
        assert command.execute("select current_setting('IntervalStyle')").fetchone() == (
            "postgres",
        )
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as next_one:
        assert leftovers(next_one) == []
        assert next_one.execute("show IntervalStyle").fetchone() == ("sql_standard",)


@pytest.mark.anyio
async def test_where_nothing_can_be_set_what_is_wrong_is_refused_with_its_statement(
    migrated_cluster: Cluster,
    database: str,
    pooler: int,
    login: tuple[str, str],
    clean_environment: pytest.MonkeyPatch,
) -> None:
    """A setting would reach the next client of the server connection."""
    user, _ = login
    migrated_cluster.execute("grant pricing_web to {}", user)
    name = database.rpartition("/")[2]
    in_database = "alter role {} in database {} set IntervalStyle = 'iso_8601'"
    migrated_cluster.execute(in_database, user, name)
    url = through(pooler, database, login)
    clean_environment.setenv("PRICING_WORKER_DATABASE_URL", url)
    web = WebDatabase(DatabaseAddress.from_text("PRICING_WEB_DATABASE_URL", url), take_role=False)
    for refused in (WorkerSessions().connect(), web.open()):
        with pytest.raises(SettingsError, match="IntervalStyle") as caught:
            await refused
        remedy = f"alter role {user} in database {name} set IntervalStyle = 'postgres';"
        assert remedy in str(caught.value.hint)
    migrated_cluster.execute(remedy)
    with psycopg.connect(migrated_cluster.url_of(name, user=user, password=login[1])) as mended:
        assert mended.execute("show IntervalStyle").fetchone() == ("postgres",)


@pytest.mark.parametrize(("pool_mode", "pool_size", "reset_query"), [("session", 1, "")])
def test_what_an_earlier_client_of_a_pooler_has_left_does_not_count(
    database: str, pooler: int
) -> None:
    url = through(pooler, database)
    with psycopg.connect(url, autocommit=True) as earlier:
        earlier.execute("set role pricing_web")
        earlier.execute("set statement_timeout = '1ms'")
        pid = earlier.execute("select pg_backend_pid()").fetchone()
    with connect(url, autocommit=True) as command:
        assert command.execute("select pg_backend_pid()").fetchone() == pid
        found = command.execute(
            "select current_user = session_user, current_setting('statement_timeout')"
        ).fetchone()
    assert found == (True, "0")


@pytest.mark.anyio
@pytest.mark.parametrize("pool_mode", ["statement"])
async def test_a_pooler_that_cuts_transactions_is_refused(
    migrated_cluster: Cluster,
    database: str,
    pooler: int,
    login: tuple[str, str],
    clean_environment: pytest.MonkeyPatch,
) -> None:
    migrated_cluster.execute("grant pricing_web to {}", login[0])
    url = through(pooler, database, login)
    clean_environment.setenv("PRICING_WORKER_DATABASE_URL", url)
    web = WebDatabase(DatabaseAddress.from_text("PRICING_WEB_DATABASE_URL", url), take_role=False)
    with pytest.raises(SettingsError, match="pooler in statement mode"):
        migrate(through(pooler, database))
    for refused in (WorkerSessions().connect(), web.open()):
        with pytest.raises(SettingsError, match="pooler in statement mode"):
            await refused
