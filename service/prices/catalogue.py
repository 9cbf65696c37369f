"""Reads the catalogue: the reference prices in the installed package ``genai-prices``.

It covers many providers and supplies prices where a provider publishes none. A price comes from a
named version of the package and needs no network. Prices are Decimals in USD per 1M tokens, 1K
requests or 1K searches (the package's data_units.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
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

from service.prices.price_list import PriceList, RawCondition, RawModel
from service.prices.units import Axis, RawPrice, Unit, plain

PACKAGE = "genai-prices"

# Lists of the catalogue that are not a provider's prices for calling its models. Resellers and
# routers do sell models, and stay.
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
    """The ``pricing_source`` of these prices, such as ``catalogue:genai-prices@0.2.3``."""
    return f"catalogue:{catalogue_version()}"


def read_catalogue(now: datetime) -> PriceList:
    """Each model with a price at ``now`` (aware), with its provider."""
    day = _day_of(now)
    models = [model for provider in day.providers for model in day.models(provider)]
    return PriceList(tuple(model for model in models if model.prices or model.extra))


def catalogue_models(provider: str, now: datetime) -> Mapping[str, RawModel]:
    """One provider's models with a price at ``now`` (aware), by the catalogue's own id.

    The catalogue's patterns for other spellings are not used: they can match another model.
    """
    return {model.model_id: model for model in _day_of(now).models(provider) if model.prices}


@dataclass(frozen=True)
class _Day:
    """The catalogue on one day in UTC: its prices begin and end at midnight UTC.

    Each provider is read once, on demand. Two threads may both read it, with the same result.
    """

    snapshot: data_snapshot.DataSnapshot
    date: date
    _read: dict[str, tuple[RawModel, ...]] = field(default_factory=dict)

    @property
    def providers(self) -> list[str]:
        return [each.id for each in self.snapshot.providers if each.id not in LEFT_OUT]

    def models(self, provider: str) -> tuple[RawModel, ...]:
        """The models that the catalogue lists for the provider; none for an unknown provider."""
        found = self._read.get(provider)
        if found is None:
            midnight = datetime.combine(self.date, time(), UTC)
            found = tuple(
                _read_model(each.id, model, midnight)
                for each in self.snapshot.providers
                if each.id == provider and provider not in LEFT_OUT
                for model in each.models
            )
            self._read[provider] = found
        return found


# The day of the last call: a worker always asks for today.
_kept: _Day | None = None


def _day_of(now: datetime) -> _Day:
    global _kept
    snapshot, today = data_snapshot.get_snapshot(), now.astimezone(UTC).date()
    day = _kept
    if day is None or day.snapshot is not snapshot or day.date != today:
        day = _kept = _Day(snapshot, today)
    return day


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
    """The prices at ``now``, and those of hours of the day.

    By the package's rule: the last price whose constraint holds, else the first.
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
    """One condition for each tier, lowest first; above its start a tier prices all tokens."""
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
    """Prices in units without a column (hours of audio, pages, characters), as text."""
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
