"""NEAR AI: ``GET /v1/models``, no key needed.

One object has each price twice: as a string in USD per token (``prompt``, ``completion``), which is
exact and used, and as a number in USD per 1M tokens (``input``, ``output``), which must agree.
Without ``input_cache_read`` the cache has no price; "0" is free, because the server accepts a 0
only if it is marked as intended. ``textPricing``, for service tiers and long prompts, is kept and
not applied. Source: the server's source code (nearai/cloud-api); never seen on the wire.
"""

from __future__ import annotations

from service.prices.price_list import PriceList, RawModel
from service.prices.units import Axis, Unit
from service.providers.adapter import Adapter, Evidence
from service.reading.model_list import read_models, read_name
from service.reading.price_keys import agreed, read_prices, read_pricing

PRICE_KEYS = {
    "pricing.prompt": (Axis.INPUT, Unit.USD_PER_TOKEN),
    "pricing.completion": (Axis.OUTPUT, Unit.USD_PER_TOKEN),
    "pricing.input_cache_read": (Axis.CACHE_READ, Unit.USD_PER_TOKEN),
    "pricing.image": (Axis.IMAGE, Unit.USD_PER_IMAGE),
    "pricing.request": (Axis.REQUEST, Unit.USD_PER_REQUEST),
    "pricing.input": (Axis.INPUT, Unit.USD_PER_1M_TOKENS),
    "pricing.output": (Axis.OUTPUT, Unit.USD_PER_1M_TOKENS),
}


def parse(body: bytes) -> PriceList:
    """Every model of a list; one whose two publications disagree is skipped."""
    return read_models(body, _read_model)


def _read_model(model_id: str, entry: dict[str, object]) -> RawModel:
    published = {f"pricing.{key}": value for key, value in read_pricing(entry).items()}
    if entry.get("textPricing") is not None:
        published["textPricing"] = entry["textPricing"]
    read = read_prices(published, PRICE_KEYS)
    exact_first = sorted(read.prices, key=lambda price: price.unit is Unit.USD_PER_1M_TOKENS)
    return RawModel(
        model_id=model_id,
        name=read_name(entry),
        prices=agreed(exact_first),
        unknown=read.unknown,
        extra=read.extra,
        unknown_keys=read.unknown_keys,
    )


ADAPTER = Adapter(
    slug="nearai",
    name="NEAR AI",
    base_url="https://cloud-api.near.ai",
    path="/v1/models",
    credential_variable=None,
    parse=parse,
    evidence=Evidence.DOCUMENTED,
    price_keys=PRICE_KEYS,
    note=(
        "Strings per token and numbers per 1M tokens stand in one object; they must agree, or the"
        " model is skipped. The host api.near.ai is an old one."
    ),
)
