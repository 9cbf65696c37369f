"""A second ``migrate`` sends few statements, and overlooks no change since the first."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from service.migrations.compared_state import filled_tables, record_comparison, was_compared
from service.migrations.ledger import read_ledger
from service.migrations.migrate import migrate
from service.migrations.schema_files import read_schema
from service.postgres.connect import connect

# Each is a round trip, and `up` waits for them.
MOST_STATEMENTS = 15
SCRATCH = "create schema pricing_release_"

# One for each kind of state that the comparison reads.
CHANGES = (
    "drop table public.pricing_given_up_syncs cascade",
    "alter table public.model_pricing drop column synced cascade",
    "alter table public.model_pricing alter column provider_slug drop not null",
    "alter table public.model_pricing alter column provider_slug set default 'x'",
    "alter table public.model_pricing set (fillfactor = 50)",
    "alter table public.pricing_locks set unlogged",
    "alter table public.model_pricing disable trigger all",
    "alter table public.model_pricing force row level security",
    "alter table public.model_pricing owner to current_user",
    "create index another on public.model_pricing (provider_slug)",
    "drop index procrastinate.pricing_first_by_lock",
    "alter table public.pricing_settings add check (true)",
    "alter type public.pricing_change drop attribute source cascade",
    "alter domain public.pricing_usd set not null",
    "alter type procrastinate.procrastinate_job_status add value 'other'",
    "alter function public.pricing_api_readers() security definer",
    "create function public.pricing_api_readers(text) returns text language sql as 'select $1'",
    "create function procrastinate.another() returns text language sql as 'select null::text'",
    "alter view public.pricing_waiting rename to waiting",
    "alter view public.model_prices set (security_invoker = off)",
    "create rule another as on update to public.model_pricing do also nothing",
    "create table public.child () inherits (public.model_pricing)",
    "create policy another on public.model_pricing using (true)",
    "alter sequence procrastinate.procrastinate_jobs_id_seq increment by 2",
    "comment on table public.model_pricing is 'other'",
    "comment on column public.model_pricing.provider_slug is null",
    "revoke select on public.model_prices from pricing_web",
    "grant select (provider_slug) on public.model_pricing to pricing_web",
    "revoke usage on schema public from pricing_worker",
    "alter default privileges in schema public grant select on tables to public",
    "create role pricing_another in role pricing_owner",
    "alter role pricing_web login",
    "alter role pricing_web set work_mem = '1MB'",
    "alter database {database} set pricing.maintenance = 'on'",
    "update pg_catalog.pg_extension set extversion = 'other'",
    "update public.pricing_settings set api_readers = '{{anon}}'",
    "update public.pricing_schema_ledger set digest = 'other' where name = 'db/views/model_prices'",
    "delete from public.pricing_providers",
)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All statements of psycopg."""
    statements: list[str] = []
    execute = psycopg.Cursor.execute

    def noted(self: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        statements.append(query.decode() if isinstance(query, bytes) else str(query))
        return execute(self, query, *arguments, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", noted)
    return statements


def is_compared(sent: list[str]) -> bool:
    return any(SCRATCH in each for each in sent)


def test_a_current_database_costs_few_statements_and_is_not_compared_again(
    database: str, sent: list[str]
) -> None:
    # A copy of a database that was compared: nothing says that it is the same.
    assert migrate(database).applied == ()
    assert is_compared(sent)
    sent.clear()
    result = migrate(database)
    assert (result.applied, result.mended, result.differences) == ((), (), ())
    assert len(sent) <= MOST_STATEMENTS, len(sent)
    assert not is_compared(sent)


def test_every_kind_of_change_is_compared(database: str) -> None:
    migrate(database)
    schema = read_schema()
    with connect(database, autocommit=True) as connection:
        name = connection.info.dbname

        def is_as_compared() -> bool:
            return was_compared(connection, schema, read_ledger(connection))

        assert is_as_compared()
        for change in CHANGES:
            with connection.transaction(force_rollback=True):
                connection.execute(change.format(database=name).encode())
                assert not is_as_compared(), change
            assert is_as_compared(), change
        # What a sequence hands out is not taken back with its transaction.
        for _ in range(2):
            connection.execute(
                "insert into procrastinate.procrastinate_jobs (queue_name, task_name)"
                " values ('other', 'other')"
            )
        assert is_as_compared()
        connection.execute("select setval('procrastinate.procrastinate_jobs_id_seq', 1)")
        assert not is_as_compared()


def test_what_differs_is_named_each_time(database: str, sent: list[str]) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create index another on public.model_pricing (provider_slug)")
        connection.execute("create unique index refuses on public.model_pricing (provider_slug)")
    for _ in range(2):
        sent.clear()
        (difference,) = migrate(database).differences
        assert difference.object.startswith("index refuses ")
        assert is_compared(sent)


def test_tables_with_rows_of_the_release_are_known(empty_database: str) -> None:
    migrate(empty_database)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        tables = connection.execute(
            "select c.oid::regclass::text from pg_class c where c.relkind = 'r'"
            " and c.relnamespace::regnamespace::text in ('public', 'procrastinate')"
        ).fetchall()
        filled = {
            f"public.{name}"
            for (name,) in tables
            if connection.execute(f"select from {name}".encode()).fetchone() is not None
        }
    assert filled - {"public.pricing_schema_ledger"} <= set(filled_tables(read_schema()))


def test_a_comparison_that_cannot_be_recorded_is_no_failure(database: str) -> None:
    with connect(database, autocommit=True) as connection:
        connection.execute("set default_transaction_read_only = on")
        before = read_ledger(connection)
        record_comparison(connection, "a state")
        assert read_ledger(connection) == before
