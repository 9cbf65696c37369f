"""Read prices of this system and of the catalogue, to check the unit of older prices."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import psycopg

_KNOWN = """
select m.provider_slug, m.model_id, a.axis, a.price
from public.model_pricing m
cross join lateral (
    values ('input', m.price_per_input_token::numeric),
        ('output', m.price_per_output_token::numeric)
) as a (axis, price)
where a.price is not null
"""


def read_known_prices(connection: psycopg.Connection) -> dict[tuple[str, str, str], list[Decimal]]:
    """Prices in force and the catalogue's, USD per token, by provider, model and axis."""
    from service.prices.catalogue import read_catalogue
    from service.prices.units import Axis, to_canonical

    known: dict[tuple[str, str, str], list[Decimal]] = {}
    for provider, model, axis, price in connection.execute(_KNOWN).fetchall():
        known.setdefault((provider, model, axis), []).append(price)
    axes = {Axis.INPUT: "input", Axis.OUTPUT: "output"}
    for listed in read_catalogue(datetime.now(UTC)).models:
        for raw in listed.prices:
            if raw.axis in axes and listed.provider is not None:
                key = (listed.provider, listed.model_id, axes[raw.axis])
                known.setdefault(key, []).append(to_canonical(raw).usd)
    return known
