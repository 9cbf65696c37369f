"""``migrate --adopt`` moves the older system's tables aside and copies its history."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime
from decimal import Decimal

import psycopg
import pytest
from psycopg.rows import dict_row

from service.errors import ForeignRelations, MigrationError
from service.migrations.adoption.adopt import adopt
from service.migrations.adoption.legacy_history import copy_history
from service.migrations.migrate import migrate
from service.migrations.restored_objects import state_differences
from service.prices.catalogue import read_catalogue
from service.prices.units import Axis, to_canonical
from tests.conftest import DatabaseFactory
from tests.db.pricing import Pricing, price
from tests.service.migrations.pg_catalog import execute, rows, structure

# The older system: a lock table, providers, foreign keys among its tables and from outside.
OLDER = """
create table model_pricing (
    id serial primary key, provider_slug text, model_id text not null, name text,
    price_per_input_token numeric, price_per_output_token numeric, pricing_source text,
    last_changed_at timestamptz
);
create table model_pricing_history (
    id bigserial primary key, model_id integer references model_pricing,
    price_per_input_token numeric, price_per_output_token numeric,
    previous_input_price numeric, previous_output_price numeric,
    changed_at timestamp, changed_by text
);
create index model_pricing_history_changed_at on model_pricing_history (changed_at);
create table pricing_sync_jobs (job_id uuid primary key, status text, triggered_at timestamptz);
create table pricing_sync_lock (lock_key text primary key, locked_at timestamptz);
create table pricing_sync_log (id serial primary key, job_id uuid references pricing_sync_jobs);
create view pricing_held as select 1 as one;
create materialized view pricing_history as select now() as at;
create sequence pricing_locks;
create domain pricing_usd as numeric;
create type pricing_overrides as (id integer);
create type pricing_settings as enum ('a');
create function trigger_pricing_sync() returns text language sql return 'older';
create function cancel_pricing_sync(job pricing_sync_jobs) returns text language sql return 'older';
create table orders (id serial primary key, model integer references model_pricing);
create index pricing_sync_jobs_open on orders (model);
create function touched() returns trigger language plpgsql as 'begin return new; end';
create trigger touched before update on model_pricing for each row execute function touched();
alter table pricing_sync_lock enable row level security;
create policy theirs on pricing_sync_lock for select using (lock_key <> '');
insert into pricing_sync_jobs values (gen_random_uuid(), 'success', now());
insert into pricing_sync_log (job_id) select job_id from pricing_sync_jobs;
"""


def known_price(provider: str) -> tuple[str, Decimal]:
    """A catalogue model and its price per input token, in our unit."""
    for model in read_catalogue(datetime.now(UTC)).models:
        for raw in model.prices:
            if model.provider == provider and raw.axis is Axis.INPUT and raw.amount > 0:
                return model.model_id, to_canonical(raw).usd
    raise LookupError(provider)


@pytest.fixture
def older(empty_database: str) -> str:
    execute(empty_database, *OLDER.split(";\n"))
    return empty_database


def add_history(url: str, *entries: tuple[str | None, str, object, str]) -> None:
    """Add a row of the older history for each provider, model, input price and time."""
    with psycopg.connect(url, autocommit=True) as connection:
        for provider, model, amount, at in entries:
            connection.execute(
                "with m as (insert into model_pricing (provider_slug, model_id) values (%s, %s)"
                " returning id) insert into model_pricing_history (model_id,"
                " price_per_input_token, price_per_output_token, changed_at, changed_by)"
                " select id, %s::numeric, 0, %s, 'cron' from m",
                [provider, model, amount, at],
            )


@pytest.mark.long
def test_migrate_refuses_and_names_what_adopt_moves(older: str) -> None:
    with pytest.raises(ForeignRelations) as refused:
        migrate(older)
    assert "public.pricing_sync_lock (0 rows)" in refused.value.message
    assert "migrate --adopt" in (refused.value.hint or "")

    result = adopt(older)
    assert result.migrated.differences == ()
    assert state_differences(older) == []
    moved = rows(
        older,
        "select relname from pg_class where relnamespace = 'pricing_legacy'::regnamespace"
        " and relkind in ('r', 'v', 'm', 'S') order by relname",
    )
    assert {str(name) for (name,) in moved} >= {
        "model_pricing",
        "model_pricing_history",
        "pricing_held",
        "pricing_history",
        "pricing_locks",
        "pricing_sync_jobs",
        "pricing_sync_lock",
        "pricing_sync_log",
    }
    assert rows(older, "select count(*) from pricing_legacy.pricing_sync_log") == [(1,)]
    assert rows(older, "select pricing_legacy.trigger_pricing_sync()") == [("older",)]
    assert len(rows(older, "select from pg_policies where policyname = 'theirs'")) == 1
    assert len(rows(older, "select from pg_trigger where tgname = 'touched'")) == 1
    # The operator's own table references the moved table and stays in its place.
    key = "select confrelid::regclass::text from pg_constraint where conname = 'orders_model_fkey'"
    assert rows(older, key) == [("pricing_legacy.model_pricing",)]
    indexes = "select indexname from pg_indexes where tablename = 'orders' order by 1"
    assert rows(older, indexes) == [("orders_pkey",), ("pricing_sync_jobs_open_legacy",)]

    # A second adoption moves nothing.
    before = structure(older)
    assert adopt(older).moved == () and structure(older) == before


def test_history_is_copied_where_its_unit_is_proven(older: str) -> None:
    model, usd = known_price("openai")
    add_history(
        older,
        ("openai", model, usd, "2025-01-01"),
        # Per 1M, per 1K, and with the unit applied twice.
        ("openai", model, usd * 1_000_000, "2025-01-02"),
        ("openai", model, usd * 1_000, "2025-01-02"),
        ("openai", model, usd / 1_000_000, "2025-01-02"),
        ("openai", model, 0, "2025-01-03"),
        ("openai", model, "NaN", "2025-01-03"),
        ("openai", model, usd, "2125-01-01"),
        ("nobody", model, usd, "2025-01-04"),
        (None, model, usd, "2025-01-04"),
        ("openrouter", "x", "0.0000015", "2025-01-05"),
    )
    result = adopt(older)
    table = "pricing_legacy.model_pricing_history"
    assert (result.copied, sorted(result.left)) == (
        1,
        [
            f"1 rows of {table}: have a price that is no number, or negative",
            f"1 rows of {table}: have a price without one to measure its unit by",
            f"1 rows of {table}: have no price, or a zero that stood for an unknown one",
            f"1 rows of {table}: lie in the future",
            f"1 rows of {table}: name a provider that is not known here",
            f"1 rows of {table}: name no provider",
            f"3 rows of {table}: have a price 10 times off or more: in another unit, or wrong",
        ],
    )
    with psycopg.connect(older, autocommit=True, row_factory=dict_row) as connection:
        pricing = Pricing(connection)
        (copied,) = pricing.history(model, "openai")
        assert (copied["price_per_input_token"], copied["price_per_output_token"]) == (usd, None)
        assert (copied["pricing_source"], copied["changed_by"]) == ("legacy", "legacy:cron")
        assert copied["is_in_force"] is False
        assert copied["changed_at"] == datetime(2025, 1, 1, tzinfo=UTC)
        assert pricing.model(model, "openai")["price_per_input_token"] is None
        assert pricing.rows("select * from model_price_at('openai', %s)", model) == []
        assert pricing.rows("select * from pricing_unrecorded_prices()") == []
        assert adopt(older).copied == 0

        # Once a sync has brought the price of another model, the older prices are measured by it.
        pricing.do("update pricing_providers set review_first = false")
        pricing.sync("openrouter", [price("x", "0.000002")])
        assert adopt(older).copied == 1
        assert pricing.model("x")["price_per_input_token"] == Decimal("0.000002")
        (now,) = pricing.rows("select * from model_price_at('openrouter', 'x')")
        assert now["price_per_input_token"] == Decimal("0.000002")
        assert adopt(older).copied == 0


@pytest.mark.long
def test_a_long_history_is_not_read_whole(older: str) -> None:
    model, usd = known_price("openai")
    add_history(older, ("openai", model, usd, "2025-01-01"))
    assert adopt(older).copied == 1
    # 80 MB of history, with each row more than once.
    execute(
        older,
        "insert into pricing_legacy.model_pricing_history"
        " (model_id, price_per_input_token, changed_at, changed_by)"
        " select model_id, price_per_input_token, changed_at + n * interval '1 s',"
        " repeat('x', 4000)"
        " from pricing_legacy.model_pricing_history, generate_series(1, 20000) n",
    )
    with psycopg.connect(older) as connection:
        tracemalloc.start()
        copied, _ = copy_history(connection)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (copied, peak < 60_000_000) == (20_000, True), peak


@pytest.mark.long
def test_a_history_that_cannot_be_read_is_left(empty_database: str) -> None:
    execute(
        empty_database,
        "create foreign data wrapper away",
        "create server away foreign data wrapper away",
        "create foreign table model_pricing_history (model_id text, changed_at date) server away",
    )
    result = adopt(empty_database)
    assert "model_pricing_history: cannot be read (foreign-data wrapper" in "".join(result.left)
    assert state_differences(empty_database) == []


def test_a_first_price_replaces_what_was_adopted(older: str) -> None:
    model, usd = known_price("groq")
    add_history(older, ("groq", model, usd, "2025-01-01"))
    assert adopt(older).copied == 1
    with psycopg.connect(older, autocommit=True, row_factory=dict_row) as connection:
        pricing = Pricing(connection)
        listed = [{"provider": "groq", **price(model, str(usd))}]
        pricing.sync("catalogue", listed)
        found = pricing.model(model, "groq")
        assert (found["price_per_input_token"], found["is_active"]) == (usd, True)


@pytest.mark.long
def test_an_existing_schema_and_taken_names(older: str) -> None:
    execute(
        older,
        "create schema pricing_legacy",
        "create table pricing_legacy.model_pricing (id serial primary key)",
    )
    moved = adopt(older).moved
    assert "table public.model_pricing is pricing_legacy.model_pricing_2 now" in moved
    assert rows(older, "select count(*) from pricing_legacy.model_pricing_2") == [(0,)]


@pytest.mark.long
def test_an_engine_that_is_left_of_ours(database: str) -> None:
    """Only the engine is left: its functions use its types, and both move."""
    execute(database, "drop schema public cascade", "create schema public")
    with pytest.raises(ForeignRelations):
        migrate(database)
    moved = adopt(database).moved
    assert "type procrastinate.procrastinate_job_to_defer_v1 is in pricing_legacy now" in moved
    assert state_differences(database) == []


@pytest.mark.long
def test_tables_of_another_role(database_factory: DatabaseFactory, empty_database: str) -> None:
    url = database_factory("createrole")
    superuser = empty_database.rpartition("/")[0] + "/" + url.rpartition("/")[2]
    execute(superuser, "create table public.pricing_sync_jobs (id int)")
    before = rows(superuser, "select oid from pg_class")
    with pytest.raises(MigrationError) as refused:
        adopt(url)
    assert "public.pricing_sync_jobs (of postgres)" in refused.value.message
    assert rows(superuser, "select oid from pg_class") == before
    with psycopg.connect(url) as connection:
        login = connection.info.user
    execute(superuser, f"alter table public.pricing_sync_jobs owner to {login}")
    assert adopt(url).migrated.differences == ()


def test_ours_are_never_foreign(database: str) -> None:
    before = structure(database)
    assert adopt(database).moved == ()
    execute(database, "drop table pricing_schema_ledger")
    with pytest.raises(MigrationError, match="look like those of pricing-sync"):
        adopt(database)
    execute(database, "create table pricing_schema_ledger (name text, digest text)")
    assert {k: v for k, v in structure(database).items() if k == "functions"} == {
        "functions": before["functions"]
    }
