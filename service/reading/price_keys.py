"""Reads the prices of one model by an adapter's table ``{wire key: (axis, unit)}``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from pydantic import JsonValue

from service.prices.price_list import RawModel
from service.prices.units import Axis, RawPrice, Unit, plain, to_canonical
from service.reading.currency_and_unit import is_amount_of_money
from service.reading.wire import InvalidEntry, Number, published_text, read_amount, read_object

PriceKeys = Mapping[str, tuple[Axis, Unit]]

# The relative difference at which two amounts are equal: JSON numbers are rounded to 12 digits.
_NOISE = Decimal("1e-11")
# USD per token: $0.0001 per 1M tokens, a tenth of the cheapest known price.
_FINEST_ZERO = Decimal("1e-10")
_NONE = Decimal(0)
# A key may have names of the provider in it, which may be of any length.
_LONGEST_KEPT = 200


@dataclass(frozen=True, slots=True)
class ReadPrices:
    """The prices of one object; the fields are those of ``RawModel``."""

    prices: tuple[RawPrice, ...]
    unknown: Mapping[str, str]

    def as_model(self, model_id: str, name: str | None) -> RawModel:
        return RawModel(model_id, name=name, prices=self.prices, unknown=self.unknown)


def read_pricing(entry: Mapping[str, object], key: str = "pricing") -> dict[str, object]:
    """The object with an entry's prices; empty if it is null or missing."""
    value = entry.get(key)
    return {} if value is None else read_object(value, key)


def read_prices(
    pricing: Mapping[str, object],
    keys: PriceKeys,
    *,
    path: str = "",
    dynamic: int | None = None,
) -> ReadPrices:
    """Read the price of each key of ``pricing`` that is one of ``keys``; others are left.

    ``path`` precedes each key in messages and in the history. The number ``dynamic`` means that the
    price is unknown. InvalidEntry names the key whose value is no price.
    """
    prices: list[RawPrice] = []
    unknown: dict[str, str] = {}
    for key, value in pricing.items():
        meaning = keys.get(key)
        if meaning is None:
            continue
        price = read_price(path + key, value, meaning, dynamic=dynamic)
        if price is not None:
            prices.append(price)
        elif value is not None:
            unknown[path + key] = published_text(value)
    return ReadPrices(tuple(prices), unknown)


def read_price(
    key: str, value: object, meaning: tuple[Axis, Unit], *, dynamic: int | None = None
) -> RawPrice | None:
    """One price; None if it is null or ``dynamic``. InvalidEntry names ``key`` for other values."""
    if len(key) > _LONGEST_KEPT:
        return _price(key, value, meaning, dynamic)
    if type(value) is str:
        return _known_price(key, value, False, meaning, dynamic)
    if type(value) is Number:
        return _known_price(key, value.text, True, meaning, dynamic)
    return _price(key, value, meaning, dynamic)


# Many models have the same price under the same key.
@lru_cache(maxsize=8192)
def _known_price(
    key: str, text: str, is_number: bool, meaning: tuple[Axis, Unit], dynamic: int | None
) -> RawPrice | None:
    return _price(key, Number(text) if is_number else text, meaning, dynamic)


def _price(
    key: str, value: object, meaning: tuple[Axis, Unit], dynamic: int | None
) -> RawPrice | None:
    axis, unit = meaning
    try:
        amount = read_amount(value, unknown=dynamic)
    except InvalidEntry as invalid:
        raise InvalidEntry(f"{key}: {invalid}") from None
    if amount is None:
        return None
    return RawPrice(axis, amount, unit, text=published_text(value), key=key)


def finer(one: RawPrice, other: RawPrice) -> RawPrice:
    """Of two publications of one price the one with more digits, or the first if they are equal.

    They agree within half a unit of the last digit of the coarser one: 36 and 36.1 do, 36 and 36.6
    do not. A 0 agrees with a positive price only if it is published to $0.0001 per 1M tokens or
    finer; everywhere else it is another price. InvalidEntry if they do not agree.
    """
    usd, usd_again = to_canonical(one).usd, to_canonical(other).usd
    if abs(usd - usd_again) <= _NOISE * max(usd, usd_again):
        return one
    # Two values of one key are no two publications.
    steps = (_last_digit(one), _last_digit(other)) if one.key != other.key else (_NONE, _NONE)
    coarser, better = (one, other) if steps[0] > steps[1] else (other, one)
    apart = abs(usd - usd_again)
    if 2 * apart > max(steps) or (not coarser.amount and max(steps) > _FINEST_ZERO):
        raise InvalidEntry(
            f"{one.key} ({one.text}) is USD {plain(usd)} per unit,"
            f" but {other.key} ({other.text}) is USD {plain(usd_again)}"
        )
    return better


def _last_digit(price: RawPrice) -> Decimal:
    """The worth of the last digit as published, in USD for one unit."""
    exponent = max(int(Decimal(price.text).as_tuple().exponent), _exponent(price.amount))
    return to_canonical(replace(price, amount=Decimal((0, (1,), min(exponent, 0))))).usd


def _exponent(amount: Decimal) -> int:
    """That of a JSON number's amount, which is rounded; -1000 for 0, whose digits are lost."""
    return int(amount.as_tuple().exponent) if amount else -1000


def price_of(prices: Collection[RawPrice], axis: Axis) -> RawPrice | None:
    """The price of one axis; None without one."""
    for price in prices:
        if price.axis is axis:
            return price
    return None


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
    """Whether the value of an unknown key contains a number or an amount of money above 0."""
    if isinstance(value, Mapping):
        return any(map(may_cost, value.values()))
    if isinstance(value, list):
        return any(map(may_cost, value))
    if isinstance(value, bool) or value is None:
        return False
    text = str(value)
    if is_amount_of_money(text):
        return any(digit in text for digit in "123456789")
    try:
        return bool(read_amount(text))
    except InvalidEntry:
        return False


def agreed(prices: Iterable[RawPrice]) -> tuple[RawPrice, ...]:
    """The finest price of each axis, in the order of the first; InvalidEntry if two differ."""
    finest: dict[Axis, RawPrice] = {}
    for price in prices:
        known = finest.get(price.axis)
        finest[price.axis] = price if known is None else finer(known, price)
    return tuple(finest.values())
