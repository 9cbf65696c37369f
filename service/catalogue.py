"""The catalogue: the reference prices that the ``genai-prices`` package brings along.

It covers many providers at once and stands in for those that cannot deliver prices of their own.
Only the installed data is read, so a price comes from a named version and needs no network.
Prices are Decimals in USD per 1M tokens, 1K requests or 1K searches (the package's data_units.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time
from decimal import Decimal
from importlib.metadata import version

from genai_prices import data_snapshot
from genai_prices.types import (
    ModelInfo,
    ModelPrice,
    PriceVariant,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)
from pydantic import JsonValue

from service.price_list import PriceList, RawCondition, RawModel
from service.prices import Axis, RawPrice, Unit, plain

PACKAGE = "genai-prices"

# Price lists that are not a provider's prices for calling its models. Resellers and routers do
# sell models and are kept.
LEFT_OUT = {
    "cursor": "models inside an editor and its agents, charged with the subscription",
    "github-copilot": "token prices of a subscription, metered in its own credits",
    "openai-decisions": "another API of OpenAI's over a model that the list openai has under the"
    " same id, with other rules of charging",
}

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
}


def catalogue_version() -> str:
    """The package and its version, such as ``genai-prices@0.2.3``."""
    return f"{PACKAGE}@{version(PACKAGE)}"


def catalogue_source() -> str:
    """What ``pricing_source`` says of these prices."""
    return f"catalogue:{catalogue_version()}"


def read_catalogue(now: datetime) -> PriceList:
    """The prices in force at ``now`` (aware) of every model that has any, with its provider."""
    models = _read_models(now)
    return PriceList(tuple(model for model in models if model.prices or model.extra))


def catalogue_models(provider: str, now: datetime) -> dict[str, RawModel]:
    """What the catalogue knows at ``now`` (aware) of one provider's models that have a price.

    By the catalogue's own id, exactly: its patterns for other spellings can mean another model.
    """
    models = _read_models(now, provider)
    return {model.model_id: model for model in models if model.prices}


def _read_models(now: datetime, only: str | None = None) -> Iterator[RawModel]:
    today = now.astimezone(UTC)
    for provider in data_snapshot.get_snapshot().providers:
        if provider.id not in LEFT_OUT and only in (None, provider.id):
            for model in provider.models:
                yield _read_model(provider.id, model, today)


def _read_model(provider: str, model: ModelInfo, now: datetime) -> RawModel:
    base, windows = _in_force(model, now)
    conditions = list(_tier_conditions(base, "", None))
    for constraint, prices in windows:
        window = (_clock(constraint.start_time), _clock(constraint.end_time))
        path = f"{window[0]:04}-{window[1]:04}."
        conditions.append(_condition(_flat_prices(prices, path), None, window))
        conditions.extend(_tier_conditions(prices, path, window))
    extra = _extra(base)
    if model.price_variants:
        extra["price_variants"] = [_variant(variant) for variant in model.price_variants]
    return RawModel(
        model_id=model.id,
        name=model.name,
        prices=_flat_prices(base, ""),
        conditions=tuple(conditions),
        extra=extra,
        provider=provider,
    )


def _in_force(
    model: ModelInfo, now: datetime
) -> tuple[ModelPrice, list[tuple[TimeOfDateConstraint, ModelPrice]]]:
    """The prices at ``now``, and the hours of the day that have others.

    The package's rule: the last price whose constraint holds, or else the first one.
    """
    if isinstance(model.prices, ModelPrice):
        return model.prices, []
    base = model.prices[0].prices
    windows: list[tuple[TimeOfDateConstraint, ModelPrice]] = []
    for conditional in model.prices:
        constraint = conditional.constraint
        if isinstance(constraint, TimeOfDateConstraint):
            windows.append((constraint, conditional.prices))
        elif constraint is None or constraint.active(now):
            base, windows = conditional.prices, []
    return base, windows


def _flat_prices(prices: ModelPrice, path: str) -> tuple[RawPrice, ...]:
    """The price of each axis for a request below every tier."""
    return tuple(
        _price(key, value.base if isinstance(value, TieredPrices) else value, path)
        for key, value in _published(prices)
        if key in PRICE_KEYS
    )


def _tier_conditions(
    prices: ModelPrice, path: str, window: tuple[int, int] | None
) -> Iterator[RawCondition]:
    """One condition for each tier, lowest first: a tier holds above its start, for all tokens."""
    tiers: dict[int, list[RawPrice]] = {}
    for key, value in _published(prices):
        if key in PRICE_KEYS and isinstance(value, TieredPrices):
            for tier in value.tiers:
                price = _price(key, tier.price, f"{path}{tier.start}.")
                tiers.setdefault(tier.start, []).append(price)
    for start in sorted(tiers):
        yield _condition(tuple(tiers[start]), start, window)


def _condition(
    prices: tuple[RawPrice, ...], start: int | None, window: tuple[int, int] | None
) -> RawCondition:
    utc_start, utc_end = window or (None, None)
    return RawCondition(prices, min_prompt_tokens=start, utc_start=utc_start, utc_end=utc_end)


def _price(key: str, amount: Decimal, path: str) -> RawPrice:
    axis, unit = PRICE_KEYS[key]
    return RawPrice(axis, amount, unit, text=plain(amount), key=path + key)


def _published(prices: ModelPrice) -> Iterator[tuple[str, Decimal | TieredPrices]]:
    for key, value in vars(prices).items():
        if isinstance(value, Decimal | TieredPrices):
            yield key, value


def _extra(prices: ModelPrice) -> dict[str, JsonValue]:
    """Prices in units that have no column (hours of audio, pages, characters), as text."""
    return {key: _shown(value) for key, value in _published(prices) if key not in PRICE_KEYS}


def _variant(variant: PriceVariant) -> JsonValue:
    shown: dict[str, JsonValue] = {
        "when": dict(variant.when),
        "prices": {key: _shown(value) for key, value in _published(variant.prices)},
    }
    match variant.constraint:
        case StartDateConstraint(start_date=day):
            shown["start_date"] = day.isoformat()
        case TimeOfDateConstraint(start_time=start, end_time=end):
            shown |= {"utc_start": _clock(start), "utc_end": _clock(end)}
    return shown


def _shown(value: Decimal | TieredPrices) -> JsonValue:
    if isinstance(value, Decimal):
        return plain(value)
    tiers: list[JsonValue] = [
        {"min_prompt_tokens": tier.start, "price": plain(tier.price)} for tier in value.tiers
    ]
    return {"base": plain(value.base), "tiers": tiers}


def _clock(at: time) -> int:
    """A time of day as an HHMM number in UTC; the package's times without a zone are UTC."""
    offset = at.utcoffset()
    minutes = at.hour * 60 + at.minute
    if offset is not None:
        minutes = (minutes - round(offset.total_seconds() / 60)) % (24 * 60)
    return minutes // 60 * 100 + minutes % 60
