"""Reads one set of prices of the catalogue: its keys, their axes and units, and their tiers.

Prices are Decimals in USD; the package's data_units.py says for how many units each key is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from genai_prices.types import ModelPrice, TieredPrices
from pydantic import JsonValue

from service.prices.units import Axis, RawPrice, Unit, plain

PRICE_KEYS = {
    "input_mtok": (Axis.INPUT, Unit.USD_PER_1M_TOKENS),
    "output_mtok": (Axis.OUTPUT, Unit.USD_PER_1M_TOKENS),
    "cache_read_mtok": (Axis.CACHE_READ, Unit.USD_PER_1M_TOKENS),
    "cache_write_mtok": (Axis.CACHE_WRITE, Unit.USD_PER_1M_TOKENS),
    "cache_write_1h_mtok": (Axis.CACHE_WRITE_1H, Unit.USD_PER_1M_TOKENS),
    "output_reasoning_mtok": (Axis.REASONING, Unit.USD_PER_1M_TOKENS),
    "input_audio_mtok": (Axis.INPUT_AUDIO, Unit.USD_PER_1M_TOKENS),
    "output_audio_mtok": (Axis.OUTPUT_AUDIO, Unit.USD_PER_1M_TOKENS),
    "cache_audio_read_mtok": (Axis.CACHE_READ_AUDIO, Unit.USD_PER_1M_TOKENS),
    "input_image_mtok": (Axis.INPUT_IMAGE, Unit.USD_PER_1M_TOKENS),
    "output_image_mtok": (Axis.OUTPUT_IMAGE, Unit.USD_PER_1M_TOKENS),
    "requests_kcount": (Axis.REQUEST, Unit.USD_PER_1K_REQUESTS),
    "web_searches_kcount": (Axis.WEB_SEARCH, Unit.USD_PER_1K_SEARCHES),
    "input_mchars": (Axis.INPUT_CHARACTER, Unit.USD_PER_1M_CHARACTERS),
    "audio_hours": (Axis.AUDIO_SECOND, Unit.USD_PER_AUDIO_HOUR),
    "input_audio_hours": (Axis.AUDIO_SECOND, Unit.USD_PER_AUDIO_HOUR),
    "input_document_kpages": (Axis.PAGE, Unit.USD_PER_1K_PAGES),
}

Published = Decimal | TieredPrices


@dataclass(frozen=True, slots=True)
class PublishedPrices:
    """Prices below every tier and above the start of each, and the keys that were not read.

    ``unknown``: axes that the unread keys are about.
    """

    flat: tuple[RawPrice, ...]
    tiers: Mapping[int, tuple[RawPrice, ...]]
    unread: Mapping[str, JsonValue]
    unknown: tuple[Axis, ...]


def published(prices: ModelPrice) -> dict[str, Published]:
    """The prices that are set, by the package's keys."""
    values: dict[str, object] = vars(prices)
    return {key: it for key, it in values.items() if isinstance(it, Decimal | TieredPrices)}


def read_price_keys(published: Mapping[str, Published], name: str) -> PublishedPrices:
    """The prices by axis; ``name`` begins the names under which they are kept as published."""
    flat: dict[Axis, RawPrice] = {}
    tiers: dict[int, dict[Axis, RawPrice]] = {}
    unread = {key for key in published if key not in PRICE_KEYS} | _contradictions(published)
    for key, value in published.items():
        axis = None if key in unread else PRICE_KEYS[key][0]
        if axis is None or axis in flat:
            continue
        flat[axis] = _price(key, value.base if isinstance(value, TieredPrices) else value, name)
        for tier in value.tiers if isinstance(value, TieredPrices) else ():
            price = _price(key, tier.price, f"{name}{tier.start}.")
            tiers.setdefault(tier.start, {})[axis] = price
    return PublishedPrices(
        flat=tuple(flat.values()),
        tiers={start: tuple(tiers[start].values()) for start in sorted(tiers)},
        unread={f"{name}{key}": _shown(published[key]) for key in published if key in unread},
        unknown=tuple(
            {PRICE_KEYS[key][0]: None for key in published if key in unread & PRICE_KEYS.keys()}
        ),
    )


def _contradictions(published: Mapping[str, Published]) -> set[str]:
    """Keys of one axis with different prices: which one a request pays is not known."""
    by_axis: dict[Axis, dict[str, Published]] = {}
    for key, value in published.items():
        if key in PRICE_KEYS:
            by_axis.setdefault(PRICE_KEYS[key][0], {})[key] = value
    return {
        key
        for said in by_axis.values()
        if any(value != next(iter(said.values())) for value in said.values())
        for key in said
    }


def _price(key: str, amount: Decimal, name: str) -> RawPrice:
    axis, unit = PRICE_KEYS[key]
    return RawPrice(axis, amount, unit, text=plain(amount), key=name + key)


def _shown(value: Published) -> JsonValue:
    if isinstance(value, Decimal):
        return plain(value)
    tiers: list[JsonValue] = [
        {"min_prompt_tokens": tier.start, "price": plain(tier.price)} for tier in value.tiers
    ]
    return {"base": plain(value.base), "tiers": tiers}
