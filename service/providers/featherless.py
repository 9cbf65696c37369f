"""Featherless: ``GET /v1/models``, no key needed, about 22,000 models in pages of 1,000.

Each price is published twice: as a string in USD per token, which is exact, and as a number in USD
per 1M tokens; both must agree. Most models have no price, because they belong to a subscription:
unknown, not free. A model whose prices are all 0 is unknown as well.
"""

from __future__ import annotations

from service.prices.price_list import Page, PriceList, RawModel
from service.prices.units import Axis, Unit
from service.providers.adapter import Adapter, Evidence, Pages
from service.reading.known_keys import KnownKeys
from service.reading.model_list import MAX_ENTRIES, read_models, read_name
from service.reading.price_keys import (
    ReadPrices,
    agreed,
    as_unknown,
    only_zeros,
    read_prices,
    read_pricing,
)
from service.reading.wire import read_object, read_whole_number

PRICE_KEYS = {
    "prompt": (Axis.INPUT, Unit.USD_PER_TOKEN),
    "completion": (Axis.OUTPUT, Unit.USD_PER_TOKEN),
    "image": (Axis.IMAGE, Unit.USD_PER_IMAGE),
    "request": (Axis.REQUEST, Unit.USD_PER_REQUEST),
}
# The same prices again, in another unit.
PRICES_AGAIN = {
    "input": (Axis.INPUT, Unit.USD_PER_1M_TOKENS),
    "output": (Axis.OUTPUT, Unit.USD_PER_1M_TOKENS),
}
KNOWN = KnownKeys.of(
    (f"pricing.{key}" for key in (*PRICE_KEYS, *PRICES_AGAIN)),
    # How many of a subscription's parallel requests one request takes.
    "concurrency_cost",
)


def parse(body: bytes) -> PriceList:
    """Every model of one page; one whose two publications disagree is skipped."""
    return read_models(body, _read_model, KNOWN, read_page=_read_page)


def _read_model(model_id: str, entry: dict[str, object]) -> RawModel:
    read = _read_pricing(entry)
    return read.as_model(model_id, read_name(entry))


def _read_pricing(entry: dict[str, object]) -> ReadPrices:
    pricing = read_pricing(entry)
    read = read_prices(pricing, PRICE_KEYS, path="pricing.")
    again = read_prices(pricing, PRICES_AGAIN, path="pricing.")
    read = ReadPrices(agreed([*read.prices, *again.prices]), {**read.unknown, **again.unknown})
    return as_unknown(read) if only_zeros(read.prices) else read


def _read_page(answer: dict[str, object], entries: int) -> Page:
    pagination = read_object(answer.get("pagination"), "pagination")
    return Page(
        number=read_whole_number(pagination.get("current_page"), largest=MAX_ENTRIES),
        pages=read_whole_number(pagination.get("total_pages"), largest=MAX_ENTRIES),
        models_total=None,
        entries=entries,
    )


ADAPTER = Adapter(
    slug="featherless",
    name="Featherless",
    base_url="https://api.featherless.ai",
    path="/v1/models",
    credential_variable=None,
    parse=parse,
    evidence=Evidence.RECORDED,
    price_keys={
        f"pricing.{key}": meaning for key, meaning in {**PRICE_KEYS, **PRICES_AGAIN}.items()
    },
    pages=Pages("page", "per_page", 1_000),
    note=(
        "pricing.prompt and pricing.completion are per token, pricing.input and pricing.output of"
        " the same model per 1M tokens; they must say the same, or the model is skipped. Most"
        " models have no price: unknown, not free."
    ),
)
