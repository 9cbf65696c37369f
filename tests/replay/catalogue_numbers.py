"""The catalogue's numbers, straight from the ``genai-prices`` package."""

from __future__ import annotations

from datetime import UTC, datetime

from genai_prices import data_snapshot
from genai_prices.types import ModelInfo, ModelPrice, StartDateConstraint, TieredPrices

from tests.replay.published import PriceSet

# USD per 1M tokens each.
COLUMNS = {
    "input_mtok": "price_per_input_token",
    "output_mtok": "price_per_output_token",
    "cache_read_mtok": "price_per_cache_read_token",
    "cache_write_mtok": "price_per_cache_write_token",
    "cache_write_1h_mtok": "price_per_cache_write_1h_token",
    "output_reasoning_mtok": "price_per_reasoning_token",
    "input_audio_mtok": "price_per_input_audio_token",
    "output_audio_mtok": "price_per_output_audio_token",
    "cache_audio_read_mtok": "price_per_cache_read_audio_token",
    "input_image_mtok": "price_per_input_image_token",
    "output_image_mtok": "price_per_output_image_token",
}
TOKENS = 1_000_000


def catalogue_numbers(provider: str) -> dict[str, PriceSet]:
    """USD per token of each model that the package has under exactly this id, in force today."""
    (found,) = (p for p in data_snapshot.get_snapshot().providers if p.id == provider)
    return {model.id: _numbers(_in_force(model)) for model in found.models}


def _in_force(model: ModelInfo) -> ModelPrice:
    """The newest price that has begun; a price for some hours of the day is no reference."""
    if isinstance(model.prices, ModelPrice):
        return model.prices
    today = datetime.now(UTC).date()
    begun = [
        (constraint.start_date, conditional.prices)
        for conditional in model.prices
        if isinstance(constraint := conditional.constraint, StartDateConstraint)
        and constraint.start_date <= today
    ]
    always = [c.prices for c in model.prices if c.constraint is None]
    if begun:
        return max(begun, key=lambda price: price[0])[1]
    return (always or [model.prices[0].prices])[-1]


def _numbers(prices: ModelPrice) -> PriceSet:
    numbers: PriceSet = {}
    for key, column in COLUMNS.items():
        value = getattr(prices, key, None)
        if value is not None:
            base = value.base if isinstance(value, TieredPrices) else value
            numbers[column] = base / TOKENS
    return numbers
