"""Check from the tables alone that the price history is the exact chain of changes."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.rows import tuple_row

_BROKEN_CHAINS = """
with link as (
    select
        h.*,
        lag(h.id) over history is null as is_first,
        lead(h.id) over history is null as is_last,
        lag(h.price_per_input_token) over history as before_input,
        lag(h.price_per_output_token) over history as before_output,
        public.pricing_price_set(to_jsonb(h)) as price_set,
        lag(public.pricing_price_set(to_jsonb(h))) over history as before_set
    from public.model_pricing_history h
    -- What was said under an override was not charged.
    where h.is_in_force
    window history as (partition by h.model_id order by h.changed_at, h.id)
)
select format('history row %s says %s was before, the row before it %s',
    l.id, l.previous_input_price, l.before_input)
from link l
where (l.previous_input_price, l.previous_output_price)
    is distinct from (l.before_input, l.before_output)
union all
select format('history row %s of model %s repeats the row before it', l.id, l.model_id)
from link l
-- An announcement, such as the end of an override, is part of the set.
where not l.is_first and l.price_set = l.before_set
union all
select format('%s/%s costs %s, its history says %s',
    m.provider_slug, m.model_id, m.price_per_input_token, l.price_per_input_token)
from public.model_pricing m
left join link l on l.model_id = m.id and l.is_last
where (m.price_per_input_token, m.price_per_output_token, m.last_changed_at)
    is distinct from (l.price_per_input_token, l.price_per_output_token, l.changed_at)
"""


def broken_chains(connection: psycopg.Connection[Any]) -> list[str]:
    """Contradictions between history and prices in force, a sentence each."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        return [line for (line,) in cursor.execute(_BROKEN_CHAINS.encode())]
