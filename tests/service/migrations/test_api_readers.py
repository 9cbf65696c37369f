"""``pricing_settings.api_readers`` outlives what happens to a database, and leaves with it."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.rows import DictRow

from service.migrations.migrate import migrate
from service.migrations.removal.uninstall import uninstall
from service.migrations.restored_objects import state_differences
from tests.conftest import DatabaseFactory
from tests.db.pricing import Pricing, price
from tests.service.migrations.pg_catalog import execute, rights, rows
from tests.service.migrations.test_restore import copy

READ = "begin; set local role authenticated; select count(*) from model_prices; commit"
OF_READERS = """
select relname from pg_class where relacl::text like '%authenticated=%'
union all select c.relname || '.' || a.attname from pg_attribute a
    join pg_class c on c.oid = a.attrelid where a.attacl::text like '%authenticated=%'
union all select proname from pg_proc where proacl::text like '%authenticated=%'
union all select polname from pg_policy
order by 1
"""


@pytest.fixture
def opened(database: str, connection: psycopg.Connection[DictRow]) -> str:
    """A database with a price, which signed-in users may read."""
    pricing = Pricing(connection)
    pricing.sync("openrouter", [price("a")])
    pricing.do("delete from procrastinate.procrastinate_workers")
    pricing.do("update pricing_settings set api_readers = '{authenticated}'")
    return database


def test_migrate_leaves_it_and_brings_it_back(opened: str) -> None:
    before = rights(opened)
    assert state_differences(opened) == []
    # A replay makes every view and function again.
    execute(opened, "delete from pricing_schema_ledger where name = 'db'")
    assert migrate(opened).mended == ()
    assert rights(opened) == before
    execute(
        opened,
        "drop view model_price_conditions cascade",
        "revoke all on all tables in schema public from authenticated",
    )
    migrate(opened)
    assert rights(opened) == before
    execute(opened, READ)


@pytest.mark.long
@pytest.mark.parametrize("options", [[], ["--no-owner", "--no-privileges"]])
def test_a_dump_has_it(options: list[str], opened: str, database_factory: DatabaseFactory) -> None:
    to = database_factory()
    copy(opened, to, *options)
    migrate(to)
    assert (rights(to), state_differences(to)) == (rights(opened), [])
    execute(to, READ)


@pytest.mark.parametrize("keep", [False, True])
def test_uninstall_removes_every_right(opened: str, keep: bool) -> None:
    assert len(rows(opened, OF_READERS)) > 50
    uninstall(opened, keep=keep)
    assert rows(opened, OF_READERS) == ([("kept_read",)] * 2 if keep else [])
