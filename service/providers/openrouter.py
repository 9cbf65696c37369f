"""OpenRouter: ``GET /api/v1/models``, no key needed.

All prices are strings in USD: per token, but per request, per image and per search where the key
says so. ``-1`` means that the price depends on where the request is routed: unknown.
Source: the provider's API reference (PublicPricing, PricingOverride).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import JsonValue

from service.price_list import PriceList, RawCondition, RawModel
from service.prices import Axis, RawPrice, Unit
from service.providers import Adapter, Evidence
from service.reading.model_list import read_models, read_name
from service.reading.wire import (
    OddEntry,
    printable,
    published_text,
    read_amount,
    read_object,
    read_whole_number,
    shown,
    verbatim,
)

DYNAMIC = -1

PRICE_KEYS = {
    "prompt": (Axis.INPUT, Unit.USD_PER_TOKEN),
    "completion": (Axis.OUTPUT, Unit.USD_PER_TOKEN),
    "input_cache_read": (Axis.CACHE_READ, Unit.USD_PER_TOKEN),
    "input_cache_write": (Axis.CACHE_WRITE, Unit.USD_PER_TOKEN),
    "input_cache_write_1h": (Axis.CACHE_WRITE_1H, Unit.USD_PER_TOKEN),
    "internal_reasoning": (Axis.REASONING, Unit.USD_PER_TOKEN),
    "audio": (Axis.INPUT_AUDIO, Unit.USD_PER_TOKEN),
    "audio_output": (Axis.OUTPUT_AUDIO, Unit.USD_PER_TOKEN),
    "input_audio_cache": (Axis.CACHE_READ_AUDIO, Unit.USD_PER_TOKEN),
    "image_token": (Axis.INPUT_IMAGE, Unit.USD_PER_TOKEN),
    # The reference says "per output image"; the numbers are those that the makers of the models
    # publish per token (0.00012 for one that costs $120 per 1M image tokens).
    "image_output": (Axis.OUTPUT_IMAGE, Unit.USD_PER_TOKEN),
    "image": (Axis.IMAGE, Unit.USD_PER_IMAGE),
    "request": (Axis.REQUEST, Unit.USD_PER_REQUEST),
    "web_search": (Axis.WEB_SEARCH, Unit.USD_PER_SEARCH),
}

CONDITION_KEYS = {"min_prompt_tokens", "utc_days", "utc_start", "utc_end"}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def parse(body: bytes) -> PriceList:
    """Every model of a list, ``alias_target`` and ``:variant`` ones as models of their own."""
    return read_models(body, _read_model)


@dataclass(slots=True)
class _Reading:
    """What has been read of one model so far."""

    prices: list[RawPrice] = field(default_factory=list)
    conditions: list[RawCondition] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)
    extra: dict[str, JsonValue] = field(default_factory=dict)
    unknown_keys: set[str] = field(default_factory=set)


def _read_model(model_id: str, entry: dict[str, object]) -> RawModel:
    reading = _Reading()
    if entry.get("pricing") is not None:
        for key, value in read_object(entry["pricing"], "pricing").items():
            _read_key(reading, key, value)
    return RawModel(
        model_id=model_id,
        name=read_name(entry),
        prices=tuple(reading.prices),
        conditions=tuple(reading.conditions),
        unknown=reading.unknown,
        extra=reading.extra,
        unknown_keys=frozenset(reading.unknown_keys),
    )


def _read_key(reading: _Reading, key: str, value: object) -> None:
    if key in PRICE_KEYS:
        price = _read_price(key, value)
        if price is not None:
            reading.prices.append(price)
        elif value is not None:
            reading.unknown[key] = published_text(value)
    elif key == "overrides":
        _read_overrides(reading, value)
    elif key == "discount":
        # Not a price, and the prices are already what is charged.
        if _is_discount(value):
            reading.extra[key] = verbatim(value)
    else:
        name = printable(key)
        reading.extra[name] = verbatim(value)
        reading.unknown_keys.add(name)


def _read_price(key: str, value: object, *, path: str = "") -> RawPrice | None:
    axis, unit = PRICE_KEYS[key]
    try:
        amount = read_amount(value, unknown=DYNAMIC)
    except OddEntry as odd:
        raise OddEntry(f"{path}{key}: {odd}") from None
    if amount is None:
        return None
    return RawPrice(axis, amount, unit, text=published_text(value), key=f"{path}{key}")


def _read_overrides(reading: _Reading, value: object) -> None:
    if value is None:
        return
    if not isinstance(value, list):
        raise OddEntry(f"overrides is {shown(value)}, not an array")
    not_understood: list[JsonValue] = []
    for position, item in enumerate(value):
        path = f"overrides[{position}]."
        override = read_object(item, path.rstrip("."))
        strange = _strange_keys(override)
        if strange:
            # Half an override is a wrong price, so it is kept whole and applied not at all.
            not_understood.append(verbatim(override))
            reading.unknown_keys |= strange
        else:
            condition = _read_condition(override, path)
            if condition.prices:
                reading.conditions.append(condition)
    if not_understood:
        reading.extra["overrides"] = not_understood


def _strange_keys(override: dict[str, object]) -> set[str]:
    """Why an override cannot be expressed as a condition, as keys to report; empty if it can."""
    strange = {
        f"overrides.{printable(key)}"
        for key, value in override.items()
        if key not in CONDITION_KEYS
        and (key not in PRICE_KEYS or _read_price(key, value, path="overrides.") is None)
    }
    if not strange and all(override.get(key) is None for key in CONDITION_KEYS):
        return {"overrides without a condition"}
    return strange


def _read_condition(override: dict[str, object], path: str) -> RawCondition:
    prices = (_read_price(key, override[key], path=path) for key in override if key in PRICE_KEYS)
    try:
        start, end = _read_window(override)
        return RawCondition(
            prices=tuple(price for price in prices if price is not None),
            min_prompt_tokens=_read_if_there(override, "min_prompt_tokens", 10**12),
            utc_days=_read_days(override.get("utc_days")),
            utc_start=start,
            utc_end=end,
        )
    except OddEntry as odd:
        raise OddEntry(f"{path.rstrip('.')}: {odd}") from None


def _read_window(override: dict[str, object]) -> tuple[int | None, int | None]:
    start = _read_if_there(override, "utc_start", 2400)
    end = _read_if_there(override, "utc_end", 2400)
    if (start is None) != (end is None):
        raise OddEntry("one of utc_start and utc_end is missing")
    if any(clock is not None and clock % 100 > 59 for clock in (start, end)):
        raise OddEntry(f"{start} to {end} is not a window of clock times")
    return start, end


def _read_days(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not value or any(day not in WEEKDAYS for day in value):
        raise OddEntry("utc_days is not a list of weekdays")
    return tuple(day for day in WEEKDAYS if day in value)


def _read_if_there(override: dict[str, object], key: str, largest: int) -> int | None:
    value = override.get(key)
    return None if value is None else read_whole_number(value, largest=largest)


def _is_discount(value: object) -> bool:
    try:
        return bool(read_amount(value))
    except OddEntry:
        return True


ADAPTER = Adapter(
    slug="openrouter",
    name="OpenRouter",
    base_url="https://openrouter.ai",
    path="/api/v1/models",
    credential_variable=None,
    parse=parse,
    evidence=Evidence.RECORDED,
    price_keys={f"pricing.{key}": meaning for key, meaning in PRICE_KEYS.items()},
)
