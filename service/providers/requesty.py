"""Requesty: ``GET /v1/models`` of the router, no key needed.

Prices are among the other keys of an entry, as JSON numbers in USD per token, in scientific
notation. An entry always has all four keys, so 0 may also mean that there is no price: a 0 for the
cache is unknown unless ``supports_caching`` is true, and so is a model with only zeros.
"""

from __future__ import annotations

from service.prices.price_list import PriceList, RawModel
from service.prices.units import Axis, Unit
from service.providers.adapter import Adapter, Evidence
from service.reading.model_list import read_models, read_name
from service.reading.price_keys import (
    ReadPrices,
    as_unknown,
    only_zeros,
    read_prices,
    zeros_as_unknown,
)

PRICE_KEYS = {
    "input_price": (Axis.INPUT, Unit.USD_PER_TOKEN),
    "output_price": (Axis.OUTPUT, Unit.USD_PER_TOKEN),
    # Easily confused: caching_price is for writing, cached_price for reading.
    "caching_price": (Axis.CACHE_WRITE, Unit.USD_PER_TOKEN),
    "cached_price": (Axis.CACHE_READ, Unit.USD_PER_TOKEN),
}
CACHE = (Axis.CACHE_WRITE, Axis.CACHE_READ)


def parse(body: bytes) -> PriceList:
    """Every model of a list, those without a price included."""
    return read_models(body, _read_model)


def _read_model(model_id: str, entry: dict[str, object]) -> RawModel:
    read = read_prices(
        {key: value for key, value in entry.items() if key in PRICE_KEYS or "price" in key},
        PRICE_KEYS,
    )
    read = _without_filling(read, supports_caching=entry.get("supports_caching") is True)
    return read.as_model(model_id, read_name(entry))


def _without_filling(read: ReadPrices, *, supports_caching: bool) -> ReadPrices:
    if only_zeros(read.prices):
        return as_unknown(read)
    return read if supports_caching else zeros_as_unknown(read, *CACHE)


ADAPTER = Adapter(
    slug="requesty",
    name="Requesty",
    base_url="https://router.requesty.ai",
    path="/v1/models",
    credential_variable=None,
    parse=parse,
    evidence=Evidence.RECORDED,
    price_keys=PRICE_KEYS,
    note=(
        "caching_price is for writing to the cache, cached_price for reading from it. 0 is unknown"
        " for a model with zeros only, and for the cache where supports_caching is not true."
    ),
)
