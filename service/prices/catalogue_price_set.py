"""Reads the prices of one model of the catalogue that are in force on one day.

The package's rule (its types.py): of the dated and daily prices the last that is active counts,
whole; over it, of the variants that hold, the first one wins for each price. By our rule later
conditions win, axis by axis, so what counts more comes later here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace
from datetime import datetime, time
from decimal import Context, Decimal

from genai_prices.types import ModelInfo, ModelPrice, TimeOfDateConstraint
from pydantic import JsonValue

from service.prices.catalogue_conditions import billed_minimum, peak_days, request_keys
from service.prices.catalogue_price_keys import (
    Published,
    PublishedPrices,
    published,
    read_price_keys,
)
from service.prices.price_list import RawCondition
from service.prices.units import Axis, RawPrice, Unit, plain

# Fees of which the absence says that there is none.
NO_FEE = {
    axis: RawPrice(axis, Decimal(0), unit, text="", key=f"absent {axis.value}")
    for axis, unit in (
        (Axis.REQUEST, Unit.USD_PER_REQUEST),
        (Axis.IMAGE, Unit.USD_PER_IMAGE),
        (Axis.WEB_SEARCH, Unit.USD_PER_SEARCH),
    )
}
# A minimum of some seconds as a fee: as precise as the price of a second.
_ROUNDED = Context(prec=30)


@dataclass(frozen=True, slots=True)
class PriceSet:
    """What the catalogue says about one model's prices; ``unread`` by the catalogue's keys."""

    base: tuple[RawPrice, ...]
    conditions: tuple[RawCondition, ...]
    unread: Mapping[str, JsonValue]


def read_price_set(provider: str, model: ModelInfo, day: datetime) -> PriceSet:
    """What is in force on one day; its conditions have no dates."""
    standard, layers = _layers(provider, model, day)
    base = read_price_keys(published(standard), "")
    minimum = billed_minimum(provider, model.id)
    conditions = [*_tiered(base, RawCondition(())), *_minimum(base, RawCondition(()), minimum)]
    unread = dict(base.unread)
    below = {price.axis for price in base.flat}
    for layer in layers:
        read = read_price_keys(layer.prices, layer.name)
        flat = replace(layer.keys, prices=read.flat, unknown=read.unknown)
        if layer.whole:
            flat = without_the_rest(flat, below)
        if flat.prices or flat.unknown:
            conditions.append(flat)
        below |= {price.axis for price in read.flat}
        conditions += _tiered(read, layer.keys)
        conditions += _minimum(read, layer.keys, minimum)
        unread |= read.unread
    return PriceSet(base.flat, tuple(conditions), unread)


def without_the_rest(condition: RawCondition, axes: Set[Axis]) -> RawCondition:
    """The condition where only what it names has a price: no other fee, nothing else known."""
    rest = axes - {price.axis for price in condition.prices} - set(condition.unknown)
    none = [NO_FEE[axis] for axis in Axis if axis in rest & NO_FEE.keys()]
    unknown = [axis for axis in Axis if axis in rest - NO_FEE.keys()]
    return replace(
        condition,
        prices=(*condition.prices, *none),
        unknown=(*condition.unknown, *unknown),
    )


@dataclass(frozen=True, slots=True)
class _Layer:
    """Prices that replace what is below them under these ``keys``; all of it where ``whole``."""

    prices: Mapping[str, Published]
    keys: RawCondition
    name: str
    whole: bool = False


def _layers(provider: str, model: ModelInfo, day: datetime) -> tuple[ModelPrice, list[_Layer]]:
    """The standard price of the day, and what replaces it, in the order of rising precedence."""
    standard, windows = _in_force(model, day)
    layers = []
    for constraint, prices in windows:
        keys = _window(constraint)
        if days := peak_days(provider, model.id):
            keys = replace(keys, utc_days=days)
        layers.append(_Layer(published(prices), keys, _window_name(keys), whole=True))
    variants = []
    said: dict[tuple[object, ...], dict[str, Published]] = {}
    for variant in model.price_variants or []:
        keys = RawCondition(())
        if isinstance(variant.constraint, TimeOfDateConstraint):
            keys = _window(variant.constraint)
        elif variant.constraint is not None and not variant.constraint.active(day):
            continue
        keys = replace(keys, when=request_keys(variant.when))
        # Of two variants for the same requests the first one's price counts.
        same = (*sorted(map(str, keys.when.items())), keys.utc_start, keys.utc_end)
        before = said.setdefault(same, {})
        new = {key: it for key, it in published(variant.prices).items() if key not in before}
        before.update(new)
        name = ",".join(f"{key}={value}" for key, value in variant.when.items()) + "."
        variants.append(_Layer(new, keys, _window_name(keys) + name))
    return standard, [*layers, *reversed(variants)]


def _in_force(
    model: ModelInfo, day: datetime
) -> tuple[ModelPrice, list[tuple[TimeOfDateConstraint, ModelPrice]]]:
    """The last price whose constraint holds, else the first; and those of hours of the day."""
    if isinstance(model.prices, ModelPrice):
        return model.prices, []
    base = model.prices[0].prices
    windows: list[tuple[TimeOfDateConstraint, ModelPrice]] = []
    for conditional in model.prices:
        constraint = conditional.constraint
        if isinstance(constraint, TimeOfDateConstraint):
            windows.append((constraint, conditional.prices))
        elif constraint is None or constraint.active(day):
            base, windows = conditional.prices, []
    return base, windows


def _tiered(read: PublishedPrices, keys: RawCondition) -> Iterator[RawCondition]:
    """One condition for each tier, lowest first; above its start a tier prices all tokens."""
    for start, prices in read.tiers.items():
        yield replace(keys, prices=prices, min_prompt_tokens=start)


def _minimum(
    read: PublishedPrices, keys: RawCondition, seconds: int | None
) -> Iterator[RawCondition]:
    """Up to so many seconds of audio a request costs what that many do."""
    for price in read.flat if seconds else ():
        if price.axis is Axis.AUDIO_SECOND:
            fee = _ROUNDED.divide(price.amount * (seconds or 0), price.unit.divisor)
            path = f"{price.key}.minimum"
            yield replace(
                keys,
                prices=(
                    RawPrice(Axis.REQUEST, fee, Unit.USD_PER_REQUEST, plain(fee), path),
                    replace(price, amount=Decimal(0), text="0", key=f"{path}.more"),
                ),
                when={**keys.when, "max_audio_seconds": seconds},
            )


def _window(constraint: TimeOfDateConstraint) -> RawCondition:
    start, end = _clock(constraint.start_time), _clock(constraint.end_time)
    return RawCondition((), utc_start=start, utc_end=end)


def _window_name(keys: RawCondition) -> str:
    return "" if keys.utc_start is None else f"{keys.utc_start:04}-{keys.utc_end:04}."


def _clock(at: time) -> int:
    """A time of day as an HHMM number in UTC; the package's times without a zone are UTC."""
    offset = at.utcoffset()
    minutes = at.hour * 60 + at.minute
    if offset is not None:
        minutes = (minutes - round(offset.total_seconds() / 60)) % (24 * 60)
    return minutes // 60 * 100 + minutes % 60
