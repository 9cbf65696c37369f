"""Read a body of OpenRouter's a second time, with ``json``, ``Decimal`` and these rules.

- every price is USD for one unit; -1 is unknown, and so is a key that is not there or null;
- ``image`` is a price per image, unless it is the number of ``prompt``: then it is per token;
- 0 for prompt and completion, of a model that gives more than text and has no other price, says
  nothing, nor do the zeros beside them: the cost is real, but no key has it;
- a fee of 0 is the same as no fee;
- 0 for the cache, for audio or for reasoning, where the model has a positive price, is a filling;
- where time windows cover the whole day, the model's price is the one that holds for most of it (of
  equal ones the first after midnight), whatever stands beside them when the body was made.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

PriceSet = dict[str, Any]

COLUMNS = {
    "prompt": "price_per_input_token",
    "completion": "price_per_output_token",
    "input_cache_read": "price_per_cache_read_token",
    "input_cache_write": "price_per_cache_write_token",
    "input_cache_write_1h": "price_per_cache_write_1h_token",
    "internal_reasoning": "price_per_reasoning_token",
    "audio": "price_per_input_audio_token",
    "audio_output": "price_per_output_audio_token",
    "input_audio_cache": "price_per_cache_read_audio_token",
    "image_output": "price_per_output_image_token",
    "image": "price_per_image",
    "request": "price_per_request",
    "web_search": "price_per_web_search",
}
IMAGE_TOKEN = "price_per_input_image_token"
# A discount that the prices already include.
DISCOUNT = "discount"
FEES = {
    "price_per_reasoning_token",
    "price_per_image",
    "price_per_request",
    "price_per_web_search",
}
FILLED = {
    "price_per_cache_read_token",
    "price_per_cache_write_token",
    "price_per_cache_write_1h_token",
    "price_per_cache_read_audio_token",
    "price_per_input_audio_token",
    "price_per_output_audio_token",
}
AXES = {*COLUMNS.values(), IMAGE_TOKEN}
TOKEN_AXES = AXES - {"price_per_image", "price_per_request", "price_per_web_search"}
CONDITION_KEYS = {"min_prompt_tokens", "utc_days", "utc_start", "utc_end"}
MINUTES = 24 * 60


def published_prices(body: bytes) -> dict[str, PriceSet]:
    """The price set of every model in a body; an empty one where nothing is known."""
    models = json.loads(body, parse_float=Decimal, parse_int=Decimal)["data"]
    published = {model["id"]: _price_set(model) for model in models}
    assert len(published) == len(models), "the body has an id twice"
    return published


def without_zero_fees(prices: Mapping[str, Any]) -> PriceSet:
    return {axis: price for axis, price in prices.items() if axis not in FEES or price != 0}


def _price_set(model: Mapping[str, Any]) -> PriceSet:
    pricing = dict(model.get("pricing") or {})
    overrides = pricing.pop("overrides", None) or []
    base = _amounts(pricing)
    if _costs_something_else(model, base):
        base = {}
    conditions = [_condition(override) for override in overrides]
    settled = _with_base_of_the_day(base, conditions)
    numbers = [p for one in (base, *conditions) for axis, p in one.items() if axis in AXES]
    if any(number > 0 for number in numbers):
        return {axis: p for axis, p in settled.items() if axis not in FILLED or p != 0}
    return settled


def _amounts(pricing: Mapping[str, Any]) -> PriceSet:
    amounts = {}
    for key, value in pricing.items():
        if key == DISCOUNT or value is None:
            continue
        amount = Decimal(value)
        if amount == -1:
            continue
        assert amount >= 0, (key, value)
        column = COLUMNS[key]
        prompt = pricing.get("prompt")
        if key == "image" and amount != 0 and prompt is not None and amount == Decimal(prompt):
            column = IMAGE_TOKEN
        amounts[column] = amount
    return without_zero_fees(amounts)


def _costs_something_else(model: Mapping[str, Any], base: PriceSet) -> bool:
    tokens = {base.get("price_per_input_token"), base.get("price_per_output_token")}
    return (
        tokens == {0}
        and not any(price > 0 for price in base.values())
        and _outputs(model) > {"text"}
    )


def _outputs(model: Mapping[str, Any]) -> set[str]:
    architecture = model.get("architecture") or {}
    if architecture.get("output_modalities"):
        return {"text", *architecture["output_modalities"]}
    # Bodies from before April 2025 say "text+image->text".
    return {"text", *architecture.get("modality", "text").rpartition("->")[2].split("+")}


def _condition(override: Mapping[str, Any]) -> PriceSet:
    condition: PriceSet = {}
    for key in ("min_prompt_tokens", "utc_start", "utc_end"):
        if override.get(key) is not None:
            condition[key] = int(override[key])
    if override.get("utc_days"):
        condition["utc_days"] = override["utc_days"]
    amounts = {key: value for key, value in override.items() if key not in CONDITION_KEYS}
    assert all(Decimal(value) > 0 for value in amounts.values()), "no list had a 0 there so far"
    return condition | {COLUMNS[key]: Decimal(value) for key, value in amounts.items()}


def _with_base_of_the_day(base: PriceSet, conditions: list[PriceSet]) -> PriceSet:
    windows = [c for c in conditions if set(c) & CONDITION_KEYS == {"utc_start", "utc_end"}]
    settled = dict(base)
    for axis in base if windows else ():
        day = [
            next((c[axis] for c in reversed(windows) if axis in c and _covers(c, minute)), None)
            for minute in range(MINUTES)
        ]
        if None not in day:
            settled[axis] = Counter(day).most_common(1)[0][0]
    return settled | ({"conditions": conditions} if conditions else {})


def _covers(window: PriceSet, minute: int) -> bool:
    """Whether the minute is in the window: half-open, past midnight if it ends before its start."""
    clock = minute // 60 * 100 + minute % 60
    start, end = int(window["utc_start"]), int(window["utc_end"])
    return start <= clock < end if start <= end else clock >= start or clock < end
