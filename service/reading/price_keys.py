"""The prices of one model: which key on the wire is which axis, in which unit.

Every adapter says that in a table of its own, ``{key: (axis, unit)}``, and reads it here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from pydantic import JsonValue

from service.prices.price_list import RawModel
from service.prices.units import Axis, RawPrice, Unit, plain, to_canonical
from service.reading.wire import (
    OddEntry,
    printable,
    published_text,
    read_amount,
    read_object,
    verbatim,
)

PriceKeys = Mapping[str, tuple[Axis, Unit]]

# Two publications of one number may each be rounded: to 12 digits here, to a few decimals there.
_SAME = Decimal("1e-6")


@dataclass(frozen=True, slots=True)
class ReadPrices:
    """What one object of prices says; the fields are those of ``RawModel``, and become one."""

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
    """The object that has an entry's prices; empty where it is null or not there."""
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
    """Read every key of ``pricing``: a price, a known one that is none, or one that nobody knows.

    ``known`` are keys that mean something else and are left out. ``path`` stands before each key
    in messages and in the history. The number ``dynamic`` means that the price is unknown. Zeros
    alone beside a key that nobody knows and that costs something are unknown, not free. OddEntry
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
    """One price; None when it is null or ``dynamic``. OddEntry, naming ``key``, for nonsense."""
    axis, unit = meaning
    try:
        amount = read_amount(value, unknown=dynamic)
    except OddEntry as odd:
        raise OddEntry(f"{key}: {odd}") from None
    if amount is None:
        return None
    return RawPrice(axis, amount, unit, text=published_text(value), key=key)


def require_agreement(one: RawPrice | None, other: RawPrice | None) -> None:
    """Two publications of one price, in whatever units, say the same; else OddEntry.

    Nothing is compared where one of them is not there.
    """
    if one is None or other is None:
        return
    usd, usd_again = to_canonical(one).usd, to_canonical(other).usd
    if abs(usd - usd_again) > _SAME * max(usd, usd_again):
        raise OddEntry(
            f"{one.key} ({one.text}) is USD {plain(usd)} per unit,"
            f" but {other.key} ({other.text}) is USD {plain(usd_again)}"
        )


def price_of(prices: Collection[RawPrice], axis: Axis) -> RawPrice | None:
    """The price of one axis, if there is one."""
    return next((price for price in prices if price.axis is axis), None)


def only_zeros(prices: Collection[RawPrice]) -> bool:
    """There are prices, and each is zero: free, or nothing said, as the provider means it."""
    return bool(prices) and not any(price.amount for price in prices)


def as_unknown(read: ReadPrices, *axes: Axis) -> ReadPrices:
    """The same without the prices of these axes (none named: of all); their texts are kept."""
    dropped = [price for price in read.prices if not axes or price.axis in axes]
    return replace(
        read,
        prices=tuple(price for price in read.prices if price not in dropped),
        unknown={**read.unknown, **{price.key: price.text for price in dropped}},
    )


def may_cost(value: JsonValue | Mapping[str, JsonValue]) -> bool:
    """Whether there is a number above zero in what nobody understands, as text or as a number."""
    if isinstance(value, Mapping):
        return any(map(may_cost, value.values()))
    if isinstance(value, list):
        return any(map(may_cost, value))
    if isinstance(value, bool) or value is None:
        return False
    try:
        return bool(read_amount(str(value)))
    except OddEntry:
        return False


def agreed(prices: Iterable[RawPrice]) -> tuple[RawPrice, ...]:
    """One price for each axis, the first of those given; OddEntry if a further one differs."""
    first: dict[Axis, RawPrice] = {}
    for price in prices:
        require_agreement(first.setdefault(price.axis, price), price)
    return tuple(first.values())
