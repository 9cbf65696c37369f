"""A request of a model of the catalogue costs what the package itself would say."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from genai_prices import Usage, data_snapshot
from genai_prices.types import ModelInfo, Provider
from psycopg.types.json import Jsonb

from service.prices.catalogue import catalogue_source, read_catalogue
from service.prices.catalogue_conditions import PEAK_DAYS
from service.prices.price_list import to_apply_rows
from tests.db.pricing import Pricing

REQUESTS = 2_000
# What a request says, in our words and in the package's.
SAYS: tuple[tuple[dict[str, str], dict[str, str]], ...] = (
    ({}, {}),
    ({"service_tier": "batch"}, {"processing": "batch", "service_tier": "batch"}),
    ({"service_tier": "flex"}, {"service_tier": "flex"}),
    ({"service_tier": "priority"}, {"service_tier": "priority"}),
    ({"service_tier": "fast"}, {"service_tier": "fast", "speed": "fast"}),
    ({"upstream": "mistral/eu"}, {"route": "mistral/eu"}),
    ({"search_type": "fast"}, {"search_type": "fast"}),
)
# Counts by the key of a price: a request of a model has those that it has prices for.
COUNTS = {
    "input_mtok": ("input_tokens", (1000, 150_000, 300_000)),
    "output_mtok": ("output_tokens", (0, 1000)),
    "cache_read_mtok": ("cache_read_tokens", (0, 900)),
    "web_searches_kcount": ("web_searches", (0, 2)),
    "input_mchars": ("input_characters", (1000,)),
    "audio_hours": ("audio_seconds", (5, 10, 3600)),
    "input_audio_hours": ("input_audio_seconds", ()),
}


def test_random_requests(pricing: Pricing) -> None:
    now = datetime.now(UTC)
    pricing.sync("catalogue", to_apply_rows(read_catalogue(now), "catalogue", catalogue_source()))
    requests = list(random_requests(now))
    bills = pricing.rows(
        "select b.cost, b.reason from jsonb_to_recordset(%s)"
        " as r (n int, provider text, model text, usage jsonb, at timestamptz)"
        " cross join lateral public.price_request(r.provider, r.model, r.usage, r.at) b"
        " order by r.n",
        Jsonb([row for row, _ in requests]),
    )
    unknown = 0
    for (row, paid), bill in zip(requests, bills, strict=True):
        if bill["cost"] is None:
            unknown += 1
        else:
            assert abs(bill["cost"] - paid) <= Decimal("1e-18") * paid, (row, bill)
    # A later price or a window without one of the base's prices.
    assert unknown < REQUESTS / 100


def random_requests(now: datetime) -> Iterator[tuple[dict[str, Any], Decimal]]:
    chance = random.Random(12)
    snapshot = data_snapshot.get_snapshot()
    listed = {(model.provider, model.model_id) for model in read_catalogue(now).models}
    models = [(p, m) for p in snapshot.providers for m in p.models if (p.id, m.id) in listed]
    # Half of them of models with variants.
    varied = [(p, m) for p, m in models if m.price_variants]
    for n in range(REQUESTS):
        provider, model = chance.choice(varied if n % 2 else models)
        at = (now + timedelta(minutes=chance.randrange(1, 60 * 24 * 60))).replace(microsecond=0)
        if (provider.id, model.id) in PEAK_DAYS and at.weekday() >= 5:
            continue
        usage = random_usage(chance, model, at)
        ours, theirs = chance.choice(SAYS)
        said = {k: v for k, v in usage.items() if k != "input_audio_seconds"} | ours
        row = {"n": n, "provider": provider.id, "model": model.id, "usage": said, "at": str(at)}
        yield row, paid(provider, model, usage, at, theirs)


def random_usage(chance: random.Random, model: ModelInfo, at: datetime) -> dict[str, int]:
    prices = {key for key, value in vars(model.get_prices(at)).items() if value is not None}
    usage = {
        name: chance.choice(counts)
        for key, (name, counts) in COUNTS.items()
        if key in prices and counts
    }
    if "input_audio_hours" in prices:
        usage["input_audio_seconds"] = usage["audio_seconds"]
    return usage


def paid(
    provider: Provider, model: ModelInfo, usage: dict[str, int], at: datetime, says: dict[str, str]
) -> Decimal:
    return model.calc_price(
        Usage(**usage), provider, genai_request_timestamp=at, price_context=says
    ).total_price
