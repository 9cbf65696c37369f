"""Real models and prices, from the catalogue, in the shapes in which providers publish theirs.

A further provider is one function that makes its body, one that finds a model's prices in it, and
one line in ``SHAPES``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from service.price_list import RawModel
from service.prices import Axis, plain, to_canonical
from service.providers.catalogue import read_catalogue
from service.providers.deepinfra import PRICE_KEYS as DEEPINFRA_KEYS
from service.providers.openrouter import PRICE_KEYS as OPENROUTER_KEYS

# The catalogue's prices on one day: what a test serves must not depend on when it runs.
DAY = datetime(2026, 11, 1, 12, tzinfo=UTC)

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
    keys = {axis: key for key, (axis, _) in OPENROUTER_KEYS.items()}
    pricing: Pricing = {"prompt": "0", "completion": "0"}
    pricing |= {keys[price.axis]: plain(to_canonical(price).usd) for price in model.prices}
    overrides = [
        {"min_prompt_tokens": condition.min_prompt_tokens}
        | {keys[price.axis]: plain(to_canonical(price).usd) for price in condition.prices}
        for condition in model.conditions
        if condition.min_prompt_tokens is not None
    ]
    return pricing | ({"overrides": overrides} if overrides else {})


def _deepinfra_pricing(model: RawModel) -> Pricing:
    keys: dict[Axis, str] = {axis: key for key, (axis, _) in DEEPINFRA_KEYS.items()}
    return {keys[price.axis]: float(price.amount) for price in model.prices if price.axis in keys}
