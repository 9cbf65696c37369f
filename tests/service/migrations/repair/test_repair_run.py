"""``migrate --repair`` makes again what a person dropped, and the system works on."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import DictRow

from service.errors import MigrationError
from service.migrations.adoption.adopt import adopt
from service.migrations.migrate import migrate
from service.migrations.repair.repair_run import planned_repairs, repair
from service.migrations.restored_objects import state_differences
from tests.conftest import DatabaseFactory
from tests.db.pricing import Pricing, price
from tests.releases.dump import restore
from tests.service.migrations.pg_catalog import execute, rights, rows, structure
from tests.support.processes import Processes
from tests.support.syncing import Queue
from tests.support.waiting import wait_until

# Dropped one at a time and all at once.
DROPPED = {
    "the older reset": ["DROP TABLE IF EXISTS pricing_sync_jobs CASCADE"],
    "the engine": ["drop schema procrastinate cascade"],
    "tables of jobs": [
        "drop table pricing_sync_jobs, pricing_sync_log, pricing_idempotency_keys cascade",
    ],
    "providers and settings": ["drop table pricing_providers, pricing_settings cascade"],
    "prices": ["drop table model_pricing cascade"],
    "history": ["drop table model_pricing_history cascade"],
    "the queue": ["drop table procrastinate.procrastinate_jobs cascade"],
    "the workers": ["drop table procrastinate.procrastinate_workers cascade"],
    "types": [
        "drop domain if exists pricing_usd cascade",
        "drop type if exists procrastinate.procrastinate_job_status cascade",
    ],
    "the ledger": ["drop table pricing_schema_ledger"],
}


# Only these are followed by a real worker: the others would show the same.
WORKED_ON = ("the older reset", "the engine", "everything")


def drop(url: str, what: str) -> None:
    """Run the statements in any order: an earlier drop may have removed the object already."""
    statements = DROPPED.get(what) or [each for some in DROPPED.values() for each in some]
    execute(url, *(each.replace("drop table ", "drop table if exists ") for each in statements))


@pytest.mark.long
@pytest.mark.parametrize("what", [*DROPPED, "everything"])
def test_what_was_dropped_is_made_again(
    what: str, database: str, connection: psycopg.Connection[DictRow], tmp_path: Path
) -> None:
    as_released = structure(database), rights(database)
    pricing = Pricing(connection)
    pricing.sync("openrouter", [price("a")])
    pricing.start("catalogue", worker_id=pricing.worker())
    pricing.trigger("deepinfra")
    drop(database, what)

    result = repair(database)
    assert result.refused == ()
    assert (structure(database), rights(database)) == as_released
    assert state_differences(database) == []
    if what in WORKED_ON:
        assert_it_works(database, connection, tmp_path)


def assert_it_works(url: str, connection: psycopg.Connection[DictRow], tmp_path: Path) -> None:
    """A real worker runs what is triggered, and no job stays open."""
    processes = Processes(tmp_path, {"DATABASE_URL": url})
    queue = Queue(connection)
    connection.execute("update pricing_providers set enabled = slug = 'catalogue'")
    try:
        processes.service("worker")
        job = queue.wait_for_end(queue.trigger("catalogue"), 60)
        assert job["outcome"] == "success", job
        assert queue.row("select count(*) as n from model_prices")["n"] > 100
        # The clean-up skips log rows that are younger than 10 seconds.
        wait_until(
            lambda: not queue.rows("select from pricing_sync_jobs where outcome is null"),
            60,
            "nothing is open",
        )
        assert queue.rows("select * from stuck_pricing_syncs()") == []
        assert queue.rows("select * from pricing_unrecorded_prices()") == []
    finally:
        processes.end()


@pytest.fixture
def pricing(connection: psycopg.Connection[DictRow]) -> Pricing:
    return Pricing(connection)


@pytest.mark.long
def test_jobs_that_the_reset_dropped_are_told_by_their_attempts(
    pricing: Pricing, database: str
) -> None:
    """Jobs that had not ended do not go on: it is unknown whether they were dry runs."""
    pricing.sync("openrouter", [price("a")])
    waiting = pricing.trigger("deepinfra", dry_run=True)["job_id"]
    done = pricing.value("select job_id from pricing_sync_jobs where outcome = 'success'")
    drop(database, "the older reset")
    lost = repair(database).lost
    assert pricing.job(done)["outcome"] == "success"
    assert pricing.job(done)["models_updated"] == 1
    assert pricing.job(waiting)["outcome"] == "cancelled"
    assert [row["status"] for row in pricing.queue_rows(waiting)] == ["cancelled"]
    assert any("2 jobs are made again" in each for each in lost)
    assert any("1 jobs had not ended" in each for each in lost)


@pytest.mark.long
def test_rows_that_named_a_row_that_is_gone_are_kept(pricing: Pricing, database: str) -> None:
    """An unchanged list brings the prices back all the same."""
    pricing.sync("openrouter", [price("a")], content_digest="same")
    before = pricing.history("a")
    drop(database, "prices")
    assert any("pricing_legacy.model_pricing_history_orphans" in e for e in repair(database).lost)
    kept = pricing.row("select * from pricing_legacy.model_pricing_history_orphans")
    assert [kept] == before
    assert pricing.rows("select * from model_pricing_history") == []
    assert pricing.provider("openrouter")["content_digest"] is None
    # The second time, the name of the table is taken.
    pricing.sync("openrouter", [price("a")], content_digest="same")
    drop(database, "prices")
    repair(database)
    assert pricing.rows("select * from pricing_legacy.model_pricing_history_orphans_2")


@pytest.mark.long
def test_without_their_overrides_models_have_the_provider_s_price(
    pricing: Pricing, database: str
) -> None:
    pricing.sync("openrouter", [price("a", "0.001")])
    pricing.do(
        "select set_price_override('openrouter', 'a', reason => 'x', input_per_1m => 2000,"
        " force => true)"
    )
    execute(database, "drop table pricing_overrides cascade")
    repair(database)
    assert pricing.model("a")["price_per_input_token"] == Decimal("0.001")
    assert pricing.history("a")[-1]["changed_by"] == "manual:migrate --repair"
    assert pricing.rows("select * from pricing_unrecorded_prices()") == []


@pytest.mark.long
def test_an_override_is_charged_again_when_its_model_s_columns_were_dropped(
    pricing: Pricing, database: str
) -> None:
    pricing.sync("openrouter", [price("a", "0.001")])
    pricing.do(
        "select set_price_override('openrouter', 'a', reason => 'x', input_per_1m => 2000,"
        " force => true)"
    )
    execute(database, "drop domain pricing_usd cascade")
    repair(database)
    assert pricing.model("a")["price_per_input_token"] == Decimal("0.002")
    pricing.sync("openrouter", [price("a", "0.001")])
    assert pricing.model("a")["price_per_input_token"] == Decimal("0.002")
    assert pricing.rows("select * from pricing_unrecorded_prices()") == []


@pytest.mark.long
def test_single_columns_constraints_and_indexes(pricing: Pricing, database: str) -> None:
    """The repair makes what a table lacks and keeps what a person has added."""
    as_released = structure(database)
    execute(
        database,
        "alter table pricing_sync_jobs drop column duration_seconds cascade,"
        " alter column triggered_by drop not null, alter column dry_run drop default",
        "alter table pricing_sync_log drop column id cascade",
        "alter table pricing_providers drop constraint pricing_providers_slug_check",
        "drop index pricing_sync_jobs_open",
        "drop table pricing_locks",
    )
    assert structure(database) != as_released
    execute(
        database,
        "alter table pricing_providers add column theirs text default 'x'",
        "create index theirs on pricing_providers (theirs)",
        "alter table pricing_sync_log add constraint their_own check (attempt < 1000)",
    )
    planned = [each.sentence for each in planned_repairs(database)]
    assert "table public.pricing_locks: is not there" in planned
    assert "constraint their_own on public.pricing_sync_log: is none of ours" not in planned
    result = repair(database)
    assert result.refused == ()
    assert [each.sentence for each in result.migrated.differences] == [
        "constraint their_own on public.pricing_sync_log: is none of ours"
    ]
    assert pricing.value("select count(theirs) from pricing_providers") > 0
    execute(
        database,
        "alter table pricing_providers drop column theirs",
        "alter table pricing_sync_log drop constraint their_own",
    )
    assert structure(database) == as_released
    assert state_differences(database) == []


def test_what_cannot_be_made_again_is_said_and_the_rest_is_done(
    database: str, tmp_path: Path
) -> None:
    execute(
        database,
        "alter table pricing_providers drop constraint pricing_providers_name_check",
        "insert into pricing_providers (slug, name) values ('odd', '')",
        "drop table pricing_locks",
    )
    processes = Processes(tmp_path, {"DATABASE_URL": database})
    ended = processes.service("migrate", "--repair", may_fail=True)
    assert ended.wait(60) == 1
    assert "Repaired: table public.pricing_locks: is not there" in ended.output
    said = "Not repaired: constraint pricing_providers_name_check on public.pricing_providers: "
    assert said in ended.output


@pytest.mark.long
def test_unknown_values_are_not_made_up(pricing: Pricing, database: str) -> None:
    """Other tables reference models by number: with new ones, history would be of others."""
    pricing.sync("openrouter", [price("a")])
    execute(
        database,
        "alter table model_pricing drop column id cascade, drop column pricing_source cascade",
    )
    before = structure(database)
    with pytest.raises(MigrationError) as refused:
        repair(database)
    assert "column public.model_pricing.id: its values are gone" in refused.value.message
    assert "model_pricing.pricing_source: its values are gone" in refused.value.message
    assert structure(database) == before


@pytest.mark.long
def test_it_is_shown_first_and_named_by_migrate(database: str, tmp_path: Path) -> None:
    drop(database, "the older reset")
    before = structure(database)
    with pytest.raises(MigrationError) as refused:
        migrate(database)
    assert "migrate --repair" in (refused.value.hint or "")
    processes = Processes(tmp_path, {"DATABASE_URL": database})
    shown = processes.service("migrate", "--repair", "--status")
    assert shown.wait(60) == 0
    assert "table public.pricing_sync_jobs: is not there" in shown.output
    assert "create table public.pricing_sync_jobs (job_id uuid" in shown.output
    assert structure(database) == before


@pytest.mark.long
def test_an_owner_that_is_no_superuser(database_factory: DatabaseFactory) -> None:
    url = database_factory("createrole")
    migrate(url)
    drop(url, "everything")
    assert repair(url).migrated.differences == ()


@pytest.mark.long
def test_a_database_of_an_older_version(empty_database: str) -> None:
    """The repair makes that version's objects again, then migrates."""
    restore(empty_database, "0.3.0")
    execute(empty_database, "drop table pricing_sync_jobs, pricing_change_rules cascade")
    result = repair(empty_database)
    assert result.refused == () == result.migrated.differences
    assert rows(empty_database, "select from pricing_sync_jobs")


@pytest.mark.long
def test_functions_that_are_gone_are_named(database: str, tmp_path: Path) -> None:
    execute(database, "drop function check_model_pricing, trigger_pricing_sync cascade")
    ended = Processes(tmp_path, {"DATABASE_URL": database}).service("migrate", "--repair")
    assert ended.wait(60) == 0
    assert "Nothing of ours is gone" not in ended.output
    assert "Restored: function public.check_model_pricing(): is not there." in ended.output
    assert "nothing to do" not in ended.output


@pytest.mark.long
def test_what_was_emptied_comes_back(pricing: Pricing, database: str) -> None:
    """Shipped rows come back; an unchanged list brings back the prices, also those of a person."""
    shipped = rows(database, "select count(*) from pricing_providers")
    pricing.sync("openrouter", [price("a"), price("b")], content_digest="same")
    pricing.do(
        "select set_price_override('openrouter', 'a', reason => 'x', input_per_1m => 2000,"
        " force => true)"
    )
    pricing.maintain("truncate pricing_overrides, model_pricing_history")
    lost = " ".join(repair(database).lost)
    assert "1 models have their provider's price again" in lost and "begins their history" in lost
    assert pricing.rows("select * from pricing_unrecorded_prices()") == []

    pricing.maintain("truncate model_pricing cascade")
    assert any("reads its whole list again" in each for each in repair(database).lost)
    assert pricing.provider("openrouter")["content_digest"] is None

    pricing.maintain("truncate pricing_providers cascade")
    emptied = "table public.pricing_providers: has lost the rows that it was shipped with"
    assert [each.sentence for each in state_differences(database)] == [emptied]
    assert emptied in repair(database).repaired
    assert rows(database, "select count(*) from pricing_providers") == shipped
    assert state_differences(database) == []


NUMBERS = "select provider, models from pricing_model_numbers order by 1"


@pytest.mark.parametrize("mend", [migrate, repair])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("drop trigger pricing_count_new_models on model_pricing", ""),
        # As a restore of rows has it: nothing differs afterwards.
        (
            "alter table model_pricing disable trigger pricing_count_new_models",
            "alter table model_pricing enable trigger pricing_count_new_models",
        ),
    ],
    ids=["gone", "off"],
)
def test_models_are_counted_anew_where_their_trigger_was(
    before: str, after: str, mend: Callable[[str], object], pricing: Pricing, database: str
) -> None:
    execute(database, before)
    pricing.sync("openrouter", [price("a"), price("b")])
    execute(database, after or "select")
    mend(database)
    assert pricing.rows(NUMBERS) == [{"provider": "openrouter", "models": 2}]


def test_models_are_counted_anew_where_their_numbers_were_dropped(
    pricing: Pricing, database: str
) -> None:
    pricing.sync("openrouter", [price("a"), price("b")])
    execute(database, "drop table pricing_model_counts cascade")
    repair(database)
    assert pricing.rows(NUMBERS) == [{"provider": "openrouter", "models": 2}]


LOST_ROWS = {
    "of the engine": "name like 'engine:%'",
    "of migrations and the engine": "name ~ '^(engine:0[3-9]|migrations/20261122)' or name = 'db'",
    "of functions": "name like 'db/%'",
}


@pytest.mark.long
@pytest.mark.parametrize("which", LOST_ROWS)
def test_a_ledger_that_lost_rows_is_made_whole_and_nothing_is_adopted(
    which: str, pricing: Pricing, database: str
) -> None:
    pricing.sync("openrouter", [price("a")])
    as_released = structure(database)
    ledger = "select name, digest from pricing_schema_ledger where name <> 'db/compared'"
    ledger += " order by name"
    before = rows(database, ledger)
    execute(database, f"delete from pricing_schema_ledger where {LOST_ROWS[which]}")
    for act in (migrate, adopt):
        with pytest.raises(MigrationError) as refused:
            act(database)
        assert "migrate --repair" in (refused.value.hint or "")
    result = repair(database)
    assert (result.refused, result.lost) == ((), ())
    assert rows(database, ledger) == before
    assert (structure(database), state_differences(database)) == (as_released, [])
    assert pricing.model("a")["price_per_input_token"] is not None


@pytest.mark.long
def test_nothing_to_repair(empty_database: str, database: str) -> None:
    result = repair(database)
    assert (result.repaired, result.lost, result.refused) == ((), (), ())
    execute(empty_database, "create table public.pricing_sync_jobs (id int)")
    with pytest.raises(MigrationError, match="never migrated"):
        repair(empty_database)
