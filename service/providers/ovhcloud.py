"""OVHcloud AI Endpoints: ``GET /v1/models``, no key needed.

Prices are strings in ``currency_unit`` per token, per image and per request. A model in another
currency than USD is skipped: an exchange rate would be wrong tomorrow.

Each model has all keys, with "0" in those that it is not charged by. A speech model, charged by the
second elsewhere, has "0" in all of them, like a model that may be free. So a model with only zeros
is unknown, and so is a cache at "0": nothing in this list confirms that something is free.
"""

from __future__ import annotations

from service.prices.price_list import PriceList, RawModel
from service.prices.units import Axis, Unit
from service.providers.adapter import Adapter, Evidence
from service.reading.entry_digests import EntryDigests
from service.reading.known_keys import KnownKeys
from service.reading.model_list import read_models, read_name
from service.reading.price_keys import as_unknown, only_zeros, read_prices, read_pricing
from service.reading.wire import InvalidEntry

PRICE_KEYS = {
    "prompt": (Axis.INPUT, Unit.USD_PER_TOKEN),
    "completion": (Axis.OUTPUT, Unit.USD_PER_TOKEN),
    "input_cache_reads": (Axis.CACHE_READ, Unit.USD_PER_TOKEN),
    "input_cache_writes": (Axis.CACHE_WRITE, Unit.USD_PER_TOKEN),
    "image": (Axis.IMAGE, Unit.USD_PER_IMAGE),
    "request": (Axis.REQUEST, Unit.USD_PER_REQUEST),
}
KNOWN = KnownKeys.of(f"pricing.{key}" for key in PRICE_KEYS)


def parse(body: bytes, digests: EntryDigests | None = None) -> PriceList:
    """Every model of a list, those without a price included; only dollars are read."""
    return read_models(body, _read_model, KNOWN, digests=digests)


def _read_model(model_id: str, entry: dict[str, object]) -> RawModel:
    pricing = read_pricing(entry)
    read = read_prices(pricing, PRICE_KEYS, path="pricing.")
    if read.prices and not pricing.get("currency_unit"):
        raise InvalidEntry("it has no currency_unit, and only USD is read")
    if only_zeros(read.prices):
        read = as_unknown(read)
    return read.as_model(model_id, read_name(entry))


ADAPTER = Adapter(
    slug="ovhcloud",
    name="OVHcloud AI Endpoints",
    base_url="https://oai.endpoints.kepler.ai.cloud.ovh.net",
    path="/v1/models",
    credential_variable=None,
    parse=parse,
    by_entry=True,
    evidence=Evidence.RECORDED,
    price_keys={f"pricing.{key}": meaning for key, meaning in PRICE_KEYS.items()},
    note=(
        "currency_unit must be USD, or the model is skipped. A model with zeros only, and a cache"
        " at 0, are unknown."
    ),
)
