"""Reads the prices of one model by an adapter's table ``{wire key: (axis, unit)}``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from pydantic import JsonValue

from service.prices.price_list import RawModel
from service.prices.units import Axis, RawPrice, Unit, plain, to_canonical
from service.reading.wire import (
    InvalidEntry,
    printable,
    published_text,
    read_amount,
    read_object,
    verbatim,
)

PriceKeys = Mapping[str, tuple[Axis, Unit]]

# The relative difference at which two publications of one price are equal: each may be rounded, to
# 12 digits here, to a few decimals there.
_SAME = Decimal("1e-6")


@dataclass(frozen=True, slots=True)
class ReadPrices:
    """The content of one object of prices; the fields are those of ``RawModel``."""

    prices: tuple[RawPrice, ...]
    unknown: Mapping[str, str]
    extra: Mapping[str, JsonValue]
    unknown_keys: frozenset[str]

    def as_model(self, model_id: str, name: str | None) -> RawModel:
        return RawModel(
            model_id=model_id,
            name=name,
            prices=self.prices,
            unknown=self.unknown,
            extra=self.extra,
            unknown_keys=self.unknown_keys,
        )


def read_pricing(entry: Mapping[str, object], key: str = "pricing") -> dict[str, object]:
    """The object with an entry's prices; empty if it is null or missing."""
    value = entry.get(key)
    return {} if value is None else read_object(value, key)


def read_prices(
    pricing: Mapping[str, object],
    keys: PriceKeys,
    *,
    known: Collection[str] = (),
    path: str = "",
    dynamic: int | None = None,
) -> ReadPrices:
    """Read each key of ``pricing``: a price, a known key without a price, or an unknown key.

    ``known`` are keys that mean something else and are left out. ``path`` precedes each key in
    messages and in the history. The number ``dynamic`` means that the price is unknown. If all
    prices are 0 and an unknown key may cost something, they are unknown, not free. InvalidEntry
    names the key whose value is no price.
    """
    prices: list[RawPrice] = []
    unknown: dict[str, str] = {}
    extra: dict[str, JsonValue] = {}
    for key, value in pricing.items():
        if key in keys:
            price = read_price(path + key, value, keys[key], dynamic=dynamic)
            if price is not None:
                prices.append(price)
            elif value is not None:
                unknown[path + key] = published_text(value)
        elif key not in known:
            extra[printable(path + key)] = verbatim(value)
    read = ReadPrices(tuple(prices), unknown, extra, frozenset(extra))
    return as_unknown(read) if only_zeros(prices) and may_cost(extra) else read


def read_price(
    key: str, value: object, meaning: tuple[Axis, Unit], *, dynamic: int | None = None
) -> RawPrice | None:
    """One price; None if it is null or ``dynamic``. InvalidEntry names ``key`` for other values."""
    axis, unit = meaning
    try:
        amount = read_amount(value, unknown=dynamic)
    except InvalidEntry as invalid:
        raise InvalidEntry(f"{key}: {invalid}") from None
    if amount is None:
        return None
    return RawPrice(axis, amount, unit, text=published_text(value), key=key)


def require_agreement(one: RawPrice | None, other: RawPrice | None) -> None:
    """InvalidEntry if two publications of one price differ once converted to USD for one unit.

    A missing one is not compared.
    """
    if one is None or other is None:
        return
    usd, usd_again = to_canonical(one).usd, to_canonical(other).usd
    if abs(usd - usd_again) > _SAME * max(usd, usd_again):
        raise InvalidEntry(
            f"{one.key} ({one.text}) is USD {plain(usd)} per unit,"
            f" but {other.key} ({other.text}) is USD {plain(usd_again)}"
        )


def price_of(prices: Collection[RawPrice], axis: Axis) -> RawPrice | None:
    """The price of one axis; None without one."""
    return next((price for price in prices if price.axis is axis), None)


def only_zeros(prices: Collection[RawPrice]) -> bool:
    """Whether there are prices and each is 0: free or unknown, depending on the provider."""
    return bool(prices) and not any(price.amount for price in prices)


def as_unknown(read: ReadPrices, *axes: Axis) -> ReadPrices:
    """Move the prices of these axes (without any: of all) to ``unknown``, with their texts."""
    dropped = [price for price in read.prices if not axes or price.axis in axes]
    return replace(
        read,
        prices=tuple(price for price in read.prices if price not in dropped),
        unknown={**read.unknown, **{price.key: price.text for price in dropped}},
    )


def zeros_as_unknown(read: ReadPrices, *axes: Axis) -> ReadPrices:
    """Move the prices of 0 on these axes (without any: on all) to ``unknown``."""
    zeros = [price for price in read.prices if not price.amount]
    named = {price.axis for price in zeros if not axes or price.axis in axes}
    return as_unknown(read, *named) if named else read


def may_cost(value: JsonValue | Mapping[str, JsonValue]) -> bool:
    """Whether the value of an unknown key contains a number above 0, as text or number."""
    if isinstance(value, Mapping):
        return any(map(may_cost, value.values()))
    if isinstance(value, list):
        return any(map(may_cost, value))
    if isinstance(value, bool) or value is None:
        return False
    try:
        return bool(read_amount(str(value)))
    except InvalidEntry:
        return False


def agreed(prices: Iterable[RawPrice]) -> tuple[RawPrice, ...]:
    """The first price of each axis; InvalidEntry if a further one differs."""
    first: dict[Axis, RawPrice] = {}
    for price in prices:
        require_agreement(first.setdefault(price.axis, price), price)
    return tuple(first.values())
