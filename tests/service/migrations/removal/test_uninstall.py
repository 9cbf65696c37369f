"""``pricing-sync uninstall`` removes everything of ours and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import DictRow

from service.errors import MigrationError
from service.migrations.migrate import migrate
from service.migrations.removal.uninstall import uninstall
from service.migrations.restored_objects import state_differences
from tests.conftest import DatabaseFactory
from tests.db.pricing import Pricing, price
from tests.service.migrations.pg_catalog import execute, rows
from tests.support.postgres import Cluster, another_cluster
from tests.support.processes import Processes
from tests.support.syncing import StartWorker

# Every object of the database, and every right on the schema public and on the database.
CATALOGUE = """
select 'relation', c.oid::regclass::text from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
union all select 'function', p.oid::regprocedure::text from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
union all select 'type', t.oid::regtype::text from pg_type t
    join pg_namespace n on n.oid = t.typnamespace
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
union all select 'schema', n.nspname::text from pg_namespace n where n.nspname !~ '^pg_'
union all select 'right', a.grantee::regrole || ' ' || a.privilege_type from pg_namespace n,
    aclexplode(n.nspacl) a where n.nspname = 'public'
union all select 'database', a.grantee::regrole || ' ' || a.privilege_type from pg_database d,
    aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
    where d.datname = current_database()
union all select 'trigger', e.evtname::text from pg_event_trigger e
union all select 'policy', p.policyname::text from pg_policies p
order by 1, 2
"""


@pytest.mark.parametrize("owner", ["superuser", pytest.param("createrole", marks=pytest.mark.long)])
def test_nothing_of_ours_stays(owner: str, database_factory: DatabaseFactory) -> None:
    url = database_factory(owner)
    execute(url, "create table mine (id int)")
    before = rows(url, CATALOGUE)
    migrate(url)
    result = uninstall(url)
    assert rows(url, CATALOGUE) == before
    assert "table public.model_pricing" in result.dropped
    with pytest.raises(MigrationError, match="nothing to uninstall"):
        uninstall(url)
    assert migrate(url).differences == ()
    assert state_differences(url) == []


@pytest.mark.long
def test_roles_go_where_nothing_else_needs_them(cluster: Cluster) -> None:
    roles = "select rolname from pg_roles where rolname like 'pricing\\_%'"
    with another_cluster(cluster) as alone, alone.database() as one, alone.database() as other:
        for name in (one, other):
            migrate(alone.url_of(name))
        left = uninstall(alone.url_of(one)).left
        assert f"role pricing_owner stays: database {other} needs it" in left
        assert len(rows(alone.url, roles)) == 3
        uninstall(alone.url_of(other))
        assert rows(alone.url, roles) == []
        assert migrate(alone.url_of(other)).differences == ()


def test_what_stands_on_ours_is_named_and_nothing_is_dropped(database: str) -> None:
    execute(
        database,
        "create view mine as select * from model_prices",
        "create table orders (model bigint references model_pricing)",
    )
    before = rows(database, CATALOGUE)
    with pytest.raises(MigrationError) as refused:
        uninstall(database)
    assert "view public.mine depends on view public.model_prices" in refused.value.message
    assert rows(database, CATALOGUE) == before
    execute(database, "drop view mine")
    with pytest.raises(MigrationError, match=r"orders_model_fkey on table public\.orders"):
        uninstall(database)
    execute(database, "drop table orders")
    uninstall(database)


def test_what_a_person_put_on_ours_is_named_and_nothing_is_dropped(database: str) -> None:
    on = "on public.model_pricing"
    execute(
        database,
        "alter table model_pricing add column margin numeric, add check (name <> 'their')",
        "create function noted() returns trigger language plpgsql as 'begin return new; end'",
        f"create trigger noted after insert {on} for each row execute function noted()",
        f"create index by_name {on} (name)",
        f"create policy theirs {on} for select to anon using (true)",
        "create rule doubled as on insert to pricing_sync_log do also nothing",
        "create statistics guessed on name, model_id from public.model_pricing",
        "create trigger queued after insert on procrastinate.procrastinate_jobs"
        " for each row execute function noted()",
    )
    before = rows(database, CATALOGUE)
    with pytest.raises(MigrationError) as refused:
        uninstall(database)
    for named in (
        f"column margin {on}",
        f"constraint model_pricing_name_check {on}",
        f"trigger noted {on}",
        f"index by_name {on}",
        f"policy theirs {on}",
        f"statistics guessed {on}",
        "rule doubled on public.pricing_sync_log",
        "trigger queued on procrastinate.procrastinate_jobs",
    ):
        assert named in refused.value.message
    assert rows(database, CATALOGUE) == before
    # The operator's objects on kept tables are kept, too.
    execute(
        database,
        "drop rule doubled on pricing_sync_log",
        "drop trigger queued on procrastinate.procrastinate_jobs",
    )
    uninstall(database, keep=True)
    assert rows(database, "select tgname from pg_trigger where not tgisinternal") == [("noted",)]


def test_connected_processes_are_named(database: str, start_worker: StartWorker) -> None:
    start_worker()
    with pytest.raises(MigrationError, match="pricing-sync worker"):
        uninstall(database)
    assert rows(database, "select to_regclass('model_pricing') is not null") == [(True,)]


@pytest.mark.long
def test_no_job_of_ours_stays_in_pg_cron(empty_cron_database: str) -> None:
    """A job of an older version has another command, and a copy has another name."""
    url = empty_cron_database
    migrate(url)
    execute(
        url,
        "update cron.job set command = 'select 1' where jobname = 'pricing_sync_cleanup'",
        "select cron.schedule('* * * * *', command) from cron.job"
        " where jobname = 'pricing_sync_retention'",
        "select cron.schedule('their-own', '0 0 1 1 *', 'select 1')",
    )
    uninstall(url)
    assert rows(url, "select jobname from cron.job") == [("their-own",)]


def test_a_worker_whose_session_is_a_pooler_s_is_known_by_its_heartbeat(
    database: str, connection: psycopg.Connection[DictRow]
) -> None:
    pricing = Pricing(connection)
    worker = pricing.worker()
    with pytest.raises(MigrationError, match=f"are alive: worker {worker} "):
        uninstall(database)
    assert rows(database, "select to_regclass('model_pricing') is not null") == [(True,)]
    stop_workers(pricing)
    uninstall(database)


def stop_workers(pricing: Pricing) -> None:
    """Delete the simulated workers, which have no process."""
    pricing.do("delete from procrastinate.procrastinate_workers")


def test_it_asks_first(database: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "service", "uninstall"]
    environment = Processes(tmp_path, {"DATABASE_URL": database}).environment

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *options],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=environment,
            timeout=100,
        )

    refused = run()
    assert refused.returncode == 2 and "--yes" in refused.stderr
    assert "  table public.model_pricing\n" in refused.stdout
    assert rows(database, "select to_regclass('model_pricing') is not null") == [(True,)]
    assert run("--yes").returncode == 0
    assert rows(database, "select to_regclass('model_pricing')") == [(None,)]


@pytest.mark.long
def test_prices_are_kept_and_taken_up_again(
    database: str, connection: psycopg.Connection[DictRow]
) -> None:
    pricing = Pricing(connection)
    pricing.sync("openrouter", [price("a"), price("b")])
    pricing.sync("openrouter", [price("a", "0.002"), price("b")])
    models = "select * from model_pricing order by id"
    history = "select * from model_pricing_history order by id"
    before = pricing.rows(models), pricing.rows(history)
    stop_workers(pricing)
    uninstall(database, keep=True)
    assert (pricing.rows(models), pricing.rows(history)) == before
    assert rows(database, "select from pg_proc where pronamespace = 'public'::regnamespace") == []
    assert rows(database, "select from pg_trigger where not tgisinternal") == []

    result = migrate(database)
    assert "3 rows of model_pricing_history that an uninstall kept are back" in (result.mended)
    assert (pricing.rows(models), pricing.rows(history)) == before
    assert state_differences(database) == []
    assert pricing.rows("select * from pricing_unrecorded_prices()") == []
    # The sequences go on, and no table is left aside.
    pricing.do("update pricing_providers set review_first = false, guards_enabled = false")
    pricing.sync("openrouter", [price("a", "0.003"), price("b"), price("c")])
    assert len(pricing.rows(history)) == 5
    assert rows(database, "select from pg_tables where schemaname = 'pricing_legacy'") == []


@pytest.mark.long
def test_kept_tables_with_columns_of_a_person_are_not_dropped(
    database: str, connection: psycopg.Connection[DictRow]
) -> None:
    pricing = Pricing(connection)
    pricing.sync("openrouter", [price("a")])
    execute(database, "alter table model_pricing add column margin numeric default 7")
    stop_workers(pricing)
    uninstall(database, keep=True)
    told = migrate(database).mended
    assert "pricing_legacy.model_pricing stays: it has columns of yours (margin)" in told
    assert rows(database, "select margin from pricing_legacy.model_pricing") == [(7,)]
    assert len(pricing.history("a")) == 1
    # The next migrate does not bring the rows back a second time.
    uninstall(database)
    assert migrate(database).mended == ()
