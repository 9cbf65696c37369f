"""``migration_status`` and ``missing_steps``: what a database has and lacks."""

from __future__ import annotations

from service.migrations.migrate import migrate
from service.migrations.schema_files import read_schema
from service.migrations.status import migration_status, missing_steps
from tests.service.migrations.pg_catalog import execute, rows
from tests.service.migrations.trees import FIRST, SECOND, Tree

LEDGER = "select name, digest from public.pricing_schema_ledger"


def states(url: str, tree: Tree) -> dict[str, str]:
    parts = migration_status(url, roots=tree.roots)
    assert all((part.applied_at is None) == (part.state == "pending") for part in parts)
    return {part.name: part.state for part in parts if not part.name.startswith("engine:")}


def ledger(url: str) -> list[tuple[str, str]]:
    return [(str(name), str(digest)) for name, digest in rows(url, LEDGER)]


def test_an_empty_database(empty_database: str, tree: Tree) -> None:
    parts = migration_status(empty_database, roots=tree.roots)
    assert {part.state for part in parts} == {"pending"}
    assert parts[0].name == "engine:00.00.00_01_initial.sql"
    assert [part.name for part in parts[-3:]] == [
        f"migrations/{FIRST}",
        f"migrations/{SECOND}",
        "db",
    ]
    assert rows(empty_database, "select to_regclass('public.pricing_schema_ledger')") == [(None,)]


def test_states(empty_database: str, tree: Tree) -> None:
    migrate(empty_database, roots=tree.roots)
    tree.write(f"migrations/{FIRST}", "select 1;\n")
    tree.remove(f"migrations/{SECOND}")
    tree.write("migrations/20260103000000_third.sql", "select 1;\n")
    tree.write("db/access.sql", "select 1;\n")
    assert states(empty_database, tree) == {
        f"migrations/{FIRST}": "changed",
        "migrations/20260103000000_third.sql": "pending",
        "db": "changed",
        f"migrations/{SECOND}": "unknown",
    }


def test_missing_parts(empty_database: str, tree: Tree) -> None:
    everything = missing_steps([], roots=tree.roots)
    assert everything[-1] == "db" and f"migrations/{FIRST}" in everything
    migrate(empty_database, roots=tree.roots)
    assert missing_steps(ledger(empty_database), roots=tree.roots) == []

    execute(empty_database, "delete from public.pricing_schema_ledger where name like 'engine:03%'")
    missing = missing_steps(ledger(empty_database), roots=tree.roots)
    assert missing and all(name.startswith("engine:03") for name in missing)


def test_old_functions_are_missing_and_newer_ones_are_not(empty_database: str, tree: Tree) -> None:
    migrate(empty_database, roots=tree.roots)
    tree.write("db/access.sql", "select 1;\n")
    assert missing_steps(ledger(empty_database), roots=tree.roots) == ["db"]
    newer = [*ledger(empty_database), ("migrations/20990101000000_later.sql", "x")]
    assert missing_steps(newer, roots=tree.roots) == []


def test_another_text_of_an_engine_step_is_the_same_step(tree: Tree) -> None:
    schema = read_schema(tree.roots)
    rows = [(step.name, "other") for step in schema.engine_steps]
    rows += [(file.name, file.digest) for file in schema.migrations]
    assert missing_steps([*rows, ("db", schema.db_digest)], roots=tree.roots) == []
