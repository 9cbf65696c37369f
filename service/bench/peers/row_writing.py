"""Prices with their history and no rules: by COPY and one statement, and row by row.

The shortest ways in which a program could write a list into copies of our two tables: every row, or
only what is new or differs; what is new or differs with a history row.
"""

from __future__ import annotations

import json
from decimal import Decimal

import psycopg
from psycopg.rows import DictRow

from service.postgres.sql_text import fill

Connection = psycopg.Connection[DictRow]
Rows = list[tuple[str, str, Decimal, Decimal, Decimal, str]]

# Columns, checks and indexes are ours; without triggers and row level security.
TABLES = """
create table peer_prices (like model_pricing including all);
create table peer_history (
    like model_pricing_history including all,
    foreign key (model_id) references peer_prices
);
create table peer_commits (n bigint)
"""
_TEMPORARY = """
create temporary table incoming
    (model text, name text, input numeric, output numeric, cache_read numeric, raw jsonb)
on commit drop
"""
_WRITE = """
with incoming (model, name, input, output, cache_read, raw) as (
    {incoming}
),
before as (
    select p.model_id, p.price_per_input_token, p.price_per_output_token,
        p.price_per_cache_read_token
    from peer_prices p join incoming i on p.provider_slug = 'peer' and p.model_id = i.model
),
written as (
    insert into peer_prices as p (provider_slug, listed_by, model_id, name, price_per_input_token,
        price_per_output_token, price_per_cache_read_token, pricing_source, last_changed_at)
    select 'peer', 'peer', model, name, input, output, cache_read, 'api:peer', clock_timestamp()
    from incoming
    on conflict (provider_slug, model_id) do update
    set name = excluded.name, price_per_input_token = excluded.price_per_input_token,
        price_per_output_token = excluded.price_per_output_token,
        price_per_cache_read_token = excluded.price_per_cache_read_token,
        last_changed_at = clock_timestamp()
    {only}
    returning id, model_id, price_per_input_token, price_per_output_token,
        price_per_cache_read_token
)
insert into peer_history (model_id, provider_slug, price_per_input_token, price_per_output_token,
    price_per_cache_read_token, previous_input_price, previous_output_price, changed_by,
    observed_at, pricing_source, raw)
select w.id, 'peer', w.price_per_input_token, w.price_per_output_token,
    w.price_per_cache_read_token, b.price_per_input_token, b.price_per_output_token,
    'api_sync:peer', clock_timestamp(), 'api:peer', i.raw
from written w
join incoming i on i.model = w.model_id
left join before b on b.model_id = w.model_id
where (b.price_per_input_token, b.price_per_output_token, b.price_per_cache_read_token)
    is distinct from (w.price_per_input_token, w.price_per_output_token,
        w.price_per_cache_read_token)
"""
_ONLY_CHANGED = """
    where (p.price_per_input_token, p.price_per_output_token, p.price_per_cache_read_token)
        is distinct from (excluded.price_per_input_token, excluded.price_per_output_token,
            excluded.price_per_cache_read_token)
"""
_INCOMING = "select model, name, input, output, cache_read, raw from pg_temp.incoming"
_ONE_ROW = "values (%s::text, %s::text, %s::numeric, %s::numeric, %s::numeric, %s::jsonb)"


def make_tables(connection: Connection) -> None:
    connection.execute(TABLES.encode())


def rows_of(body: bytes) -> Rows:
    """A list's rows, as a program without rules reads them."""
    return [
        (
            entry["id"],
            entry["name"],
            Decimal(entry["pricing"]["prompt"]),
            Decimal(entry["pricing"]["completion"]),
            Decimal(entry["pricing"]["input_cache_read"]),
            json.dumps(entry["pricing"]),
        )
        for entry in json.loads(body)["data"]
    ]


def copy_and_one_statement(connection: Connection, rows: Rows, *, every_row: bool = False) -> None:
    """One transaction."""
    with connection.transaction():
        connection.execute(_TEMPORARY)
        with (
            connection.cursor() as cursor,
            cursor.copy("copy pg_temp.incoming from stdin") as copy,
        ):
            for row in rows:
                copy.write_row(row)
        connection.execute(_statement(_INCOMING, every_row=every_row))


def row_by_row(connection: Connection, rows: Rows, *, every_row: bool = False) -> None:
    """One transaction, a prepared statement for each row."""
    statement = _statement(_ONE_ROW, every_row=every_row)
    with connection.transaction(), connection.cursor() as cursor:
        for row in rows:
            cursor.execute(statement, row, prepare=True)


def _statement(incoming: str, *, every_row: bool) -> bytes:
    """``every_row``: also the rows that are as they were, but for their time."""
    only = "" if every_row else _ONLY_CHANGED
    return fill(_WRITE, incoming=incoming, only=only).encode()


def bare_commit(connection: Connection) -> None:
    """A transaction that writes one row: what each commit costs."""
    connection.execute("insert into peer_commits values (1)")
