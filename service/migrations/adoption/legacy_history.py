"""Copy the older system's price history, as far as it is provably in our unit.

That system guessed units, so a number alone proves nothing. A row is copied where a price that is
known of the same model of the same provider is less than ten times off. What is copied is marked
``legacy`` and was never in force here; what is not stays where it is.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

import psycopg

from service.migrations.adoption.known_prices import read_known_prices
from service.migrations.adoption.legacy_rows import Known, UnfitRow, fitting_row
from service.postgres.rows import the_row
from service.postgres.sql_text import fill

BATCH = 1_000
_Batch = list[tuple[str, dict[str, object], dict[str, object]]]

# History tables of this and of earlier adoptions, with the table of models that each refers to.
_TABLES = r"""
select h.oid::regclass::text, coalesce(k.confrelid::regclass, m.oid::regclass)::text,
    (
        select format_type(a.atttypid, null) from pg_attribute a
        where a.attrelid = h.oid and a.attname = 'changed_at' and not a.attisdropped
    )
from pg_class h
left join lateral (
    select k.confrelid from pg_constraint k
    where k.conrelid = h.oid and k.contype = 'f'
        and exists (
            select from pg_class c
            where c.oid = k.confrelid and c.relname ~ '^model_pricing(_[0-9]+)?$'
        )
    order by k.oid
    limit 1
) as k on true
left join pg_class m
    on m.relnamespace = h.relnamespace and m.relname = replace(h.relname, '_history', '')
where h.relnamespace = to_regnamespace('pricing_legacy')
    and h.relname ~ '^model_pricing_history(_[0-9]+)?$'
    and h.relkind in ('r', 'p', 'm', 'f')
order by 1
"""

_TIMES = ("timestamp with time zone", "timestamp without time zone", "date")

_MAKE = """
create temporary table legacy_rows (
    provider text, model text, name text, changed_at timestamptz, changed_by text,
    input numeric, output numeric, previous_input numeric, previous_output numeric, row jsonb
) on commit drop
"""

_FILL = """
copy pg_temp.legacy_rows (
    provider, model, name, changed_at, changed_by, input, output, previous_input, previous_output,
    row
) from stdin
"""

# Without a price and inactive, as if from the catalogue: any list may give a first price.
_ADD_MODELS = """
insert into public.model_pricing
    (provider_slug, model_id, name, pricing_source, listed_by, is_active, first_seen_at)
select r.provider, r.model, max(r.name), 'catalogue:legacy', 'catalogue', false, min(r.changed_at)
from pg_temp.legacy_rows r
group by r.provider, r.model
on conflict (provider_slug, model_id) do nothing
"""

_ADD_HISTORY = """
with added as (
    insert into public.model_pricing_history (
        model_id, price_per_input_token, price_per_output_token, previous_input_price,
        previous_output_price, changed_at, changed_by, pricing_source, raw, is_in_force
    )
    select m.id, r.input, r.output, r.previous_input, r.previous_output, r.changed_at,
        r.changed_by, 'legacy', jsonb_build_object('legacy', r.row), false
    from pg_temp.legacy_rows r
    join public.model_pricing m on m.provider_slug = r.provider and m.model_id = r.model
    where not exists (
        select from public.model_pricing_history h
        where h.model_id = m.id and h.pricing_source = 'legacy' and h.changed_at = r.changed_at
            and h.raw -> 'legacy' = r.row
    )
    order by r.changed_at
    returning 1
)
select count(*) from added
"""


def copy_history(connection: psycopg.Connection) -> tuple[int, tuple[str, ...]]:
    """Copy fitting rows that are not copied yet, in the caller's transaction.

    Returns how many were copied, and a sentence for each reason why rows were not.
    """
    left: Counter[str] = Counter()
    connection.execute(_MAKE)
    known = read_known_prices(connection)
    slugs = connection.execute("select slug from public.pricing_providers").fetchall()
    providers = {slug for (slug,) in slugs} | {provider for provider, _, _ in known}
    tables = connection.execute(_TABLES.encode()).fetchall()
    for history, models, time_type in tables:
        if time_type not in _TIMES:
            left[f"{history}: its column changed_at is no time"] += 1
            continue
        unfit: Counter[str] = Counter()
        try:
            with connection.transaction():
                _copy_table(connection, history, models, unfit, known, providers)
        except psycopg.Error as error:
            # Such as a foreign table whose server is away. If the connection is lost, the next
            # statement fails.
            unfit = Counter({f"{history}: cannot be read ({error.diag.message_primary})": 1})
        left += unfit
    connection.execute(_ADD_MODELS)
    (added,) = the_row(connection.execute(_ADD_HISTORY).fetchone())
    return added, tuple(f"{count} rows of {why}" for why, count in sorted(left.items()))


def _copy_table(
    connection: psycopg.Connection,
    history: str,
    models: str | None,
    left: Counter[str],
    known: Known,
    providers: set[str],
) -> None:
    for rows in _read(connection, history, models):
        with connection.cursor() as cursor, cursor.copy(_FILL) as copy:
            for text, row, model in rows:
                try:
                    fit = fitting_row(row, model, known, providers)
                except UnfitRow as why:
                    left[f"{history}: {why}"] += 1
                    continue
                copy.write_row((*vars(fit).values(), text))


def _read(connection: psycopg.Connection, history: str, models: str | None) -> Iterator[_Batch]:
    """Batches of rows as text and as values, with the row of their model; numbers are exact.

    In batches, because a history may be larger than the memory.
    """
    join = "left join (select null::jsonb as row) m on true"
    if models is not None:
        join = fill(
            "left join (select to_jsonb(t) as row from {models} t) m",
            models=models,
        )
        join += " on m.row ->> 'id' = h.row ->> 'model_id'"
    rows = fill(
        "select to_jsonb(t) as row from {history} t",
        history=history,
    )
    query = fill(
        "select h.row::text, m.row::text from ({rows}) h {join}",
        rows=rows,
        join=join,
    )
    with connection.cursor(name="legacy_history") as cursor:
        cursor.execute(query.encode())
        while batch := cursor.fetchmany(BATCH):
            yield [(row, _values(row), _values(model) if model else {}) for row, model in batch]


def _values(row: str) -> dict[str, object]:
    values: dict[str, object] = json.loads(row, parse_float=Decimal, parse_int=Decimal)
    return values
