"""A database of each released version is upgraded to this version without loss."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from service.migrations.export import export
from service.migrations.migrate import migrate
from service.migrations.schema_files import read_schema
from service.migrations.status import migration_status
from tests.conftest import DatabaseFactory
from tests.releases.dump import restore
from tests.service.migrations.pg_catalog import execute, ledger_names, rights, rows, structure
from tests.support.processes import Processes
from tests.support.provider_server import ProviderServer
from tests.support.syncing import Queue

# Facts and decisions: an upgrade must not lose, change or add any of them.
FACTS = (
    "public.model_pricing",
    "public.model_pricing_history",
    "public.pricing_sync_jobs",
    "public.pricing_sync_log",
    "public.pricing_api_keys",
    "public.pricing_audit_log",
    "public.pricing_held_changes",
    "public.pricing_overrides",
    "public.pricing_change_rules",
    "public.pricing_catalogue_prices",
    "procrastinate.procrastinate_jobs",
    "procrastinate.procrastinate_events",
)

LEDGER = "select name, xmin::text from public.pricing_schema_ledger order by name"

# A price between two times of day, which are no numbers.
NIGHT = [{"utc_start": "16:30", "utc_end": "00:30", "price_per_input_token": "0.0000001"}]

Columns = dict[str, list[str]]


def test_the_dump_is_of_its_version(released_database: str, version: str) -> None:
    release = read_schema().releases[version]
    assert ledger_names(released_database) == sorted({"db", *release.migrations, *release.engine})
    ends = "select distinct status, outcome, dry_run from pricing_sync_jobs"
    assert set(rows(released_database, ends)) == {
        ("completed", "success", False),
        ("completed", "success", True),
        ("completed", "partial", False),
        ("failed", "failed", False),
        ("running", None, False),
        ("queued", None, False),
    }
    changes = "select 1 from pricing_history where previous_output_per_1m <> output_per_1m"
    assert rows(released_database, changes) == [(1,)]


def test_an_upgrade_keeps_every_fact(released_database: str) -> None:
    columns = _columns(released_database)
    before = _facts(released_database, columns)
    assert all(before.values())
    migrate(released_database)
    after = _facts(released_database, columns)
    # A migration that fills a new column of the history leaves a row that says so.
    audit = "public.pricing_audit_log"
    after[audit] = [r for r in after[audit] if r in before[audit] or "maintenance" not in r]
    assert after == before


def test_an_upgrade_makes_zeros_unknown_and_says_so_in_the_history(released_database: str) -> None:
    """A cache price of 0 beside a positive price was a field that the provider had filled in."""
    repairs = "select from pricing_schema_ledger where name like '%zeros_are_unknown.sql'"
    if rows(released_database, repairs):
        pytest.skip("this release has repaired them already")
    model = "(select min(id) from model_pricing where price_per_input_token > 0)"
    execute(
        released_database,
        "begin; set local pricing.writer = 'on'; update model_pricing"
        " set price_per_cache_read_token = 0, price_per_request = 0,"
        f" conditions = '{json.dumps(NIGHT)}' where id = {model}; commit",
    )
    before = "select count(*) from model_pricing_history"
    [(count,)] = rows(released_database, before)
    migrate(released_database)
    repaired = "price_per_cache_read_token, price_per_request, conditions"
    assert rows(released_database, f"select {repaired} from model_pricing where id = {model}") == [
        (None, None, NIGHT)
    ]
    newest = (
        "select model_id, price_per_cache_read_token from model_pricing_history"
        " where changed_by = 'repair:zero_is_unknown'"
    )
    assert rows(released_database, newest) == [
        (*rows(released_database, f"select {model}")[0], None)
    ]
    assert rows(released_database, before) == [(int(str(count)) + 1,)]
    assert rows(released_database, "select * from pricing_unrecorded_prices()") == []


def test_an_upgrade_counts_what_the_log_and_the_history_have(released_database: str) -> None:
    migrate(released_database)
    counted = (
        "select metric, sum(amount)::bigint from pricing_metric_totals"
        " where metric <> 'duration_seconds' group by metric"
    )
    ended = "pricing_sync_log where status in ('success', 'failed', 'cancelled')"
    expected = {
        "syncs": f"select count(distinct queue_job_id) from {ended} and queue_job_id not in"
        " (select queue_job_id from pricing_sync_log where status in ('queued', 'in_progress'))",
        "attempts": f"select count(*) from {ended} and sync_started_at is not null",
        "durations": f"select count(*) from {ended} and duration_ms is not null"
        " and status <> 'cancelled'",
        "errors": "select count(*) from pricing_sync_log where status = 'failed'",
        "price_changes": "select count(*) from model_pricing_history where is_in_force",
    }
    assert sorted(rows(released_database, counted)) == sorted(
        (metric, *rows(released_database, query)[0]) for metric, query in expected.items()
    )
    labels = "select distinct label from pricing_metric_totals where metric = 'durations'"
    buckets = "select label from pricing_duration_buckets()"
    assert set(rows(released_database, labels)) <= set(rows(released_database, buckets))


def test_an_upgrade_is_complete_and_changes_nothing_twice(
    released_database: str, database_factory: DatabaseFactory
) -> None:
    migrate(released_database)
    assert {part.state for part in migration_status(released_database)} == {"applied"}
    before = rows(released_database, LEDGER)
    again = migrate(released_database)
    assert (again.applied, again.mended, again.differences) == ((), (), ())
    assert rows(released_database, LEDGER) == before

    fresh = database_factory()
    migrate(fresh)
    assert structure(released_database) == structure(fresh)
    assert rights(released_database) == rights(fresh)


def test_an_exported_file_does_the_same(
    released_database: str, version: str, database_factory: DatabaseFactory, tmp_path: Path
) -> None:
    migrate(released_database)
    pushed = database_factory()
    restore(pushed, version)
    execute(pushed, export(tmp_path, from_version=version).read_text())
    assert structure(pushed) == structure(released_database)
    assert rights(pushed) == rights(released_database)
    assert migrate(pushed).applied == ()


def test_a_key_of_before_gives_the_same_job_to_its_caller_alone(
    released_database: str,
) -> None:
    key = "idempotency_key = 'sample'"
    execute(
        released_database,
        f"update pricing_sync_jobs set triggered_by = 'api:me' where {key}",
        # From 0.4.0 on a key has a caller from its creation.
        "do $$ begin update pricing_idempotency_keys set identity = 'api:me';"
        " exception when undefined_column or undefined_table then null; end $$",
    )
    migrate(released_database)
    [(job,)] = rows(released_database, f"select job_id from pricing_sync_jobs where {key}")
    execute(released_database, "update pricing_idempotency_keys set used_at = now()")
    again = (
        "select job_id from trigger_pricing_sync('{openrouter, deepinfra}',"
        " triggered_by => '%s', idempotency_key => 'sample')"
    )
    with psycopg.connect(released_database) as connection:
        connection.execute("set role pricing_web")
        assert connection.execute((again % "api:me").encode()).fetchone() == (job,)
        assert connection.execute((again % "api:you").encode()).fetchone() != (job,)


def test_a_worker_does_what_waited_and_what_was_interrupted(
    queue: Queue, providers: ProviderServer, processes: Processes
) -> None:
    """A job that no worker had fetched, and one whose worker was killed before the upgrade."""
    jobs = queue.rows("select job_id, status from pricing_sync_jobs where outcome is null")
    assert {job["status"] for job in jobs} == {"queued", "running"}
    # Both are as old as the dump by now; this test is not about timeouts.
    queue.connection.execute("update pricing_providers set timeout = '100 years'")
    queue.connection.execute("update pricing_settings set queued_timeout = '100 years'")
    processes.service("worker")
    for job in jobs:
        assert queue.wait_for_end(str(job["job_id"]))["outcome"] == "success"
    for slug in ("openrouter", "deepinfra"):
        assert len(providers.requests(slug)) == 1


def _columns(url: str) -> Columns:
    """The columns of each table now; a new version may add columns and tables."""
    query = """
        select a.attname from pg_catalog.pg_attribute a
        where a.attrelid = '{}'::regclass and a.attnum > 0 and not a.attisdropped
        order by a.attnum"""
    there = [table for table in FACTS if rows(url, f"select to_regclass('{table}')") != [(None,)]]
    return {table: [str(name) for (name,) in rows(url, query.format(table))] for table in there}


def _facts(url: str, columns: Columns) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the tables, in these columns."""
    return {
        table: sorted(rows(url, f"select {', '.join(columns[table])} from {table}"), key=repr)
        for table in columns
    }
