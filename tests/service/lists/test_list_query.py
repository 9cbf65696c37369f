"""Pages of a list put together are the list, whatever is equal or unknown in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

from service.lists.list_query import Filter, ListQuery, SortColumn

TEMPORARY = "create temporary table listed (id bigint, name text, price numeric, at timestamptz)"
LIST = ListQuery(
    view="listed",
    columns=("id", "name"),
    filters={"since": Filter("", "at >= {value}", "timestamptz")},
    sorts={
        "newest": (
            SortColumn("at", "timestamptz", descending=True),
            SortColumn("id", "bigint", descending=True),
            SortColumn("name"),
        ),
        "price": (SortColumn("price", "numeric", nullable=True), SortColumn("name")),
        "dearest": (
            SortColumn("price", "numeric", descending=True, nullable=True),
            SortColumn("name"),
        ),
        "length": (
            SortColumn("length", "integer", expression="length(name)"),
            SortColumn("name"),
        ),
    },
)


def read(
    connection: psycopg.Connection[DictRow],
    values: dict[str, Any],
    listed: ListQuery = LIST,
    **page: Any,
) -> list[dict[str, Any]]:
    statement, arguments = listed.statement(values, **page)
    with psycopg.RawCursor(connection, row_factory=dict_row) as cursor:
        return cursor.execute(
            statement.replace("public.listed", "listed").encode(), arguments
        ).fetchall()


@pytest.mark.parametrize("listed", [LIST, replace(LIST, row_id="name")], ids=["", "by id"])
@pytest.mark.parametrize("sort", LIST.sorts)
def test_pages_are_the_list(
    connection: psycopg.Connection[DictRow], sort: str, listed: ListQuery
) -> None:
    connection.execute(TEMPORARY)
    # Few values, so that most rows are equal in the first columns of each sort.
    connection.execute(
        "insert into listed select n % 9, 'é' || n, nullif(n % 3, 0), now() - (n % 2) * interval"
        " '1 day' from generate_series(1, 40) n order by md5(n::text)"
    )
    whole = read(connection, {}, listed, sort=sort)
    paged: list[dict[str, Any]] = []
    after = None
    for _ in range(41):
        page = read(connection, {}, listed, sort=sort, after=after, limit=3)
        if not page:
            break
        paged += page
        after = LIST.key_of(page[-1], sort)
    assert len({row["name"] for row in whole}) == 40
    assert [row["name"] for row in paged] == [row["name"] for row in whole]


def test_a_filter_that_is_not_set_filters_nothing(
    connection: psycopg.Connection[DictRow],
) -> None:
    connection.execute(TEMPORARY)
    connection.execute("insert into listed values (1, 'a', 1, now() - interval '1 day')")
    assert len(read(connection, {"since": None})) == 1
    assert read(connection, {}, replace(LIST, condition="price > 1")) == []
    (now,) = connection.execute("select now()").fetchone().values()  # type: ignore[union-attr]
    assert read(connection, {"since": now}) == []
