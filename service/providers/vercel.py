"""Vercel AI Gateway: ``GET /v1/models``, no key needed.

Prices are strings in USD per token. ``<key>_tiers`` repeats the price by the length of the prompt:
``[{"cost", "min", "max"}]``, half-open, so ``min`` 32001 means more than 32,000 tokens. Some tiers
begin one below the ``max`` before them; then that ``max`` counts.

Images, video, speech and searches have prices in units of their own, and a request has to ask for
the prices of regions and service tiers: both are kept and not applied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

from service.prices.price_list import PriceList, RawCondition, RawModel
from service.prices.units import Axis, RawPrice, Unit
from service.providers.adapter import Adapter, Evidence
from service.reading.model_list import read_models, read_name
from service.reading.price_keys import (
    ReadPrices,
    as_unknown,
    may_cost,
    only_zeros,
    price_of,
    read_price,
    read_prices,
    read_pricing,
    require_agreement,
)
from service.reading.wire import (
    InvalidEntry,
    printable,
    read_object,
    read_whole_number,
    shown,
    verbatim,
)

PRICE_KEYS = {
    "input": (Axis.INPUT, Unit.USD_PER_TOKEN),
    "output": (Axis.OUTPUT, Unit.USD_PER_TOKEN),
    "input_cache_read": (Axis.CACHE_READ, Unit.USD_PER_TOKEN),
    "input_cache_write": (Axis.CACHE_WRITE, Unit.USD_PER_TOKEN),
    "audio_input_token_cost": (Axis.INPUT_AUDIO, Unit.USD_PER_TOKEN),
    "audio_output_token_cost": (Axis.OUTPUT_AUDIO, Unit.USD_PER_TOKEN),
}
TIERS = {f"{key}_tiers": key for key in PRICE_KEYS}
TIER_KEYS = {"cost", "min", "max"}
# Prices of other things than tokens: where they are present, tokens at 0 are not free.
OTHER_UNITS = {
    "image",
    "image_dimension_quality_pricing",
    "maps_search",
    "realtime_client_message_cost",
    "realtime_session_duration_cost_per_second",
    "speech_input_character_cost",
    "transcription_duration_cost_per_second",
    "video_duration_pricing",
    "video_token_pricing",
    "web_search",
}
ON_REQUEST = {"fast", "regional", "service_tiers", "varies_by_provider"}
LONGEST_PROMPT = 10**12


def parse(body: bytes) -> PriceList:
    """Every model of a list, those without a price included."""
    return read_models(body, _read_model)


@dataclass(slots=True)
class _Tiers:
    """The tiers of one model, of all keys; ``above`` maps a number of prompt tokens to prices."""

    lowest: list[RawPrice] = field(default_factory=list)
    above: dict[int, list[RawPrice]] = field(default_factory=dict)
    extra: dict[str, JsonValue] = field(default_factory=dict)
    unknown_keys: set[str] = field(default_factory=set)

    @property
    def prices(self) -> list[RawPrice]:
        return [*self.lowest, *(price for prices in self.above.values() for price in prices)]


def _read_model(model_id: str, entry: dict[str, object]) -> RawModel:
    pricing = read_pricing(entry)
    kept = {key: verbatim(pricing[key]) for key in pricing if key in OTHER_UNITS | ON_REQUEST}
    read = read_prices(pricing, PRICE_KEYS, known={*kept, *TIERS}, path="pricing.")
    tiers = _read_tiers(pricing)
    read = _with_lowest(read, tiers.lowest)
    costs_otherwise = (
        OTHER_UNITS & pricing.keys()
        or pricing.get("varies_by_provider")
        or may_cost(kept)
        or read.extra
        or tiers.extra
    )
    if only_zeros([*read.prices, *tiers.prices]) and costs_otherwise:
        read, tiers.above = as_unknown(read), {}
    return RawModel(
        model_id=model_id,
        name=read_name(entry),
        prices=read.prices,
        conditions=tuple(
            RawCondition(tuple(tiers.above[tokens]), min_prompt_tokens=tokens)
            for tokens in sorted(tiers.above)
        ),
        unknown=read.unknown,
        extra={**read.extra, **tiers.extra, **{f"pricing.{key}": kept[key] for key in kept}},
        unknown_keys=read.unknown_keys | tiers.unknown_keys,
    )


def _with_lowest(read: ReadPrices, lowest: list[RawPrice]) -> ReadPrices:
    """Add the first tier's prices as the flat ones; InvalidEntry where a flat price differs."""
    for price in lowest:
        require_agreement(price_of(read.prices, price.axis), price)
    more = tuple(price for price in lowest if price_of(read.prices, price.axis) is None)
    return replace(read, prices=read.prices + more)


def _read_tiers(pricing: Mapping[str, object]) -> _Tiers:
    tiers = _Tiers()
    for key, value in pricing.items():
        if key not in TIERS or value is None:
            continue
        path = f"pricing.{key}"
        if not isinstance(value, list):
            raise InvalidEntry(f"{path} is {shown(value)}, not an array")
        read = [read_object(tier, f"{path}[{at}]") for at, tier in enumerate(value)]
        strange = {name for tier in read for name in tier if name not in TIER_KEYS}
        if strange:
            # A tier with a further condition would be a wrong price without that condition.
            tiers.extra[path] = verbatim(value)
            tiers.unknown_keys |= {printable(f"{path}.{name}") for name in strange}
            continue
        for at, (above, price) in enumerate(_each_tier(path, TIERS[key], read)):
            (tiers.above.setdefault(above, []) if at else tiers.lowest).append(price)
    return tiers


def _each_tier(
    path: str, key: str, tiers: list[dict[str, object]]
) -> Iterator[tuple[int, RawPrice]]:
    """Each tier's price, and the number of prompt tokens above which it holds."""
    end: int | None = 0
    for at, tier in enumerate(tiers):
        where = f"{path}[{at}]"
        start = _tokens(tier, "min", where) or 0
        if end is None or start not in {end, end - 1}:
            before = "has no end" if end is None else f"ends at {end}"
            raise InvalidEntry(f"{where} begins at {start}, and the one before {before}")
        start, end = end, _tokens(tier, "max", where)
        if end is not None and end <= start:
            raise InvalidEntry(f"{where} ends at {end}, where it begins or before")
        price = read_price(f"{where}.cost", tier.get("cost"), PRICE_KEYS[key])
        if price is None:
            raise InvalidEntry(f"{where} has no cost")
        yield start - 1, price


def _tokens(tier: dict[str, object], key: str, where: str) -> int | None:
    value = tier.get(key)
    try:
        return None if value is None else read_whole_number(value, largest=LONGEST_PROMPT)
    except InvalidEntry as invalid:
        raise InvalidEntry(f"{where}.{key}: {invalid}") from None


ADAPTER = Adapter(
    slug="vercel",
    name="Vercel AI Gateway",
    base_url="https://ai-gateway.vercel.sh",
    path="/v1/models",
    credential_variable=None,
    parse=parse,
    evidence=Evidence.RECORDED,
    price_keys={f"pricing.{key}": meaning for key, meaning in PRICE_KEYS.items()},
    note=(
        "*_tiers are half-open: from min on, below max. Prices of a region or a service tier, and"
        " those for pictures, video, speech and searches, are kept in extra and not read."
    ),
)
