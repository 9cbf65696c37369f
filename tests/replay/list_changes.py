"""Ways in which a whole list of OpenRouter's goes wrong: other currencies, units and keys."""

from __future__ import annotations

import random
from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Any

Pricing = dict[str, Any]
# Changes the prices of one model, the number of which in the list is passed, in place.
Way = Callable[[int, Pricing], None]

NOT_AMOUNTS = {"discount", "min_prompt_tokens", "utc_start", "utc_end", "utc_days"}


def changed(listed: dict[str, Any], way: Way) -> dict[str, Any]:
    """A copy of the list, each model's prices changed; the conditions are changed alike."""
    copy = deepcopy(listed)
    for number, model in enumerate(copy["data"]):
        if pricing := model.get("pricing"):
            for prices in [pricing, *(pricing.get("overrides") or [])]:
                way(number, prices)
    return copy


def times(factor: str, *, one_in: int = 1, only: set[str] | None = None, noise: int = 0) -> Way:
    """Every price times a factor, with so many per cent of noise from model to model."""

    def change(number: int, prices: Pricing) -> None:
        if number % one_in == 0:
            off = random.Random(number).randint(-noise, noise)
            by = Decimal(factor) * (100 + off) / 100
            for key in _amounts(prices) if only is None else _amounts(prices) & only:
                prices[key] = _text(Decimal(prices[key]) * by)

    return change


def one_price_of_each(factor: str) -> Way:
    """In every third model one price of several, in turn."""

    def change(number: int, prices: Pricing) -> None:
        keys = sorted(key for key in _amounts(prices) if Decimal(prices[key]) > 0)
        if keys and number % 3 != 2:
            key = keys[number % len(keys)]
            prices[key] = _text(Decimal(prices[key]) * Decimal(factor))

    return change


def swapped(_: int, prices: Pricing) -> None:
    if {"prompt", "completion"} <= prices.keys():
        prices["prompt"], prices["completion"] = prices["completion"], prices["prompt"]


def copied(source: str, target: str) -> Way:
    def change(_: int, prices: Pricing) -> None:
        if {source, target} <= prices.keys():
            prices[target] = prices[source]

    return change


def renamed(key: str, name: str) -> Way:
    def change(_: int, prices: Pricing) -> None:
        if key in prices:
            prices[name] = prices.pop(key)

    return change


def all_to(key: str, text: str) -> Way:
    def change(_: int, prices: Pricing) -> None:
        if key in _amounts(prices):
            prices[key] = text

    return change


def of_another_model(listed: dict[str, Any], *, by: int) -> dict[str, Any]:
    """Each model with the prices of the one so many places before it."""
    copy = deepcopy(listed)
    every = [model.get("pricing") for model in listed["data"]]
    for number, model in enumerate(copy["data"]):
        model["pricing"] = deepcopy(every[number - by])
    return copy


def shuffled(listed: dict[str, Any], *, seed: int) -> dict[str, Any]:
    copy = deepcopy(listed)
    every = [model.get("pricing") for model in listed["data"]]
    random.Random(seed).shuffle(every)
    for model, pricing in zip(copy["data"], every, strict=True):
        model["pricing"] = deepcopy(pricing)
    return copy


def _amounts(prices: Pricing) -> set[str]:
    return {
        key
        for key, value in prices.items()
        if key not in NOT_AMOUNTS and isinstance(value, str) and Decimal(value) > 0
    }


def _text(amount: Decimal) -> str:
    return f"{amount:f}"
