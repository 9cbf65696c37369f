"""Read a list of ``service/lists`` row by row, in the memory of one page.

No transaction stays open between two pages, however slowly the output is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import psycopg
from psycopg.rows import dict_row

from service.lists.list_query import Key, ListQuery
from service.postgres.connect import refusals
from service.postgres.pinned_connection import PinnedRawCursor

Row = dict[str, Any]

PAGE = 1000


def read_list(
    connection: psycopg.Connection,
    query: ListQuery,
    values: Mapping[str, Any],
    *,
    sort: str | None = None,
    limit: int | None = None,
) -> Iterator[Row]:
    """The rows with the list's columns, in its order; ``limit``: at most so many."""
    rows = _all_rows(connection, query, values, sort, PAGE if limit is None else min(limit, PAGE))
    return rows if limit is None else islice(rows, limit)


def _all_rows(
    connection: psycopg.Connection,
    query: ListQuery,
    values: Mapping[str, Any],
    sort: str | None,
    page: int,
) -> Iterator[Row]:
    after: Key | None = None
    while True:
        rows = _read_page(connection, query, values, sort, after, page)
        for row in rows:
            yield {name: row[name] for name in query.columns}
        if len(rows) < page:
            return
        after = query.key_of(rows[-1], sort)


def _read_page(
    connection: psycopg.Connection,
    query: ListQuery,
    values: Mapping[str, Any],
    sort: str | None,
    after: Key | None,
    limit: int,
) -> list[Row]:
    statement, arguments = query.statement(values, sort=sort, after=after, limit=limit)
    with refusals(), PinnedRawCursor(connection, row_factory=dict_row) as cursor:
        return cursor.execute(statement.encode(), arguments).fetchall()
