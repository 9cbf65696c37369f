"""The prices of one model: which key on the wire is which axis, in which unit.

Every adapter says that in a table of its own, ``{key: (axis, unit)}``, and reads it here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from pydantic import JsonValue

from service.prices import Axis, RawPrice, Unit, plain, to_canonical
from service.reading.wire import (
    OddEntry,
    printable,
    published_text,
    read_amount,
    verbatim,
)

PriceKeys = Mapping[str, tuple[Axis, Unit]]

# Two publications of one number may each be rounded: to 12 digits here, to a few decimals there.
_SAME = Decimal("1e-6")


@dataclass(frozen=True, slots=True)
class ReadPrices:
    """What one object of prices says; the fields are those of ``RawModel``."""

    prices: tuple[RawPrice, ...]
    unknown: Mapping[str, str]
    extra: Mapping[str, JsonValue]
    unknown_keys: frozenset[str]


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
    in messages and in the history. The number ``dynamic`` means that the price is unknown.
    OddEntry names the key whose value is no price.
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
    return ReadPrices(tuple(prices), unknown, extra, frozenset(extra))


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
