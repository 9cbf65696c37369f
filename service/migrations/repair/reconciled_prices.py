"""Reconcile prices, overrides and history after tables were made again."""

from __future__ import annotations

from collections.abc import Collection

import psycopg

from service.postgres.sql_text import fill

BY = "migrate --repair"

# Once one of these was made again, the next sync must read even an unchanged list.
_PRICES = (
    "model_pricing",
    "model_pricing_history",
    "pricing_catalogue_prices",
    "pricing_held_changes",
    "pricing_overrides",
    "pricing_usd",
)

# Prices of models that may not be charged any more: written as a sync would write them.
_REWRITE = """
with rows as (
    select jsonb_agg(
        jsonb_build_object('id', m.id, 'prices', m.synced, 'source', m.pricing_source)
    ) as changes
    from public.model_pricing m
    left join public.pricing_overrides o on o.model_id = m.id and o.ended_at is null
    where m.synced is not null and {stale}
)
select public.write_model_prices(r.changes, %s) from rows r where r.changes is not null
"""
# The override is gone: the provider's price is in force again.
_FORGET_OVERRIDES = fill(_REWRITE, stale="o.model_id is null")
# The override is there, and something else is charged.
_RENEW_OVERRIDES = fill(
    _REWRITE,
    stale="""o.model_id is not null and public.pricing_sets_differ(
        public.pricing_set_in_force(m),
        public.pricing_set_under_override(m.synced, o.prices, o.expires_at, now())
    )""",
)

_RECORD = """
select count(public.record_price_in_force(u.provider, u.model, %s))
from public.pricing_unrecorded_prices(2147483647) u
"""


def reconcile_prices(connection: psycopg.Connection, made: Collection[str]) -> list[str]:
    """``made``: the objects that were made again. Returns what changed, a sentence each."""
    sentences = []
    names = {each.partition("public.")[2].partition(".")[0] for each in made}
    # Without its digest an unchanged list is read again, which brings lost prices back.
    changed = connection.execute(
        "update public.pricing_providers p"
        " set etag = null, etag_parser = null, content_digest = null"
        " where (content_digest is not null or etag is not null) and (%s or not exists"
        " (select from public.model_pricing m where p.slug in (m.provider_slug, m.listed_by)))",
        [bool(names.intersection(_PRICES))],
    ).rowcount
    if changed or names.intersection(_PRICES):
        sentences.append("the next sync of each provider reads its whole list again")
    renewed = connection.execute(_RENEW_OVERRIDES.encode(), [f"manual:{BY}"]).fetchone()
    if renewed is not None and renewed[0]:
        sentences.append(f"{renewed[0]} models have the price of their override again")
    forgotten = forget_overrides(connection)
    if forgotten:
        sentences.append(
            f"{forgotten} models have their provider's price again: their overrides are gone"
        )
    recorded = connection.execute(_RECORD, [BY]).fetchone()
    if recorded is not None and recorded[0]:
        sentences.append(f"the price in force of {recorded[0]} models begins their history")
    connection.execute("select from public.cleanup_stuck_pricing_syncs()")
    return sentences


def forget_overrides(connection: psycopg.Connection) -> int:
    """Give models whose override is gone their provider's price; how many that changed."""
    forgotten = connection.execute(_FORGET_OVERRIDES.encode(), [f"manual:{BY}"]).fetchone()
    return forgotten[0] if forgotten is not None else 0
