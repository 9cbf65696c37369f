"""Act on a database as PostgREST does: its login, its settings, its transactions and its SQL.

The form of the statements is that of PostgREST 12 and 13: https://docs.postgrest.org.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from tests.support.postgres import Cluster

API_ROLES = ("anon", "authenticated", "service_role")
OPERATORS = {
    "eq": "=",
    "neq": "<>",
    "gt": ">",
    "gte": ">=",
    "lt": "<",
    "lte": "<=",
    "like": "like",
    "ilike": "ilike",
    "is": "is",
}


@dataclass(frozen=True)
class Filter:
    """``operator``: PostgREST's word, also with ``not.`` before it."""

    column: str
    operator: str
    value: object


@dataclass(frozen=True)
class Selected:
    """A column; with ``inner`` a relation that is embedded."""

    name: str
    cast: str = ""
    inner: list[Selected] = field(default_factory=list)


@dataclass
class Request:
    """A GET of a relation, or a call of a function. ``order``: column, descending, nulls."""

    name: str
    is_call: bool = False
    arguments: dict[str, Any] = field(default_factory=dict)
    selected: list[Selected] = field(default_factory=list)
    filters: list[Filter] = field(default_factory=list)
    order: list[tuple[str, bool, str]] = field(default_factory=list)
    limit: int | None = None
    limits: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class PostgREST:
    """Requests on one connection of the login, which has no rights but those of its roles."""

    connection: psycopg.Connection[dict[str, Any]]

    def answer(self, request: Request, role: str, **claims: object) -> list[dict[str, Any]]:
        """The body of the answer; raises the psycopg.Error that PostgREST makes a status of."""
        with self.connection.transaction():
            types: dict[str, str] = {}
            is_read_only = True
            if request.is_call:
                is_read_only, types = self._function(request.name)
            if is_read_only:
                self.connection.execute("set transaction read only")
            self.connection.execute(
                "select set_config('search_path', '\"public\", \"extensions\"', true),"
                " set_config('role', %s, true), set_config('request.jwt.claims', %s, true),"
                " set_config('request.method', %s, true), set_config('request.path', %s, true)",
                [
                    role,
                    json.dumps({"role": role, **claims}),
                    "POST" if request.is_call else "GET",
                    f"/{request.name}",
                ],
            )
            found = self.connection.execute(
                sql.SQL(
                    "with pgrst_source as ({}) select pg_catalog.count(_postgrest_t) as page_total,"
                    " coalesce(json_agg(_postgrest_t), '[]') as body"
                    " from (select * from pgrst_source) _postgrest_t"
                ).format(statement(request, types))
            ).fetchone()
            assert found is not None
            body: list[dict[str, Any]] = found["body"]
            return body

    def _function(self, name: str) -> tuple[bool, dict[str, str]]:
        """Whether it says that it changes nothing, and its parameters with their types."""
        found = self.connection.execute(
            "select p.provolatile <> 'v' as reads, (select jsonb_object_agg(a.name, format_type("
            "a.type, null)) from unnest(p.proargnames[:p.pronargs], p.proargtypes::oid[])"
            " as a (name, type)) as types from pg_catalog.pg_proc p"
            " where p.pronamespace = 'public'::regnamespace and p.proname = %s",
            [name],
        ).fetchone()
        assert found is not None, f"there is no function {name}"
        return found["reads"], found["types"]


@contextmanager
def acting_as_postgrest(cluster: Cluster, database: str) -> Iterator[PostgREST]:
    """A connection as a login like Supabase's ``authenticator``."""
    with cluster.login_role(can_create_roles=False) as (user, password):
        cluster.execute("alter role {} noinherit", user)
        for role in API_ROLES:
            cluster.execute("grant {} to {}", role, user)
        url = cluster.url_of(database, user=user, password=password)
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
            yield PostgREST(connection)


def statement(request: Request, types: Mapping[str, str]) -> sql.Composed:
    """The query of a request, as PostgREST writes it; ``types``: of a function's parameters."""
    relation = sql.Identifier("public", request.name)
    # A column is named by its table; the rows of a call have an alias.
    of: sql.Composable = sql.Identifier("pgrst_call") if request.is_call else relation
    columns, joins = _columns(request, of)
    source = _call(request, types) if request.is_call else relation
    parts = [sql.SQL("select "), sql.SQL(", ").join(columns), sql.SQL(" from "), source, *joins]
    if request.filters:
        conditions = [_condition(each, of) for each in request.filters]
        parts += [sql.SQL(" where "), sql.SQL(" and ").join(conditions)]
    if request.order:
        parts += [sql.SQL(" order by "), sql.SQL(", ").join(_orders(request, of))]
    if request.limit is not None:
        parts.append(sql.SQL(" limit {}").format(request.limit))
    return sql.Composed(parts)


def _columns(
    request: Request, of: sql.Composable
) -> tuple[list[sql.Composable], list[sql.Composable]]:
    if not request.selected:
        return [sql.SQL("{}.*").format(of)], []
    columns: list[sql.Composable] = []
    joins: list[sql.Composable] = []
    for each in request.selected:
        if not each.inner:
            column = sql.SQL("{}.{}").format(of, sql.Identifier(each.name))
            if each.cast:
                column = sql.SQL("cast({} as {}) as {}").format(
                    column, sql.Identifier(each.cast), sql.Identifier(each.name)
                )
            columns.append(column)
            continue
        alias, joined = (sql.Identifier(f"{each.name}_1"), sql.Identifier(f"joined_{each.name}"))
        limit = request.limits.get(each.name)
        columns.append(
            sql.SQL("coalesce({}.{}, '[]') as {}").format(joined, joined, sql.Identifier(each.name))
        )
        # A computed relationship: the function is called with the row.
        joins.append(
            sql.SQL(
                " left join lateral (select json_agg({joined})::jsonb as {joined} from"
                " (select {inner} from {function}({row}::{of}) as {alias}{limit}) as {joined})"
                " as {joined} on true"
            ).format(
                joined=joined,
                inner=sql.SQL(", ").join(
                    sql.SQL("{}.{}").format(alias, sql.Identifier(column.name))
                    for column in each.inner
                ),
                function=sql.Identifier("public", each.name),
                row=sql.Identifier(request.name),
                of=of,
                alias=alias,
                limit=sql.SQL("" if limit is None else f" limit {limit}"),
            )
        )
    return columns, joins


def _call(request: Request, types: Mapping[str, str]) -> sql.Composable:
    names = [sql.Identifier(name) for name in request.arguments]
    return sql.SQL(
        "(select {payload}::json as json_data) pgrst_payload,"
        " lateral (select {names} from json_to_record(pgrst_payload.json_data) as _({typed})"
        " limit 1) pgrst_body, lateral {function}({given}) pgrst_call"
    ).format(
        payload=json.dumps(request.arguments),
        names=sql.SQL(", ").join(names),
        typed=sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(types[name]))
            for name in request.arguments
        ),
        function=sql.Identifier("public", request.name),
        given=sql.SQL(", ").join(sql.SQL("{0} := pgrst_body.{0}").format(name) for name in names),
    )


def _condition(each: Filter, of: sql.Composable) -> sql.Composed:
    negated = each.operator.startswith("not.")
    operator = OPERATORS[each.operator.removeprefix("not.")]
    value = sql.SQL("null") if each.value in (None, "null") else sql.Literal(_text(each.value))
    return sql.SQL("{}{}.{} {} {}").format(
        sql.SQL("not " if negated else ""),
        of,
        sql.Identifier(each.column),
        sql.SQL(operator),
        value,
    )


def _text(value: object) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _orders(request: Request, of: sql.Composable) -> Iterator[sql.Composed]:
    for column, is_descending, nulls in request.order:
        words = f"{'desc' if is_descending else 'asc'} {nulls}".rstrip()
        yield sql.SQL("{}.{} {}").format(
            of,
            sql.Identifier(column),
            sql.SQL(words),
        )
