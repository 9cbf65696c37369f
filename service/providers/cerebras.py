"""Cerebras: ``GET /public/v1/models``, no key needed.

Prices are strings in USD per token. ``GET /v1/models``, which needs a key, has the same models
without prices.
"""

from __future__ import annotations

from service.prices.price_list import PriceList, RawModel
from service.prices.units import Axis, Unit
from service.providers.adapter import Adapter, Evidence
from service.reading.entry_digests import EntryDigests
from service.reading.known_keys import KnownKeys
from service.reading.model_list import read_models, read_name
from service.reading.price_keys import read_prices, read_pricing

PRICE_KEYS = {
    "prompt": (Axis.INPUT, Unit.USD_PER_TOKEN),
    "completion": (Axis.OUTPUT, Unit.USD_PER_TOKEN),
}
KNOWN = KnownKeys.of(f"pricing.{key}" for key in PRICE_KEYS)


def parse(body: bytes, digests: EntryDigests | None = None) -> PriceList:
    """Every model of a list, those without a price included."""
    return read_models(body, _read_model, KNOWN, digests=digests)


def _read_model(model_id: str, entry: dict[str, object]) -> RawModel:
    read = read_prices(read_pricing(entry), PRICE_KEYS, path="pricing.")
    return read.as_model(model_id, read_name(entry))


ADAPTER = Adapter(
    slug="cerebras",
    name="Cerebras",
    base_url="https://api.cerebras.ai",
    path="/public/v1/models",
    credential_variable=None,
    parse=parse,
    by_entry=True,
    evidence=Evidence.RECORDED,
    price_keys={f"pricing.{key}": meaning for key, meaning in PRICE_KEYS.items()},
    note="Only the public address has prices; /v1/models, which wants a key, has none.",
)
