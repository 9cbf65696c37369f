"""Build the statement of one page of a list.

A list is a view with filters and sorts. A page begins after a row's key, not at an offset: rows
that come or go meanwhile shift nothing. The last columns of a key are unique, so rows that are
equal in the first ones are neither lost nor repeated.

Statements have ``$1`` placeholders, as asyncpg and psycopg's ``RawCursor`` take them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Literal

Kind = Literal["text", "bigint", "integer", "numeric", "timestamptz", "uuid"]


@dataclass(frozen=True)
class Filter:
    """A condition of a list: SQL with ``{value}``, or one condition for each of some words.

    A ``kind`` of text matches what its SQL says; ``choices`` needs no SQL.
    """

    description: str
    condition: str = ""
    kind: Kind = "text"
    choices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SortColumn:
    """A column that orders a list. Only the first one of a sort may be null; nulls are last.

    ``expression``: SQL of a key that is no column of the list.
    """

    name: str
    kind: Kind = "text"
    descending: bool = False
    nullable: bool = False
    expression: str | None = None

    @property
    def sql(self) -> str:
        return self.expression or self.name


Sort = tuple[SortColumn, ...]
# The value of each column of a sort, in the last row of a page.
Key = Sequence[Any]


@dataclass(frozen=True)
class ListQuery:
    """``sorts``: the first one is the default. ``documents``: columns of type json or jsonb.

    ``condition``: what all rows of the list fulfil. ``row_id``: a unique column by which the rows
    of a page are read once they are found, so that no other row is computed whole.
    """

    view: str
    columns: tuple[str, ...]
    sorts: Mapping[str, Sort]
    filters: Mapping[str, Filter] = field(default_factory=dict)
    documents: frozenset[str] = frozenset()
    condition: str = ""
    row_id: str = ""

    @property
    def default_sort(self) -> str:
        return next(iter(self.sorts))

    def key_of(self, row: Mapping[str, Any], sort: str | None = None) -> list[Any]:
        return [row[column.name] for column in self.sorts[sort or self.default_sort]]

    def statement(
        self,
        values: Mapping[str, Any],
        *,
        sort: str | None = None,
        after: Key | None = None,
        limit: int | None = None,
    ) -> tuple[str, list[Any]]:
        """One page and its arguments; ``values``: of the filters, None for one that is not set.

        KeyError for an unknown filter, choice or sort, which the caller has to check.
        """
        arguments = _Arguments()
        order = self.sorts[sort or self.default_sort]
        conditions = [self.condition] if self.condition else []
        conditions += [
            self._condition(name, value, arguments)
            for name, value in values.items()
            if value is not None
        ]
        if after is not None:
            conditions.append(_after(order, after, arguments))
        keys = [
            f"{column.sql} as {column.name}" for column in order if column.name not in self.columns
        ]
        rows = f"from public.{self.view}\n"
        if conditions:
            rows += f"where {' and '.join(conditions)}\n"
        ordered = f"order by {', '.join(map(_ordered, order))}"
        if limit is not None:
            rows_of_page = f"{rows}{ordered}\nlimit {arguments.add(limit, 'bigint')}"
            if not self.row_id:
                rows, ordered = "", rows_of_page
            else:
                rows = (
                    f"from public.{self.view}\n"
                    f"where {self.row_id} = any (array(select {self.row_id} {rows_of_page}))\n"
                )
        text = f"select {', '.join([*self.columns, *keys])}\n{rows}{ordered}"
        return text, arguments.values

    def _condition(self, name: str, value: Any, arguments: _Arguments) -> str:
        filtered = self.filters[name]
        if filtered.choices:
            return f"({filtered.choices[value]})"
        return f"({filtered.condition.format(value=arguments.add(value, filtered.kind))})"


class _Arguments:
    def __init__(self) -> None:
        self.values: list[Any] = []

    def add(self, value: Any, kind: Kind) -> str:
        """The placeholder of a value."""
        self.values.append(value)
        return f"${len(self.values)}::{kind}"


def _ordered(column: SortColumn) -> str:
    text = f"{column.sql} desc" if column.descending else column.sql
    return f"{text} nulls last" if column.nullable and column.descending else text


def _after(order: Sort, key: Key, arguments: _Arguments) -> str:
    """The rows behind a key."""
    first, rest = order[0], order[1:]
    if not first.nullable:
        return _behind(order, key, arguments)
    behind = _behind(rest, key[1:], arguments)
    if key[0] is None:
        return f"({first.sql} is null and {behind})"
    value = arguments.add(key[0], first.kind)
    further = f"{first.sql} {'<' if first.descending else '>'} {value}"
    return f"({further} or {first.sql} is null or ({first.sql} = {value} and {behind}))"


def _behind(order: Sort, key: Key, arguments: _Arguments) -> str:
    """A comparison of rows for each run of columns in one direction, which an index can serve."""
    runs = [list(run) for _, run in groupby(order, key=lambda column: column.descending)]
    run, later = runs[0], order[len(runs[0]) :]
    names = ", ".join(column.sql for column in run)
    values = ", ".join(
        arguments.add(value, column.kind)
        for column, value in zip(run, key[: len(run)], strict=True)
    )
    further = "<" if run[0].descending else ">"
    if not later:
        return f"({names}) {further} ({values})"
    behind = _behind(later, key[len(run) :], arguments)
    return f"(({names}) {further}= ({values}) and (({names}) {further} ({values}) or {behind}))"
