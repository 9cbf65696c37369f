"""Real models and prices, from the catalogue, in the shapes in which providers publish theirs.

Keys and units are written out here as the providers document them, not taken from the adapters: an
adapter that reads a wrong unit must not find it mirrored. A further provider is its keys, one
function that makes its body, one that finds a model's prices in it, and one line in ``SHAPES``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from service.catalogue import read_catalogue
from service.price_list import RawModel
from service.prices import Axis, RawPrice, plain, to_canonical

# The catalogue's prices on one day: what a test serves must not depend on when it runs.
DAY = datetime(2026, 11, 1, 12, tzinfo=UTC)

# USD per token, request, image or search, as strings.
OPENROUTER_KEYS = {
    Axis.INPUT: "prompt",
    Axis.OUTPUT: "completion",
    Axis.CACHE_READ: "input_cache_read",
    Axis.CACHE_WRITE: "input_cache_write",
    Axis.CACHE_WRITE_1H: "input_cache_write_1h",
    Axis.REASONING: "internal_reasoning",
    Axis.INPUT_AUDIO: "audio",
    Axis.OUTPUT_AUDIO: "audio_output",
    Axis.CACHE_READ_AUDIO: "input_audio_cache",
    Axis.INPUT_IMAGE: "image_token",
    Axis.OUTPUT_IMAGE: "image_output",
    Axis.IMAGE: "image",
    Axis.REQUEST: "request",
    Axis.WEB_SEARCH: "web_search",
}
# USD per 1M tokens, as JSON numbers.
DEEPINFRA_KEYS = {
    Axis.INPUT: "input_tokens",
    Axis.OUTPUT: "output_tokens",
    Axis.CACHE_READ: "cache_read_tokens",
    Axis.CACHE_WRITE: "cache_write_tokens",
}
TOKENS = 1_000_000

Body = dict[str, Any]
Pricing = dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """``path`` follows the base URL; ``pricing`` gives one model's prices in a body, to edit."""

    path: str
    body: Callable[[int | None], Body]
    pricing: Callable[[Body, str], Pricing]


def openrouter_body(n: int | None = None) -> Body:
    """``n`` models (default: all of the catalogue's), USD per token as strings."""
    data = [
        {
            "id": model_id,
            "name": model.name or model_id,
            "created": 1_790_000_000,
            "context_length": 128_000,
            "pricing": _openrouter_pricing(model),
        }
        for model_id, model in _models("openrouter", n)
    ]
    return {"data": data, "total_count": len(data), "links": {"next": None}}


def openrouter_pricing(body: Body, model_id: str) -> Pricing:
    pricing: Pricing = _entry(body, model_id)["pricing"]
    return pricing


def deepinfra_body(n: int | None = None) -> Body:
    """``n`` models, USD per 1M tokens as JSON numbers; the catalogue has them under novita."""
    data = [
        {
            "id": model_id,
            "object": "model",
            "created": 0,
            "owned_by": "deepinfra",
            "metadata": {"context_length": 128_000, "pricing": _deepinfra_pricing(model)},
        }
        for model_id, model in _models("novita", n)
    ]
    return {"object": "list", "data": data}


def deepinfra_pricing(body: Body, model_id: str) -> Pricing:
    pricing: Pricing = _entry(body, model_id)["metadata"]["pricing"]
    return pricing


SHAPES = {
    "openrouter": Shape("/api/v1/models", openrouter_body, openrouter_pricing),
    "deepinfra": Shape("/v1/openai/models", deepinfra_body, deepinfra_pricing),
}


@cache
def _catalogue(provider: str) -> tuple[RawModel, ...]:
    models = read_catalogue(DAY).models
    return tuple(model for model in models if model.provider == provider and model.prices)


def _models(provider: str, n: int | None) -> list[tuple[str, RawModel]]:
    """``n`` models with their ids; when the catalogue has fewer, again under other ids."""
    known = _catalogue(provider)
    again = [f"@{round_}" if round_ else "" for round_ in range((n or 1) // len(known) + 1)]
    models = [(model.model_id + suffix, model) for suffix in again for model in known]
    return models[: len(known) if n is None else n]


def _entry(body: Body, model_id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(entry for entry in body["data"] if entry["id"] == model_id)
    return found


def _openrouter_pricing(model: RawModel) -> Pricing:
    pricing: Pricing = {"prompt": "0", "completion": "0"}
    pricing |= _openrouter_amounts(model.prices)
    overrides = [
        {"min_prompt_tokens": condition.min_prompt_tokens} | _openrouter_amounts(condition.prices)
        for condition in model.conditions
        if condition.min_prompt_tokens is not None
    ]
    return pricing | ({"overrides": overrides} if overrides else {})


def _openrouter_amounts(prices: Iterable[RawPrice]) -> Pricing:
    return {OPENROUTER_KEYS[price.axis]: plain(to_canonical(price).usd) for price in prices}


def _deepinfra_pricing(model: RawModel) -> Pricing:
    return {
        DEEPINFRA_KEYS[price.axis]: float(to_canonical(price).usd * TOKENS)
        for price in model.prices
        if price.axis in DEEPINFRA_KEYS
    }
