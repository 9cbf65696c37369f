"""``migrate`` as an owner who is no superuser: the same end state, or advice for a superuser."""

from __future__ import annotations

from contextlib import suppress

import psycopg
import pytest

from service.errors import MigrationError
from service.migrations.migrate import migrate
from tests.conftest import DatabaseFactory
from tests.service.migrations.pg_catalog import execute, rights, rows, structure
from tests.support.postgres import Cluster


def login(url: str) -> str:
    with psycopg.connect(url) as connection:
        return connection.info.user


def test_who_may_create_roles(empty_database: str, database_factory: DatabaseFactory) -> None:
    migrate(empty_database)
    owners = database_factory(owner_is="createrole")
    assert migrate(owners).advice == ()
    assert structure(owners) == structure(empty_database)
    assert rights(owners) == rights(empty_database)
    assert migrate(owners).applied == ()
    # The SQL editor's statements work, before and after another replay.
    execute(owners, "update public.pricing_providers set name = name")
    execute(owners, "delete from public.pricing_schema_ledger where name = 'db'")
    assert migrate(owners).applied == ("db",)
    assert rights(owners) == rights(empty_database)


def test_who_may_not(empty_database: str, database_factory: DatabaseFactory) -> None:
    """``migrate`` goes on as that user; once a superuser has run its advice, nothing is missing."""
    missing = "select count(*) from unnest(array['pricing_owner', 'anon']) as r where"
    missing += " to_regrole(r) is null"
    plain = database_factory(owner_is="plain")
    result = migrate(plain)
    assert "db" in result.applied
    grants = [line for line in result.advice if line.startswith("grant")]
    creates = [line for line in result.advice if line.startswith("create role")]
    assert len(grants) == 3 and all(login(plain) in line for line in grants)
    assert (len(creates) > 0) == (rows(empty_database, missing) != [(0,)])
    execute(plain, "update public.pricing_providers set name = name")
    again = migrate(plain)
    assert again.applied == () and again.advice == result.advice

    migrate(empty_database)
    assert structure(plain) == structure(empty_database)

    execute(empty_database, *[line for line in result.advice if line not in creates])
    helped = migrate(plain)
    assert helped.applied == ("db",) and helped.advice == ()
    assert structure(plain) == structure(empty_database)
    assert rights(plain) == rights(empty_database)


@pytest.mark.long
def test_a_superuser_after_the_owner_and_the_other_way_round(
    empty_database: str, database_factory: DatabaseFactory
) -> None:
    superusers = psycopg.conninfo.conninfo_to_dict(empty_database)
    owners = database_factory(owner_is="createrole")
    as_superuser = psycopg.conninfo.make_conninfo(
        owners, user=superusers["user"], password=superusers["password"]
    )
    migrate(owners)
    execute(owners, "delete from public.pricing_schema_ledger where name = 'db'")
    assert migrate(as_superuser).applied == ("db",)
    execute(owners, "delete from public.pricing_schema_ledger where name = 'db'")
    assert migrate(owners).applied == ("db",)
    migrate(empty_database)
    assert structure(owners) == structure(empty_database)
    assert rights(owners) == rights(empty_database)


def test_a_login_whose_name_needs_quotes(cluster: Cluster) -> None:
    name, password = "Odd-User's", "for-this-test-only"
    cluster.execute(f"create role {{}} login createrole password '{password}'", name)
    try:
        with cluster.database(owner=name) as database:
            url = cluster.url_of(database, user=name, password=password)
            execute(cluster.url, *migrate(url).advice)
            assert migrate(url).advice == ()
    finally:
        # From PostgreSQL 16 on, the role's grants may prevent the drop; then it stays without a
        # login.
        cluster.execute("alter role {} nologin", name)
        with suppress(psycopg.Error):
            cluster.execute("drop role {}", name)


def test_a_stranger_gets_a_clear_answer(
    empty_database: str, database_factory: DatabaseFactory
) -> None:
    migrate(empty_database)
    stranger = database_factory(owner_is="plain")
    database = psycopg.conninfo.conninfo_to_dict(empty_database)["dbname"]
    with pytest.raises(MigrationError) as caught:
        migrate(psycopg.conninfo.make_conninfo(stranger, dbname=database))
    assert "permission denied" in caught.value.message
    assert caught.value.hint and "superuser" in caught.value.hint


# Supabase's default privileges for new objects of postgres: all of these before 2026-10-30, none
# since.
GIVEN_BY_DEFAULT = [
    f"alter default privileges{where} grant all on {objects} to anon, authenticated, service_role"
    for where in (" in schema public", "")
    for objects in ("tables", "sequences", "functions")
]
TAKEN_BY_DEFAULT = [
    "alter default privileges revoke execute on functions from public",
    "alter default privileges revoke usage on types from public",
]


@pytest.mark.long
@pytest.mark.parametrize("statements", [GIVEN_BY_DEFAULT, TAKEN_BY_DEFAULT], ids=["given", "taken"])
def test_whatever_new_objects_are_given_by_default(
    statements: list[str], database_factory: DatabaseFactory, empty_database: str
) -> None:
    """Relations, sequences and functions end with the same rights: ``setval`` is a right too."""
    migrate(empty_database)
    url = database_factory(owner_is="superuser")
    execute(url, *statements)
    migrate(url)
    assert rights(url) == rights(empty_database)
    for role in ("anon", "authenticated", "service_role"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"set role {role}".encode())
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("select setval('public.pricing_sync_log_id_seq', 1)")
