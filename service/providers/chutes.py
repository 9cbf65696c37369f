"""Chutes: ``GET /v1/models``, no key needed.

``pricing`` has the key names of OpenRouter, but JSON numbers in USD per 1M tokens: a million times
its unit. ``price`` repeats each price, in USD and in the coin tao; tao changes every minute and is
ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pydantic import JsonValue

from service.prices.price_list import PriceList, RawModel
from service.prices.units import Axis, Unit
from service.providers.adapter import Adapter, Evidence
from service.reading.model_list import read_models, read_name
from service.reading.price_keys import (
    ReadPrices,
    as_unknown,
    may_cost,
    only_zeros,
    price_of,
    read_price,
    read_prices,
    read_pricing,
    require_agreement,
)
from service.reading.wire import printable, read_object, verbatim

PRICE_KEYS = {
    "prompt": (Axis.INPUT, Unit.USD_PER_1M_TOKENS),
    "completion": (Axis.OUTPUT, Unit.USD_PER_1M_TOKENS),
    "input_cache_read": (Axis.CACHE_READ, Unit.USD_PER_1M_TOKENS),
}
PRICES_AGAIN = {
    "input": (Axis.INPUT, Unit.USD_PER_1M_TOKENS),
    "output": (Axis.OUTPUT, Unit.USD_PER_1M_TOKENS),
    "input_cache_read": (Axis.CACHE_READ, Unit.USD_PER_1M_TOKENS),
}


def parse(body: bytes) -> PriceList:
    """Every model of a list; one whose two publications disagree is skipped."""
    return read_models(body, _read_model)


def _read_model(model_id: str, entry: dict[str, object]) -> RawModel:
    read = read_prices(read_pricing(entry), PRICE_KEYS, path="pricing.")
    read = _compare(read, read_pricing(entry, "price"))
    return read.as_model(model_id, read_name(entry))


def _compare(read: ReadPrices, price: Mapping[str, object]) -> ReadPrices:
    """Compare each price with its USD in ``price``; keys without an axis are kept in extra."""
    strange: dict[str, JsonValue] = {}
    for key, value in price.items():
        path = f"price.{key}"
        if key not in PRICES_AGAIN:
            strange[printable(path)] = verbatim(value)
        elif value is not None:
            dollars = read_object(value, path).get("usd")
            again = read_price(f"{path}.usd", dollars, PRICES_AGAIN[key])
            require_agreement(price_of(read.prices, PRICES_AGAIN[key][0]), again)
    if only_zeros(read.prices) and may_cost(strange):
        read = as_unknown(read)
    return replace(
        read, extra={**read.extra, **strange}, unknown_keys=read.unknown_keys | set(strange)
    )


ADAPTER = Adapter(
    slug="chutes",
    name="Chutes",
    base_url="https://llm.chutes.ai",
    path="/v1/models",
    credential_variable=None,
    parse=parse,
    evidence=Evidence.RECORDED,
    price_keys={
        **{f"pricing.{key}": meaning for key, meaning in PRICE_KEYS.items()},
        **{f"price.{key}.usd": meaning for key, meaning in PRICES_AGAIN.items()},
    },
    note=(
        "OpenRouter's key names with a unit a million times larger; price.*.usd must say the same,"
        " or the model is skipped. price.*.tao is ignored."
    ),
)
