"""Full databases for ``speed.py``, loaded as the system would write them, through columns that both
versions have, with triggers off for speed."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from service.bench.ground.loaded_queue import load_jobs
from tests.bench.trees import Connection

LARGE, SMALL = 25_000, 400

_MODELS = """
insert into model_pricing (provider_slug, model_id, name, price_per_input_token,
    price_per_output_token, price_per_cache_read_token, pricing_source, listed_by, last_changed_at)
select %(slug)s, 'maker/model-' || n, 'Model ' || n, (n %% 90 + 10) * 1e-7, (n %% 90 + 10) * 1e-6,
    (n %% 90 + 10) * 1e-8, 'api:' || %(slug)s, %(slug)s, clock_timestamp()
from generate_series(1, %(models)s) as n
"""
# Every 50th model costs half as much again as the catalogue says.
_CATALOGUE = """
insert into pricing_catalogue_prices (provider_slug, model_id, prices, version)
select m.provider_slug, m.model_id,
    jsonb_build_object(
        'price_per_input_token',
        (m.price_per_input_token / case when m.id %% 50 = 0 then 1.5 else 1 end)::text,
        'price_per_output_token', m.price_per_output_token::text,
        'price_per_cache_read_token', m.price_per_cache_read_token::text
    ),
    'genai-prices@0'
from model_pricing m
"""
_PROVIDER = """
insert into pricing_providers (slug, name, adapter, base_url, next_sync_at, last_success_at)
values (%(slug)s, %(slug)s, 'openrouter', 'http://127.0.0.1:9', 'infinity', clock_timestamp())
"""


def load_models(connection: Connection, providers: dict[str, int]) -> None:
    """Providers with this many models each, and the catalogue's number for each model."""
    connection.execute("set session_replication_role = replica")
    for slug, models in providers.items():
        connection.execute(_PROVIDER, {"slug": slug})
        connection.execute(_MODELS, {"slug": slug, "models": models})
    connection.execute(_CATALOGUE, {})
    connection.execute("reset session_replication_role")
    connection.execute("vacuum analyze")


def load_past(connection: Connection, jobs: int) -> None:
    """Jobs that ended a moment ago, each with its log row, its queue row and the queue's events."""
    load_jobs(connection, jobs, "succeeded")
    connection.execute("set session_replication_role = replica")
    connection.execute(
        "insert into procrastinate.procrastinate_events (job_id, type, at)"
        " select q.id, 'succeeded', clock_timestamp() from procrastinate.procrastinate_jobs q"
    )
    connection.execute("reset session_replication_role")
    connection.execute("vacuum analyze")


def price_list(models: int, factor: str = "1", *, one_in: int | None = None) -> str:
    """A list of ``load_models``'s models with prices times a factor, as a worker sends it.

    ``one_in``: every so many models moves by a factor between 1.1 and 9.
    """
    factors = {n: Decimal(factor) for n in range(1, models + 1)}
    if one_in is not None:
        for n in range(one_in, models + 1, one_in):
            factors[n] = Decimal("1.1") ** (1 + n // one_in % 23)
    return json.dumps([_model(n, by) for n, by in factors.items()])


def _model(number: int, factor: Decimal) -> dict[str, Any]:
    amount = (number % 90 + 10) * factor
    prices = {
        "price_per_input_token": f"{amount.scaleb(-7):f}",
        "price_per_output_token": f"{amount.scaleb(-6):f}",
        "price_per_cache_read_token": f"{amount.scaleb(-8):f}",
    }
    raw = {
        key: {"text": text, "unit": "USD per token", "axis": key} for key, text in prices.items()
    }
    return {
        "model_id": f"maker/model-{number}",
        "name": f"Model {number}",
        "source": "api:p",
        **prices,
        "extra": {},
        "raw": raw,
    }
