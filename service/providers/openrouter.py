"""OpenRouter: ``GET /api/v1/models``, no key needed.

All prices are strings in USD: per token, or per request, image or search where the key says so.
``-1`` means that the price depends on where the request is routed: unknown. 0 is free, except for a
model that generates more than text and has only zeros: the list has no key for its price, so it is
unknown. Speech, transcriptions, images alone, videos and reranks have no price of tokens.

``overrides`` are prices for long prompts, for times of the day and from dates on; one with a key
that is not understood is kept as a condition, under which its prices are unknown. Where windows
cover the whole day, the list shows the current one as base; the base that counts is the price of
most of the day.
Source: the provider's API reference (PublicPricing, PricingOverride).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from service.prices.price_list import PriceList, RawCondition, RawModel
from service.prices.units import Axis, RawPrice, Unit
from service.providers.adapter import Adapter, Evidence
from service.reading.entry_digests import EntryDigests
from service.reading.known_keys import KnownKeys
from service.reading.model_list import MAX_CONDITIONS, read_models, read_name
from service.reading.not_understood import not_understood
from service.reading.price_keys import (
    PriceKeys,
    ReadPrices,
    agreed,
    as_unknown,
    only_zeros,
    price_of,
    read_prices,
    read_pricing,
)
from service.reading.price_tiers import without_base
from service.reading.sold_as import Kind
from service.reading.time_windows import read_moment, read_weekdays, read_window, resolve_base
from service.reading.wire import (
    InvalidEntry,
    read_amount,
    read_array,
    read_object,
    read_whole_number,
    shown,
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

CONDITION_KEYS = (
    *("min_prompt_tokens", "utc_days", "utc_start", "utc_end"),
    *("effective_from", "effective_until"),
)
# The prices already include the discount.
DISCOUNT = "discount"
KNOWN = KnownKeys.of(
    (f"pricing.{key}" for key in (*PRICE_KEYS, DISCOUNT)),
    (f"pricing.overrides[].{key}" for key in (*PRICE_KEYS, *CONDITION_KEYS, DISCOUNT)),
)
# Its own pages have speech under ``prompt`` by the character, or by the token.
BY_TOKEN = frozenset({Kind.EMBEDDING})


def parse(body: bytes, digests: EntryDigests | None = None) -> PriceList:
    """Every model of a list, ``alias_target`` and ``:variant`` ones as models of their own."""
    return read_models(body, _read_model, KNOWN, by_token=BY_TOKEN, digests=digests)


def _read_model(model_id: str, entry: dict[str, object]) -> RawModel:
    pricing = read_pricing(entry)
    read = _read_prices(pricing)
    conditions = _read_overrides(pricing, read.prices)
    if _says_nothing(entry, read, conditions):
        read, conditions = as_unknown(read), []
    unknown = read.unknown
    if DISCOUNT in pricing and _is_discount(pricing[DISCOUNT]):
        unknown = {**unknown, DISCOUNT: shown(pricing[DISCOUNT])}
    return RawModel(
        model_id=model_id,
        name=read_name(entry),
        prices=resolve_base(read.prices, conditions),
        conditions=tuple(conditions),
        unknown=unknown,
    )


def _read_prices(
    pricing: Mapping[str, object],
    *,
    path: str = "",
    base: Mapping[str, object] | None = None,
) -> ReadPrices:
    """The prices of a model, or of an override, whose missing keys are those of ``base``."""
    read = read_prices(pricing, _keys(pricing, base), path=path, dynamic=DYNAMIC)
    prices = agreed(read.prices)
    return read if len(prices) == len(read.prices) else replace(read, prices=prices)


def _keys(pricing: Mapping[str, object], base: Mapping[str, object] | None) -> PriceKeys:
    if _is_price_of_a_token(
        pricing.get("image"), pricing.get("prompt", (base or {}).get("prompt"))
    ):
        return {**PRICE_KEYS, "image": PRICE_KEYS["image_token"]}
    return PRICE_KEYS


def _is_price_of_a_token(image: object, prompt: object) -> bool:
    """Whether ``image`` is per image token: since March 2026 it is, where it equals ``prompt``."""
    try:
        amount = read_amount(image, unknown=DYNAMIC)
        return bool(amount) and amount == read_amount(prompt, unknown=DYNAMIC)
    except InvalidEntry:
        return False


def _says_nothing(
    entry: dict[str, object], read: ReadPrices, conditions: Iterable[RawCondition]
) -> bool:
    """Whether all prices are 0 but the model is charged in a unit without a key: $0.08 per song."""
    architecture = entry.get("architecture")
    modalities = architecture.get("output_modalities") if isinstance(architecture, dict) else None
    if not isinstance(modalities, list) or all(modality == "text" for modality in modalities):
        return False
    more = [price for condition in conditions for price in condition.prices]
    return (
        price_of(read.prices, Axis.INPUT) is not None
        and price_of(read.prices, Axis.OUTPUT) is not None
        and only_zeros([*read.prices, *more])
    )


def _read_overrides(
    pricing: Mapping[str, object], base: Collection[RawPrice]
) -> list[RawCondition]:
    value = pricing.get("overrides")
    if value is None:
        return []
    overrides = read_array(value, "overrides")
    if len(overrides) > MAX_CONDITIONS:
        raise InvalidEntry(f"it has {len(overrides):,} overrides, more than {MAX_CONDITIONS}")
    conditions = [
        _read_override(
            read_object(item, f"overrides[{position}]"), f"overrides[{position}]", pricing
        )
        for position, item in enumerate(overrides)
    ]
    axes = [price.axis for price in base]
    # Only keys that are not understood: the price is among them.
    conditions = [
        without_base(each, axes) if each.when and not each.prices else each for each in conditions
    ]
    return [condition for condition in conditions if condition.prices or condition.unknown]


def _read_override(
    override: dict[str, object], path: str, pricing: Mapping[str, object]
) -> RawCondition:
    """A condition; keys that are not understood are part of it, so that its prices are unknown."""
    read = _read_prices(override, path=f"{path}.", base=pricing)
    keys = _keys(override, pricing)
    when = not_understood(override, {*PRICE_KEYS, *CONDITION_KEYS, DISCOUNT})
    if not when and all(override.get(key) is None for key in CONDITION_KEYS) and read.prices:
        # It would always hold, and the base price never.
        when = {"override without a condition": True}
    try:
        start, end = read_window(override.get("utc_start"), override.get("utc_end"))
        more = override.get("min_prompt_tokens")
        return RawCondition(
            prices=read.prices,
            min_prompt_tokens=None if more is None else read_whole_number(more, largest=10**12),
            utc_days=read_weekdays(override.get("utc_days")),
            utc_start=start,
            utc_end=end,
            effective_from=read_moment(override.get("effective_from")),
            effective_until=read_moment(override.get("effective_until")),
            when=when,
            unknown=tuple({keys[key.removeprefix(f"{path}.")][0] for key in read.unknown}),
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
    by_entry=True,
    evidence=Evidence.RECORDED,
    price_keys={f"pricing.{key}": meaning for key, meaning in PRICE_KEYS.items()},
    note=(
        "-1 is unknown. image is the price of an image token where it equals prompt. 0 and 0 are"
        " unknown where more than text comes out. Windows that cover the day: the base is the"
        " price of most of it, whatever the clock says."
    ),
)
