"""DeepInfra: ``GET /v1/openai/models``, no key needed.

Prices are JSON numbers in USD per 1M tokens, with the noise of binary floating point. A model
whose ``metadata`` is null (images, speech, embeddings) has no price here: unknown, not free.
"""

from __future__ import annotations

from pydantic import JsonValue

from service.price_list import PriceList, RawModel
from service.prices import Axis, RawPrice, Unit
from service.providers import Adapter, Evidence
from service.reading.model_list import read_models, read_name
from service.reading.wire import (
    OddEntry,
    printable,
    published_text,
    read_amount,
    read_object,
    verbatim,
)

PRICE_KEYS = {
    "input_tokens": (Axis.INPUT, Unit.USD_PER_1M_TOKENS),
    "output_tokens": (Axis.OUTPUT, Unit.USD_PER_1M_TOKENS),
    "cache_read_tokens": (Axis.CACHE_READ, Unit.USD_PER_1M_TOKENS),
    "cache_write_tokens": (Axis.CACHE_WRITE, Unit.USD_PER_1M_TOKENS),
}


def parse(body: bytes) -> PriceList:
    """Every model of a list, those without a price included."""
    return read_models(body, _read_model)


def _read_model(model_id: str, entry: dict[str, object]) -> RawModel:
    prices: list[RawPrice] = []
    extra: dict[str, JsonValue] = {}
    for key, value in _read_pricing(entry).items():
        if key not in PRICE_KEYS:
            extra[printable(key)] = verbatim(value)
        elif (price := _read_price(key, value)) is not None:
            prices.append(price)
    return RawModel(
        model_id=model_id,
        name=read_name(entry),
        prices=tuple(prices),
        extra=extra,
        unknown_keys=frozenset(extra),
    )


def _read_pricing(entry: dict[str, object]) -> dict[str, object]:
    metadata = entry.get("metadata")
    if metadata is None:
        return {}
    pricing = read_object(metadata, "metadata").get("pricing")
    return {} if pricing is None else read_object(pricing, "metadata.pricing")


def _read_price(key: str, value: object) -> RawPrice | None:
    axis, unit = PRICE_KEYS[key]
    try:
        amount = read_amount(value)
    except OddEntry as odd:
        raise OddEntry(f"{key}: {odd}") from None
    if amount is None:
        return None
    return RawPrice(axis, amount, unit, text=published_text(value), key=key)


ADAPTER = Adapter(
    slug="deepinfra",
    name="DeepInfra",
    base_url="https://api.deepinfra.com",
    path="/v1/openai/models",
    credential_variable=None,
    parse=parse,
    evidence=Evidence.RECORDED,
    price_keys={f"metadata.pricing.{key}": meaning for key, meaning in PRICE_KEYS.items()},
)
