"""Chutes: ``GET /v1/models``, no key needed.

``pricing`` has the key names of OpenRouter, but JSON numbers in USD per 1M tokens: a million times
its unit. ``price`` repeats each price, in USD and in the coin tao; tao changes every minute and is
ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from service.prices.price_list import PriceList, RawModel
from service.prices.units import Axis, Unit
from service.providers.adapter import Adapter, Evidence
from service.reading.entry_digests import EntryDigests
from service.reading.known_keys import KnownKeys
from service.reading.model_list import read_models, read_name
from service.reading.price_keys import agreed, read_prices, read_pricing
from service.reading.wire import read_object

PRICE_KEYS = {
    "prompt": (Axis.INPUT, Unit.USD_PER_1M_TOKENS),
    "completion": (Axis.OUTPUT, Unit.USD_PER_1M_TOKENS),
    "input_cache_read": (Axis.CACHE_READ, Unit.USD_PER_1M_TOKENS),
}
PRICES_AGAIN = {
    "price.input.usd": (Axis.INPUT, Unit.USD_PER_1M_TOKENS),
    "price.output.usd": (Axis.OUTPUT, Unit.USD_PER_1M_TOKENS),
    "price.input_cache_read.usd": (Axis.CACHE_READ, Unit.USD_PER_1M_TOKENS),
}
KNOWN = KnownKeys.of(
    (f"pricing.{key}" for key in PRICE_KEYS),
    PRICES_AGAIN,
    (path.replace(".usd", ".tao") for path in PRICES_AGAIN),
)


def parse(body: bytes, digests: EntryDigests | None = None) -> PriceList:
    """Every model of a list; one whose two publications disagree is skipped."""
    return read_models(body, _read_model, KNOWN, digests=digests)


def _read_model(model_id: str, entry: dict[str, object]) -> RawModel:
    read = read_prices(read_pricing(entry), PRICE_KEYS, path="pricing.")
    again = read_prices(_dollars(read_pricing(entry, "price")), PRICES_AGAIN)
    read = replace(read, prices=agreed([*read.prices, *again.prices]))
    return read.as_model(model_id, read_name(entry))


def _dollars(price: Mapping[str, object]) -> dict[str, object]:
    """The USD of each price."""
    return {
        path: read_object(value, f"price.{key}").get("usd")
        for key, value in price.items()
        if (path := f"price.{key}.usd") in PRICES_AGAIN and value is not None
    }


ADAPTER = Adapter(
    slug="chutes",
    name="Chutes",
    base_url="https://llm.chutes.ai",
    path="/v1/models",
    credential_variable=None,
    parse=parse,
    by_entry=True,
    evidence=Evidence.RECORDED,
    price_keys={
        **{f"pricing.{key}": meaning for key, meaning in PRICE_KEYS.items()},
        **PRICES_AGAIN,
    },
    note=(
        "OpenRouter's key names with a unit a million times larger; price.*.usd must say the same,"
        " or the model is skipped. price.*.tao is ignored."
    ),
)
