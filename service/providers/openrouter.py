"""OpenRouter: ``GET /api/v1/models``, no key needed.

All prices are strings in USD: per token, or per request, image or search where the key says so.
``-1`` means that the price depends on where the request is routed: unknown. 0 is free, except for a
model that generates more than text and has only zeros: the list has no key for its price, so it is
unknown.

``overrides`` are prices for long prompts and for times of the day. Where they cover the whole day,
the list shows the current one as base; the base that counts is the price of most of the day.
Source: the provider's API reference (PublicPricing, PricingOverride).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from service.prices.price_list import PriceList, RawCondition, RawModel
from service.prices.units import Axis, Unit
from service.providers.adapter import Adapter, Evidence
from service.reading.model_list import MAX_CONDITIONS, read_models, read_name
from service.reading.price_keys import (
    PriceKeys,
    ReadPrices,
    as_unknown,
    only_zeros,
    price_of,
    read_prices,
    read_pricing,
    require_agreement,
)
from service.reading.time_windows import read_weekdays, read_window, resolve_base
from service.reading.wire import (
    InvalidEntry,
    printable,
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
    # The reference says "per output image", but the numbers equal the makers' prices per token
    # (0.00012 for a model that costs $120 per 1M image tokens).
    "image_output": (Axis.OUTPUT_IMAGE, Unit.USD_PER_TOKEN),
    "image": (Axis.IMAGE, Unit.USD_PER_IMAGE),
    "request": (Axis.REQUEST, Unit.USD_PER_REQUEST),
    "web_search": (Axis.WEB_SEARCH, Unit.USD_PER_SEARCH),
}

NOT_PRICES = frozenset({"overrides", "discount"})
CONDITION_KEYS = frozenset({"min_prompt_tokens", "utc_days", "utc_start", "utc_end"})


def parse(body: bytes) -> PriceList:
    """Every model of a list, ``alias_target`` and ``:variant`` ones as models of their own."""
    return read_models(body, _read_model)


def _read_model(model_id: str, entry: dict[str, object]) -> RawModel:
    pricing = read_pricing(entry)
    read = _read_prices(pricing, known=NOT_PRICES)
    overrides = _read_overrides(pricing)
    if _says_nothing(entry, read, overrides):
        read = as_unknown(read)
        overrides.conditions.clear()
    # Not a price: the prices already include it.
    discount = pricing.get("discount")
    extra = {"discount": verbatim(discount)} if _is_discount(discount) else {}
    return RawModel(
        model_id=model_id,
        name=read_name(entry),
        prices=resolve_base(read.prices, overrides.conditions),
        conditions=tuple(overrides.conditions),
        unknown=read.unknown,
        extra={**read.extra, **extra, **overrides.extra},
        unknown_keys=read.unknown_keys | overrides.unknown_keys,
    )


def _read_prices(
    pricing: Mapping[str, object],
    *,
    known: frozenset[str],
    path: str = "",
    base: Mapping[str, object] | None = None,
) -> ReadPrices:
    """The prices of a model, or of an override, whose missing keys are those of ``base``."""
    keys: PriceKeys = PRICE_KEYS
    if _is_price_of_a_token(
        pricing.get("image"), pricing.get("prompt", (base or {}).get("prompt"))
    ):
        keys = {**PRICE_KEYS, "image": PRICE_KEYS["image_token"]}
    read = read_prices(pricing, keys, known=known, path=path, dynamic=DYNAMIC)
    tokens = [price for price in read.prices if price.axis is Axis.INPUT_IMAGE]
    require_agreement(tokens[0] if tokens else None, tokens[-1] if tokens else None)
    return read


def _is_price_of_a_token(image: object, prompt: object) -> bool:
    """Whether ``image`` is per image token: since March 2026 it is, where it equals ``prompt``."""
    try:
        amount = read_amount(image, unknown=DYNAMIC)
        return bool(amount) and amount == read_amount(prompt, unknown=DYNAMIC)
    except InvalidEntry:
        return False


def _says_nothing(entry: dict[str, object], read: ReadPrices, overrides: _Overrides) -> bool:
    """Whether all prices are 0 but the model is charged in a unit without a key: $0.08 per song."""
    if price_of(read.prices, Axis.INPUT) is None or price_of(read.prices, Axis.OUTPUT) is None:
        return False
    more = [price for condition in overrides.conditions for price in condition.prices]
    architecture = entry.get("architecture")
    modalities = architecture.get("output_modalities") if isinstance(architecture, dict) else None
    return (
        only_zeros([*read.prices, *more])
        and isinstance(modalities, list)
        and any(modality != "text" for modality in modalities)
    )


@dataclass(slots=True)
class _Overrides:
    """The parsed overrides of a model."""

    conditions: list[RawCondition] = field(default_factory=list)
    extra: dict[str, JsonValue] = field(default_factory=dict)
    unknown_keys: set[str] = field(default_factory=set)


def _read_overrides(pricing: Mapping[str, object]) -> _Overrides:
    read = _Overrides()
    value = pricing.get("overrides")
    if value is None:
        return read
    if not isinstance(value, list):
        raise InvalidEntry(f"overrides is {shown(value)}, not an array")
    if len(value) > MAX_CONDITIONS:
        raise InvalidEntry(f"it has {len(value):,} overrides, more than {MAX_CONDITIONS}")
    not_understood: list[JsonValue] = []
    for position, item in enumerate(value):
        path = f"overrides[{position}]"
        override = read_object(item, path)
        prices = _read_prices(override, known=CONDITION_KEYS, path=f"{path}.", base=pricing)
        strange = _strange_keys(
            override, {price.key.removeprefix(f"{path}.") for price in prices.prices}
        )
        if strange:
            # Half an override would be a wrong price: the whole one is kept and not applied.
            not_understood.append(verbatim(override))
            read.unknown_keys |= strange
        elif prices.prices:
            read.conditions.append(_read_condition(override, prices, path))
    if not_understood:
        read.extra["overrides"] = not_understood
    return read


def _strange_keys(override: dict[str, object], priced: set[str]) -> set[str]:
    """The keys that keep an override from being a condition, to report; empty if there are none."""
    strange = override.keys() - priced - CONDITION_KEYS
    if not strange and all(override.get(key) is None for key in CONDITION_KEYS):
        return {"overrides without a condition"}
    return {f"overrides.{printable(key)}" for key in strange}


def _read_condition(override: dict[str, object], read: ReadPrices, path: str) -> RawCondition:
    more = override.get("min_prompt_tokens")
    try:
        start, end = read_window(override.get("utc_start"), override.get("utc_end"))
        return RawCondition(
            prices=read.prices,
            min_prompt_tokens=None if more is None else read_whole_number(more, largest=10**12),
            utc_days=read_weekdays(override.get("utc_days")),
            utc_start=start,
            utc_end=end,
        )
    except InvalidEntry as invalid:
        raise InvalidEntry(f"{path}: {invalid}") from None


def _is_discount(value: object) -> bool:
    try:
        return bool(read_amount(value))
    except InvalidEntry:
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
    note=(
        "-1 is unknown. image is the price of an image token where it equals prompt. 0 and 0 are"
        " unknown where more than text comes out. Windows that cover the day: the base is the"
        " price of most of it, whatever the clock says."
    ),
)
