"""``migrate`` indexes the search by trigrams where it may, and goes on where it may not."""

from __future__ import annotations

from urllib.parse import urlsplit

from service.migrations.migrate import migrate
from service.migrations.restored_objects import state_differences
from service.migrations.search_index import CREATE
from tests.conftest import DatabaseFactory
from tests.service.migrations.pg_catalog import execute, rows
from tests.support.postgres import Cluster

INDEX = (
    "select indexdef like '%gin_trgm_ops%' from pg_indexes"
    " where indexname = 'pricing_model_search_words'"
)


def test_it_is_made_in_the_schema_of_extensions(empty_database: str) -> None:
    assert migrate(empty_database).advice == ()
    assert rows(empty_database, INDEX) == [(True,)]
    assert rows(
        empty_database,
        "select extnamespace::regnamespace::text from pg_extension where extname = 'pg_trgm'",
    ) == [("extensions",)]

    # Without it nothing differs from the release, and the next run makes it anew.
    execute(empty_database, "drop extension pg_trgm cascade")
    assert state_differences(empty_database) == []
    assert migrate(empty_database).applied == ()
    assert rows(empty_database, INDEX) == [(True,)]
    assert state_differences(empty_database) == []


def test_who_may_not_create_the_extension_is_told(
    database_factory: DatabaseFactory, cluster: Cluster
) -> None:
    owners = database_factory(owner_is="createrole")
    migrate(owners)
    superusers = cluster.url_of(urlsplit(owners).path.removeprefix("/"))
    execute(superusers, "drop schema extensions cascade", "create schema extensions")

    assert migrate(owners).advice == (CREATE,)
    assert rows(owners, INDEX) == []
    assert state_differences(owners) == []

    execute(superusers, *migrate(owners).advice, "grant usage on schema extensions to public")
    assert migrate(owners).advice == ()
    assert rows(owners, INDEX) == [(True,)]
