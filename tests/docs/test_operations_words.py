"""Compares the words and numbers of docs/operations.md with code and schema."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import dict_row

from service.doctor.schedule import CRON_JOBS, SILENT_SECONDS
from service.engine import supervisor, ticker
from service.settings import Settings
from tests.db.pricing import Pricing
from tests.docs.blocks import ROOT
from tests.docs.error_kinds import error_kinds
from tests.docs.runbook import code, prose, sections, tables, text
from tests.support.postgres import Cluster


@pytest.fixture(scope="module")
def pricing(migrated_cluster: Cluster) -> Iterator[Pricing]:
    """A read-only connection to a migrated database."""
    with migrated_cluster.database(template=migrated_cluster.template) as name:
        url = migrated_cluster.url_of(name)
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
            connection.read_only = True
            yield Pricing(connection)


def first_column(heading: str, table: int = 0) -> list[str]:
    """The words in backticks of a table's first column; a cell without any counts whole."""
    cells = [next(iter(entry.values())) for entry in tables(heading)[table]]
    return [word for cell in cells for word in (code(cell) or [cell])]


def checked_words(pricing: Pricing, table: str, column: str) -> set[str]:
    """The words that a column's check constraint allows."""
    definitions = pricing.rows(
        "select pg_get_constraintdef(c.oid) as definition from pg_constraint c"
        " join pg_attribute a on a.attrelid = c.conrelid and c.conkey = array[a.attnum]"
        " where c.contype = 'c' and c.conrelid = %s::regclass and a.attname = %s",
        table,
        column,
    )
    (definition,) = definitions
    return set(re.findall(r"'(\w+)'", definition["definition"]))


def test_every_error_kind_is_explained_and_no_other() -> None:
    explained = first_column("Why an attempt ended")
    assert len(explained) == len(set(explained))
    assert set(explained) == error_kinds()


@pytest.mark.parametrize(
    ("heading", "table", "column"),
    [
        ("Job", "pricing_sync_jobs", "status"),
        ("Attempt", "pricing_sync_log", "status"),
        ("Provider", "pricing_providers", "state"),
    ],
)
def test_every_state_is_explained_and_no_other(
    heading: str, table: str, column: str, pricing: Pricing
) -> None:
    assert set(first_column(heading)) == checked_words(pricing, table, column)


def test_every_outcome_is_explained_and_no_other(pricing: Pricing) -> None:
    explained = {word for entry in tables("Job")[0] for word in code(entry["outcome"])}
    assert explained == checked_words(pricing, "pricing_sync_jobs", "outcome")


def test_every_scheduler_is_explained(pricing: Pricing) -> None:
    assert first_column("Schedule") == ["pg_cron", "worker", "silent", "paused"]
    schedulers = checked_words(pricing, "pricing_scheduler_ticks", "scheduler")
    assert schedulers == {"pg_cron", "worker"}


def test_locks_and_workers_have_these_states() -> None:
    assert first_column("Lock") == ["held", "expired", "released"]
    assert first_column("Worker") == ["alive", "stalled", "gone"]


def test_every_setting_is_explained_with_its_value_as_shipped(pricing: Pricing) -> None:
    shipped = pricing.rows(
        "select a.attname as setting, pg_get_expr(d.adbin, d.adrelid) as value"
        " from pg_attribute a join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum"
        " where a.attrelid = 'public.pricing_settings'::regclass"
        " and a.attname not in ('id', 'updated_at')"
    )
    explained = {
        code(entry["setting"])[0]: entry["as shipped"] for entry in tables("Change a setting")[0]
    }
    assert explained.keys() == {row["setting"] for row in shipped}
    for row in shipped:
        # Compared as intervals: Postgres does not print 24 hours as they are written.
        is_same = pricing.value(
            f"select ({row['value']})::text = %s::text"
            if "interval" not in row["value"]
            else f"select {row['value']} = %s::interval",
            explained[row["setting"]],
        )
        assert is_same, row


def test_every_reason_of_being_stuck_is_explained_and_no_other() -> None:
    source = (ROOT / "db/functions/cleanup/stuck_pricing_syncs.sql").read_text()
    source = source.partition("as $$")[2].partition("comment on")[0]
    assert set(first_column("Clean up by hand")) == set(
        re.findall(r"(?:then|select) '(\w+)'", source)
    )


def test_the_cron_jobs_are_named() -> None:
    silent = sections()["pg_cron is silent"]
    assert set(re.findall(r"pricing_sync_(?!%)\w+", silent)) == set(CRON_JOBS)


def test_the_columns_functions_and_tables_in_the_prose_exist(pricing: Pricing) -> None:
    known = {
        row["name"]
        for row in pricing.rows(
            "select attname as name from pg_attribute a join pg_class c on c.oid = a.attrelid"
            " where c.relnamespace in ('public'::regnamespace, 'procrastinate'::regnamespace)"
            " union select relname from pg_class"
            " union select proname from pg_proc where pronamespace = 'public'::regnamespace"
            " union select rolname from pg_roles"
        )
    }
    for word in code(prose(text())):
        if re.fullmatch(r"pricing_\w+(\(\))?|cleanup_\w+\(\)|\w+_at", word):
            name = word.removesuffix("()")
            assert name in {*known, *CRON_JOBS, "pricing_sync_global", "pricing_legacy"}, word


def test_the_numbers(pricing: Pricing) -> None:
    said = {heading: " ".join(text.split()) for heading, text in sections().items()}
    by_itself = said["What happens by itself"]
    assert f"Every worker looks every {ticker.TICK_SECONDS:g} seconds" in by_itself
    assert f"ends within {supervisor.GRACE_SECONDS:g} seconds or is handed back" in by_itself
    assert f"its last tick is {SILENT_SECONDS:g} seconds old" in by_itself
    assert "timeout of 10 minutes" in by_itself
    timeouts = pricing.rows(
        "select distinct timeout = '10 minutes' as is_so from pricing_providers"
    )
    assert timeouts == [{"is_so": True}]
    restart = said["Restart the workers, one after the other"]
    assert "gone within 10 seconds" in restart
    assert supervisor.LAST_SECONDS < 10
    worker = said["Worker"]
    assert f"failed {supervisor.MOST_FAILURES} times in a row" in worker
    assert f"({Settings().worker_concurrency} syncs at once" in worker
    connections = said["Connections"]
    assert f"The web process has {Settings().web_connections} connections" in connections
    assert f"A worker has {Settings().worker_connections}:" in connections
