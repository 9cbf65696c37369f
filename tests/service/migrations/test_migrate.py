"""``migrate``, run once, twice, from two places, killed half-way, and refused."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from service.errors import DatabaseUnavailable, ForeignRelations, MigrationError
from service.migrations.do_block import do_block
from service.migrations.export import export
from service.migrations.migrate import MigrateResult, migrate
from service.migrations.migrate_lock import LOCK_KEY, TAKE_LOCK
from service.migrations.restored_objects import state_differences
from service.migrations.schema_files import default_roots, read_schema
from service.migrations.status import migration_status
from service.migrations.steps.step_list import all_steps
from tests.conftest import DatabaseFactory
from tests.service.migrations.pg_catalog import execute, ledger_names, rows, structure
from tests.service.migrations.trees import FIRST, SECOND, Tree
from tests.support.waiting import wait_until

ROOT = default_roots().db.parent

# Other backends of this database than the asking one: those that wait, and all.
WAITING = """
    select pid from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and wait_event_type = 'Lock'
"""
OTHERS = """
    select pid from pg_stat_activity where datname = current_database()
    and pid <> pg_backend_pid() and backend_type = 'client backend'
"""


def start(url: str, parts: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.service.migrations.process", url, str(parts)]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_second_run_changes_nothing(empty_database: str) -> None:
    first = migrate(empty_database)
    before = structure(empty_database)
    versions = rows(empty_database, "select xmin::text from public.pricing_schema_ledger")
    second = migrate(empty_database)

    migrations = [file.name for file in read_schema().migrations]
    assert list(first.applied) == ["engine", *migrations, "db"]
    assert second.applied == ()
    assert structure(empty_database) == before
    after = rows(empty_database, "select xmin::text from public.pricing_schema_ledger")
    assert sorted(after) == sorted(versions)


def test_two_processes_at_once(empty_database: str, database_factory: DatabaseFactory) -> None:
    alone = database_factory()
    migrate(alone)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", [LOCK_KEY])
        both = [start(empty_database), start(empty_database)]
        wait_until(lambda: len(rows(empty_database, WAITING)) == 2, 60, "both at the lock")
    answers = [process.communicate(timeout=60) for process in both]

    assert [process.returncode for process in both] == [0, 0], answers
    applied = [name for out, _ in answers for name in json.loads(out)]
    assert sorted(applied) == sorted(
        ["engine", *(file.name for file in read_schema().migrations), "db"]
    )
    assert structure(empty_database) == structure(alone)


# Both obey the session's own lock_timeout where it is shorter than a minute.
@pytest.mark.parametrize("by", ["migrate", "an exported file"])
def test_who_keeps_it_waiting_is_named(empty_database: str, tmp_path: Path, by: str) -> None:
    impatient = make_conninfo(empty_database, options="-c lock_timeout=300ms")
    with (
        psycopg.connect(empty_database, application_name="a stranger") as stranger,
        psycopg.connect(impatient, autocommit=True) as connection,
    ):
        stranger.execute("select pg_advisory_xact_lock(%s)", [LOCK_KEY])
        if by == "migrate":
            with pytest.raises(MigrationError) as caught:
                migrate(impatient)
            said, hint = caught.value.message, caught.value.hint
        else:
            with pytest.raises(psycopg.errors.LockNotAvailable) as refused:
                connection.execute(export(tmp_path).read_text().encode())
            said, hint = str(refused.value.diag.message_primary), refused.value.diag.message_hint
        pid = stranger.info.backend_pid
        assert f"pid {pid} (login " in said
        assert "application a stranger, idle in transaction, " in said
        assert f"select pg_terminate_backend({pid});" in str(hint)
        ledger = "select to_regclass('public.pricing_schema_ledger')"
        assert rows(empty_database, ledger) == [(None,)]
        stranger.rollback()
    assert "db" in migrate(impatient).applied


def test_the_lock_is_not_waited_for_without_end(empty_database: str) -> None:
    for part in all_steps(read_schema()):
        assert part.sql.count("pg_advisory") == part.sql.count(TAKE_LOCK) == 1
    with psycopg.connect(empty_database) as connection:
        connection.execute(
            do_block(
                f"begin {TAKE_LOCK} end".replace(
                    "perform pg_advisory_xact_lock",
                    "perform set_config('test.waits', current_setting('lock_timeout'), true);"
                    " perform pg_advisory_xact_lock",
                )
            ).encode()
        )
        for setting, value in (("test.waits", "1min"), ("lock_timeout", "0")):
            assert connection.execute(f"show {setting}".encode()).fetchone() == (value,)


# Two processes for each part, one after the other: more than a minute on a busy machine.
@pytest.mark.long
@pytest.mark.timeout(600)
def test_killed_in_and_after_every_part(
    empty_database: str, database_factory: DatabaseFactory
) -> None:
    alone = database_factory()
    parts = migrate(alone).applied
    ledger = next(part for part in all_steps(read_schema()) if part.name == "ledger")
    execute(empty_database, ledger.sql)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        for part in parts:
            # The part is done and waits to be recorded: nothing of it may stay.
            before = ledger_names(empty_database)
            with connection.transaction():
                connection.execute("lock table public.pricing_schema_ledger in share mode")
                process = start(empty_database)
                wait_until(lambda: len(rows(empty_database, WAITING)) == 1, 60, f"in {part}")
                process.kill()
                process.communicate(timeout=10)
            wait_until(lambda: len(rows(empty_database, OTHERS)) == 1, 60, "the backend's end")
            assert ledger_names(empty_database) == before
            # Now kill it right after the part's commit.
            process = start(empty_database, parts=1)
            output = process.communicate(timeout=60)
            assert process.returncode == -signal.SIGKILL, output
            wait_until(lambda: len(rows(empty_database, OTHERS)) == 1, 60, "the backend's end")
            assert len(ledger_names(empty_database)) > len(before)

    assert migrate(empty_database).applied == ()
    assert structure(empty_database) == structure(alone)


def test_a_deadlock_is_tried_again(
    empty_database: str, tree: Tree, caplog: pytest.LogCaptureFixture
) -> None:
    execute(empty_database, "create table public.other (id int)")
    tree.write(
        f"migrations/{FIRST}",
        "create table public.fruit (id bigint primary key);\n"
        # The comparison with the release has no such table of its own.
        "select pg_advisory_xact_lock(77);\n"
        "do $$ begin execute concat('lock table public', '.other'); end $$;\n",
    )
    with (
        ThreadPoolExecutor() as pool,
        psycopg.connect(empty_database) as connection,
    ):
        connection.execute("lock table public.other")
        running = pool.submit(migrate, empty_database, roots=tree.roots)
        wait_until(lambda: len(rows(empty_database, WAITING)) == 1, 60, "the table lock")
        # The migration looks for deadlocks first, so Postgres cancels the migration.
        connection.execute("set local deadlock_timeout = '60s'")
        connection.execute("select pg_advisory_xact_lock(77)")
        connection.rollback()
        assert f"migrations/{FIRST}" in running.result(30).applied
    assert "trying again: deadlock detected" in caplog.text


def test_says_which_line_of_which_file_failed(empty_database: str, tree: Tree) -> None:
    tree.write(f"migrations/{SECOND}", "select 1;\n\nselect nonsense from public.fruit;\n")
    with pytest.raises(MigrationError) as caught:
        migrate(empty_database, roots=tree.roots)
    assert f"migrations/{SECOND}, line 3" in caught.value.message
    assert "nonsense" in caught.value.message
    # The steps before it stay; once it is corrected, the next run goes on from there.
    tree.write(f"migrations/{SECOND}", "alter table public.fruit add column name text;\n")
    assert migrate(empty_database, roots=tree.roots).applied == (f"migrations/{SECOND}", "db")


def test_says_which_file_failed_while_running(empty_database: str, tree: Tree) -> None:
    tree.write("db/access.sql", "do $$ begin raise exception 'no rights'; end $$;\n")
    with pytest.raises(MigrationError, match=r"db/access\.sql.*no rights"):
        migrate(empty_database, roots=tree.roots)
    assert "db" not in ledger_names(empty_database)


def test_stops_at_foreign_relations(empty_database: str, tree: Tree) -> None:
    execute(
        empty_database,
        "create table public.basket as select generate_series(1, 3) as id",
        "create view public.fruits as select 1 as x union select 2",
        "create function public.fruit_size(text) returns int language sql return 1",
        "create schema procrastinate create table procrastinate_jobs (id int)",
    )
    before = rows(empty_database, "select oid, relname from pg_class")
    with pytest.raises(ForeignRelations) as caught:
        migrate(empty_database, roots=tree.roots)
    said = caught.value.message
    for each in ("public.basket (3 rows)", "public.fruits (2 rows)", "fruit_size(text)"):
        assert each in said
    assert "procrastinate.procrastinate_jobs (0 rows)" in said
    assert caught.value.hint and "another database" in caught.value.hint
    assert rows(empty_database, "select oid, relname from pg_class") == before


def test_a_ledger_that_is_not_ours(empty_database: str, tree: Tree) -> None:
    execute(empty_database, "create table public.pricing_schema_ledger (version int)")
    with pytest.raises(ForeignRelations, match="pricing_schema_ledger"):
        migrate(empty_database, roots=tree.roots)


def test_an_existing_table_that_is_in_the_way_later(empty_database: str, tree: Tree) -> None:
    """A new release brings a table whose name the operator has taken in the meantime."""
    migrate(empty_database, roots=tree.roots)
    execute(empty_database, "create table public.crate (id int)")
    tree.write("migrations/20260103000000_crate.sql", "create table public.crate (id bigint);\n")
    with pytest.raises(ForeignRelations, match=r"public\.crate \(0 rows\)"):
        migrate(empty_database, roots=tree.roots)
    execute(empty_database, "drop table public.crate")
    assert migrate(empty_database, roots=tree.roots).applied[0].endswith("_crate.sql")


def test_refuses_an_edited_migration(empty_database: str, tree: Tree) -> None:
    migrate(empty_database, roots=tree.roots)
    tree.write(f"migrations/{FIRST}", "create table public.fruit (id int primary key);\n")
    tree.write("migrations/20260103000000_more.sql", "create table public.more (id int);\n")
    with pytest.raises(MigrationError, match=FIRST):
        migrate(empty_database, roots=tree.roots)
    assert rows(empty_database, "select to_regclass('public.more')") == [(None,)]


def test_refuses_a_database_of_a_newer_version(empty_database: str, tree: Tree) -> None:
    migrate(empty_database, roots=tree.roots)
    tree.remove(f"migrations/{SECOND}")
    with pytest.raises(MigrationError, match="newer"):
        migrate(empty_database, roots=tree.roots)


def test_a_migration_is_followed_by_a_replay(empty_database: str, tree: Tree) -> None:
    migrate(empty_database, roots=tree.roots)
    tree.write("migrations/20260103000000_more.sql", "create table public.more (id int);\n")
    applied = migrate(empty_database, roots=tree.roots).applied
    assert applied == ("migrations/20260103000000_more.sql", "db")


def test_engine_step_by_step_is_its_schema_file(
    empty_database: str, tree: Tree, database_factory: DatabaseFactory, tmp_path: Path
) -> None:
    """A database of an older engine gets the files that it lacks, in order."""
    fresh = database_factory()
    migrate(fresh, roots=tree.roots)
    engine = Path(str(tree.roots.engine))
    steps = sorted(file for file in (engine / "migrations").iterdir() if file.suffix == ".sql")
    old = tmp_path / "engine"
    (old / "migrations").mkdir(parents=True)
    (old / "schema.sql").write_text(steps[0].read_text())
    (old / "migrations" / steps[0].name).write_text(steps[0].read_text())

    migrate(empty_database, roots=replace(tree.roots, engine=old))
    result = migrate(empty_database, roots=tree.roots)
    assert result.applied == (*(f"engine:{step.name}" for step in steps[1:]), "db")

    def functions(url: str) -> list[tuple[object, ...]]:
        return rows(
            url,
            "select proname, pg_get_function_identity_arguments(oid), md5(prosrc), proconfig::text"
            " from pg_proc where pronamespace = 'procrastinate'::regnamespace order by 1, 2",
        )

    def columns(url: str) -> list[tuple[object, ...]]:
        return rows(
            url,
            "select attrelid::regclass::text, attname, atttypid::regtype::text from pg_attribute"
            " join pg_class on pg_class.oid = attrelid where attnum > 0 and not attisdropped"
            " and relnamespace = 'procrastinate'::regnamespace and relkind = 'r' order by 1, 2",
        )

    assert [row[:2] for row in functions(empty_database)] == [row[:2] for row in functions(fresh)]
    assert {row[3] for row in functions(empty_database)} == {row[3] for row in functions(fresh)}
    assert columns(empty_database) == columns(fresh)
    assert ledger_names(empty_database) == ledger_names(fresh)


def test_every_engine_function_has_its_search_path(empty_database: str) -> None:
    migrate(empty_database)
    functions = rows(
        empty_database,
        "select proname, proconfig from pg_proc where pronamespace = 'procrastinate'::regnamespace",
    )
    assert len(functions) >= 18
    expected = ["search_path=procrastinate, pg_temp"]
    assert [name for name, settings in functions if settings != expected] == []


def test_leaves_the_ledger_of_supabase_alone(empty_database: str) -> None:
    execute(
        empty_database,
        "create schema supabase_migrations create table schema_migrations (version text)",
        "insert into supabase_migrations.schema_migrations values ('20250101000000')",
    )
    before = rows(empty_database, "select *, xmin::text from supabase_migrations.schema_migrations")
    migrate(empty_database)
    query = "select *, xmin::text from supabase_migrations.schema_migrations"
    assert rows(empty_database, query) == before
    query = "select relname from pg_class where relnamespace = 'supabase_migrations'::regnamespace"
    assert rows(empty_database, query) == [("schema_migrations",)]


def test_whatever_the_login_has_set(empty_database: str, tree: Tree) -> None:
    """The login's search_path, isolation level and statement timeout change no result."""
    with psycopg.connect(empty_database) as connection:
        name = connection.info.dbname
    execute(
        empty_database,
        "create schema elsewhere",
        # With elsewhere in the search_path, this matches better than Postgres's own function of
        # text.
        "create function elsewhere.quote_ident(name) returns text language plpgsql"
        " as 'begin raise exception ''fooled''; end'",
        f'alter database "{name}" set search_path = elsewhere',
        f"alter database \"{name}\" set default_transaction_isolation = 'serializable'",
        f"alter database \"{name}\" set statement_timeout = '1s'",
    )
    tree.write(f"migrations/{SECOND}", "create table public.basket ();\nselect pg_sleep(1.1);\n")
    migrate(empty_database, roots=tree.roots)
    assert rows(empty_database, "select 'public.basket'::regclass is not null") == [(True,)]


@pytest.mark.long
def test_however_the_database_writes_names_and_values(
    empty_database: str, database_factory: DatabaseFactory
) -> None:
    """A fresh, a compared and a repaired database, each by ``migrate`` and by its exported file."""
    ordinary = database_factory()
    migrate(ordinary)
    with psycopg.connect(empty_database) as connection:
        name = connection.info.dbname
    settings = {
        "datestyle": "German",
        "intervalstyle": "sql_standard",
        "timezone": "Asia/Kolkata",
        "quote_all_identifiers": "on",
        "standard_conforming_strings": "off",
        "client_encoding": "LATIN1",
    }
    odd = [f"alter database \"{name}\" set {each} = '{settings[each]}'" for each in settings]
    execute(empty_database, *odd)
    assert "db" in migrate(empty_database).applied
    assert migrate(empty_database) == MigrateResult((), ())
    assert {each.state for each in migration_status(empty_database)} == {"applied"}
    execute(empty_database, "alter view public.model_prices rename column name to nom")
    migrate(empty_database)
    assert state_differences(empty_database) == []
    execute(empty_database, *(f'alter database "{name}" reset {each}' for each in settings))
    assert structure(empty_database) == structure(ordinary)


def test_its_file_too(
    empty_database: str, database_factory: DatabaseFactory, tmp_path: Path
) -> None:
    ordinary = database_factory()
    migrate(ordinary)
    with psycopg.connect(
        empty_database,
        autocommit=True,
        options="-c quote_all_identifiers=on -c standard_conforming_strings=off",
    ) as connection:
        connection.execute(export(tmp_path).read_text().encode())
        kept = connection.execute("show quote_all_identifiers").fetchone()
        assert kept == ("on",)
    assert structure(empty_database) == structure(ordinary)


def test_an_encoding_without_room_for_names_is_refused(empty_database: str, tmp_path: Path) -> None:
    execute(
        empty_database,
        "create database pricing_test_latin encoding 'LATIN1' locale 'C' template template0",
    )
    latin = make_conninfo(empty_database, dbname="pricing_test_latin")
    try:
        with pytest.raises(MigrationError) as caught:
            migrate(latin)
        assert "encoding of the database is LATIN1" in caught.value.message
        assert "encoding 'UTF8'" in str(caught.value.hint)
        assert rows(latin, "select nspname from pg_namespace where nspname = 'procrastinate'") == []
        assert rows(latin, "select from pg_class where relnamespace = 'public'::regnamespace") == []
    finally:
        execute(empty_database, "drop database pricing_test_latin with (force)")


def test_no_server(tree: Tree) -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        migrate("postgresql://somebody:a-secret@127.0.0.1:1/nothing", roots=tree.roots)
    assert "a-secret" not in caught.value.message
    assert caught.value.hint


def test_a_read_only_database(empty_database: str, tree: Tree) -> None:
    with pytest.raises(MigrationError, match="read-only"):
        migrate(
            empty_database + "?options=-c%20default_transaction_read_only%3Don", roots=tree.roots
        )


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("migrations/first.sql", "", "name of a migration"),
        ("db/policies/x.sql", "", "no directory"),
        ("db/views/x.sql", "-- after: nobody\n", "nobody"),
        ("db/views/x.sql", "-- after: x\n", "circle"),
    ],
)
def test_files_that_are_wrong(tree: Tree, path: str, text: str, message: str) -> None:
    tree.write(path, text)
    with pytest.raises(MigrationError, match=message):
        read_schema(tree.roots)


def test_a_file_that_would_end_its_quotes(empty_database: str, tree: Tree) -> None:
    tree.write("db/access.sql", "select '$pricing_text$';\n")
    with pytest.raises(MigrationError, match=r"db/access\.sql"):
        migrate(empty_database, roots=tree.roots)
    assert rows(empty_database, "select to_regclass('public.fruit')") == [(None,)]
