"""The replay of db/: changed objects, new parameters, removed objects."""

from __future__ import annotations

import re

import psycopg
import pytest

from service.errors import MigrationError
from service.migrations.migrate import migrate
from service.migrations.restored_objects import state_differences
from tests.service.migrations.pg_catalog import execute, rows, structure
from tests.service.migrations.trees import Tree, function

FUNCTIONS = """
    select oid::regprocedure::text from pg_proc where pronamespace = 'public'::regnamespace
    order by 1
"""
VIEWS = "select viewname from pg_views where schemaname = 'public' order by 1"
TRIGGERS = "select tgname, tgrelid::regclass::text from pg_trigger where not tgisinternal and"
TRIGGERS += " tgrelid::regclass::text not like 'procrastinate.%' order by 1"
OBJECTS = "select name from public.pricing_schema_ledger where name like 'db/%' and"
OBJECTS += " name not like 'db/awaits/%' and name <> 'db/compared' order by 1"


def names(url: str, query: str) -> list[object]:
    return [row[0] for row in rows(url, query)]


@pytest.fixture
def url(empty_database: str, tree: Tree) -> str:
    migrate(empty_database, roots=tree.roots)
    return empty_database


def test_all_or_nothing(url: str, tree: Tree) -> None:
    tree.write(
        "db/functions/fruit_size.sql", function("fruit_size", "id bigint", "int", "select 2")
    )
    tree.write("db/views/zebra.sql", "create view public.zebra as select * from public.nowhere;\n")
    with pytest.raises(MigrationError, match=r"db/views/zebra\.sql, line 1.*nowhere"):
        migrate(url, roots=tree.roots)
    assert rows(url, "select public.fruit_size(1)") == [(1,)]
    tree.remove("db/views/zebra.sql")
    assert migrate(url, roots=tree.roots).applied == ("db",)
    assert rows(url, "select public.fruit_size(1)") == [(2,)]


@pytest.mark.parametrize(
    ("parameters", "returns", "signature"),
    [
        ("id bigint", "bigint", "fruit_size(bigint)"),
        ("fruit bigint", "int", "fruit_size(bigint)"),
        ("id bigint, unit text default 'g'", "int", "fruit_size(bigint,text)"),
        ("id int", "int", "fruit_size(integer)"),
    ],
    ids=["returns", "renamed", "added", "type"],
)
def test_a_changed_signature(
    url: str, tree: Tree, parameters: str, returns: str, signature: str
) -> None:
    """The view that reads the function is in the way; it exists again afterwards."""
    tree.write(
        "db/functions/fruit_size.sql", function("fruit_size", parameters, returns, "select 7")
    )
    tree.write(
        "db/views/fruits.sql",
        "create or replace view public.fruits as\n"
        "select f.id, public.fruit_size(f.id::int) as size from public.fruit as f;\n",
    )
    assert migrate(url, roots=tree.roots).applied == ("db",)
    assert names(url, FUNCTIONS) == [signature, "guard_fruit()"]
    execute(url, "insert into public.fruit values (1)")
    assert rows(url, "select id, size from public.fruits") == [(1, 7)]


def test_a_removed_default(url: str, tree: Tree) -> None:
    for parameters in ("id bigint, n int default 1", "id bigint, n int"):
        body = "select n"
        tree.write("db/functions/fruit_size.sql", function("fruit_size", parameters, "int", body))
        tree.write("db/views/fruits.sql", "create or replace view public.fruits as select 1 as id;")
        migrate(url, roots=tree.roots)
    assert names(url, FUNCTIONS) == ["fruit_size(bigint,integer)", "guard_fruit()"]


def test_changed_view_columns(url: str, tree: Tree) -> None:
    """A view on the view is made again too."""
    tree.write(
        "db/views/baskets.sql",
        "-- after: fruits\n"
        "create or replace view public.baskets as select id from public.fruits;\n",
    )
    migrate(url, roots=tree.roots)
    tree.write(
        "db/views/fruits.sql",
        "create or replace view public.fruits as select f.name, f.id from public.fruit as f;\n",
    )
    migrate(url, roots=tree.roots)
    columns = "select attname from pg_attribute where attrelid = 'public.fruits'::regclass"
    assert names(url, columns + " and attnum > 0 order by attnum") == ["name", "id"]
    assert names(url, VIEWS) == ["baskets", "fruits"]


def test_objects_that_lean_on_each_other(url: str, tree: Tree) -> None:
    """A function that returns a view's rows, a view on it, a function with a parsed body."""

    def write(column: str) -> None:
        tree.write(
            "db/views/fruits.sql",
            f"create view public.fruits as select f.id as {column} from public.fruit as f;\n",
        )
        text = "-- after: fruits\n" + function(
            "all_fruits", "", "setof public.fruits", "select * from public.fruits"
        )
        tree.write("db/functions/all_fruits.sql", text)
        tree.write(
            "db/views/every_fruit.sql",
            "-- after: all_fruits\n"
            f"create view public.every_fruit as select a.{column} from public.all_fruits() as a;\n",
        )
        tree.write(
            "db/functions/parsed.sql",
            "-- after: every_fruit\ncreate or replace function public.parsed() returns bigint\n"
            f"language sql begin atomic select max({column}) from public.every_fruit; end;\n",
        )

    for column in ("id", "fruit_id", "number"):
        write(column)
        migrate(url, roots=tree.roots)
        assert rows(url, "select public.parsed()") == [(None,)]
    assert names(url, VIEWS) == ["every_fruit", "fruits"]


def test_what_the_operator_built_on_ours_stays(url: str, tree: Tree) -> None:
    execute(
        url,
        "create view public.report as select id from public.fruits",
        "create role pricing_test_reader",
        "grant execute on function public.fruit_size(bigint) to pricing_test_reader",
    )
    try:
        text = function("fruit_size", "id bigint", "int", "select 5")
        tree.write("db/functions/fruit_size.sql", text)
        tree.write(
            "db/views/fruits.sql",
            "create or replace view public.fruits as select f.id, public.fruit_size(f.id) as size,"
            " f.name from public.fruit as f;\n",
        )
        migrate(url, roots=tree.roots)
        assert names(url, VIEWS) == ["fruits", "report"]
        may = (
            "has_function_privilege('pricing_test_reader', 'public.fruit_size(bigint)', 'execute')"
        )
        assert rows(url, f"select {may}") == [(True,)]

        # If that is impossible, nothing changes, and the message names the object.
        tree.write("db/views/fruits.sql", "create view public.fruits as select 1 as one;\n")
        with pytest.raises(MigrationError) as caught:
            migrate(url, roots=tree.roots)
        assert "view public.report depends on view public.fruits" in caught.value.message
        assert caught.value.hint and "Drop what depends" in caught.value.hint
        execute(url, "drop view public.report")
        migrate(url, roots=tree.roots)
    finally:
        execute(url, "drop owned by pricing_test_reader", "drop role pricing_test_reader")


def test_files_that_are_gone(url: str, tree: Tree) -> None:
    assert names(url, OBJECTS) == [
        "db/functions/fruit_size",
        "db/functions/guard_fruit",
        "db/triggers/fruit_guard",
        "db/views/fruits",
    ]
    execute(url, "create function public.theirs() returns int language sql return 1")
    for path in ("functions/fruit_size", "functions/guard_fruit", "triggers/guard_fruit"):
        tree.remove(f"db/{path}.sql")
    tree.write("db/views/fruits.sql", "create or replace view public.fruits as select 1 as id;\n")
    migrate(url, roots=tree.roots)
    assert names(url, FUNCTIONS) == ["theirs()"]
    assert rows(url, TRIGGERS) == []
    assert names(url, OBJECTS) == ["db/views/fruits"]
    tree.remove("db/views/fruits.sql")
    migrate(url, roots=tree.roots)
    assert names(url, VIEWS) == []


def test_a_removed_view_is_in_the_way_of_a_changed_one(url: str, tree: Tree) -> None:
    tree.write(
        "db/views/grapes.sql", "create or replace view public.grapes as table public.fruits;\n"
    )
    migrate(url, roots=tree.roots)
    tree.remove("db/views/grapes.sql")
    tree.write("db/views/fruits.sql", "create or replace view public.fruits as select 1 as one;\n")
    migrate(url, roots=tree.roots)
    assert names(url, VIEWS) == ["fruits"]


def test_triggers(url: str, tree: Tree) -> None:
    """Two triggers in a file, one that cannot be replaced, one that moved to another table."""
    tree.write(
        "db/triggers/guard_fruit.sql",
        "create or replace trigger fruit_guard before insert on public.basket\n"
        "for each row execute function public.guard_fruit();\n"
        "create constraint trigger fruit_check after insert on public.fruit\n"
        "for each row execute function public.guard_fruit();\n",
    )
    for text in ("begin return new; end", "begin return null; end"):
        tree.write(
            "db/functions/guard_fruit.sql",
            "create or replace function public.guard_fruit() returns trigger language plpgsql as\n"
            f"$$ {text} $$;\n",
        )
        assert migrate(url, roots=tree.roots).applied == ("db",)
        assert rows(url, TRIGGERS) == [("fruit_check", "fruit"), ("fruit_guard", "basket")]


def test_a_file_holds_what_its_name_says(url: str, tree: Tree) -> None:
    tree.write("db/functions/other.sql", function("another", "", "int", "select 1"))
    with pytest.raises(MigrationError, match=r"db/functions/other\.sql does not create.*other"):
        migrate(url, roots=tree.roots)


def test_order_and_more_files(empty_database: str, tree: Tree) -> None:
    tree.write("db/functions/a.sql", function("a", "", "int", "select 1"))
    tree.write("db/cron.sql", "select 'public.fruits'::regclass;\n")
    tree.write("db/roles.sql", "select 1;\n")
    tree.write("db/access.sql", "do $$ begin perform public.a(); end $$;\n")
    migrate(empty_database, roots=tree.roots)
    assert "a()" in names(empty_database, FUNCTIONS)


def test_a_function_may_stand_under_a_subject(url: str, tree: Tree) -> None:
    text = (tree.root / "db/functions/fruit_size.sql").read_text()
    tree.remove("db/functions/fruit_size.sql")
    tree.write("db/functions/fruits/fruit_size.sql", text)
    assert migrate(url, roots=tree.roots).applied == (), "a move is no change"

    tree.write("db/functions/fruit_size.sql", text)
    with pytest.raises(MigrationError, match="have one name"):
        migrate(url, roots=tree.roots)


def test_line_ends_are_no_change(url: str, tree: Tree) -> None:
    for file in tree.root.rglob("*.sql"):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert migrate(url, roots=tree.roots).applied == ()


@pytest.mark.long
def test_a_view_of_ours_with_a_trigger_may_have_to_be_made_again(database: str) -> None:
    """Dropping the view drops its trigger, which the replay would drop only later."""
    as_released = structure(database)
    for view, column in (("model_prices", "name"), ("pricing_sync_lock", "locked_at")):
        execute(database, f"alter view public.{view} rename column {column} to nom")
    migrate(database)
    assert structure(database) == as_released
    assert state_differences(database) == []


def test_what_the_operator_built_on_a_view_that_was_changed_is_named(database: str) -> None:
    execute(
        database,
        "alter view public.model_prices rename column name to nom",
        "create view public.report as select nom from public.model_prices",
    )
    with pytest.raises(MigrationError) as caught:
        migrate(database)
    assert "view report depends on view model_prices" in caught.value.message.replace("public.", "")
    assert caught.value.hint == "Drop what depends on it, migrate, and create it again."


@pytest.mark.long
@pytest.mark.parametrize(
    "temporary",
    [
        "create temp view v1 as select * from public.pricing_missing_credentials",
        "create temp table v1 (row public.pricing_missing_credentials)",
    ],
)
def test_what_is_temporary_in_another_session_is_named_with_its_session(
    database: str, temporary: str
) -> None:
    execute(database, "alter view public.pricing_missing_credentials rename column slug to nom")
    with psycopg.connect(database, autocommit=True) as stranger:
        stranger.execute(temporary.encode())
        with pytest.raises(MigrationError) as caught:
            migrate(database)
        assert "v1" in caught.value.message
        hint = str(caught.value.hint)
        assert re.search(r"pg_temp_\d+\.v1 is a temporary object of ", hint)
        assert f"select pg_terminate_backend({stranger.info.backend_pid});" in hint
    migrate(database)
    assert state_differences(database) == []
