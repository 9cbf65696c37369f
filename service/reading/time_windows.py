"""Reads prices by the time of day, and resolves the base price among them.

Where windows cover the whole day, a provider publishes the price of the current window as its base
price. Stored as published, it would change at each edge of a window, without any change of the
price list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from service.prices.price_list import RawCondition
from service.prices.units import RawPrice, Unit
from service.reading.price_keys import price_of
from service.reading.wire import InvalidEntry, read_whole_number, shown

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MINUTES = 24 * 60

_Price = tuple[Decimal, Unit]


def read_window(start: object, end: object) -> tuple[int | None, int | None]:
    """A window of two HHMM clock numbers, or (None, None); InvalidEntry for anything else."""
    if start is None and end is None:
        return None, None
    if start is None or end is None:
        raise InvalidEntry("one of utc_start and utc_end is missing")
    clocks = read_whole_number(start, largest=2400), read_whole_number(end, largest=2400)
    if any(clock % 100 > 59 for clock in clocks):
        raise InvalidEntry(f"{clocks[0]} to {clocks[1]} is not a window of clock times")
    return clocks


def read_weekdays(value: object) -> tuple[str, ...]:
    """Weekday names in the order of the week; empty for null (every day); else InvalidEntry."""
    if value is None:
        return ()
    if not isinstance(value, list) or not value or any(day not in WEEKDAYS for day in value):
        raise InvalidEntry("utc_days is not a list of weekdays")
    return tuple(day for day in WEEKDAYS if day in value)


def read_moment(value: object) -> datetime | None:
    """A time in RFC 3339 with its offset; None for null; else InvalidEntry."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 2000 <= moment.year < 3000:
        raise InvalidEntry(f"{shown(value)} is not a time with an offset from UTC")
    return moment


def resolve_base(
    prices: Iterable[RawPrice], conditions: Sequence[RawCondition]
) -> tuple[RawPrice, ...]:
    """The base prices; where windows cover the whole day, the price of most of the day.

    Only windows without another condition count (weekdays, prompt length, dates, other keys). Those
    of equal price count together; of two equally long ones, the one that begins first after
    midnight wins. The text stays as published. If the windows leave a gap, the published base is
    the price of the gap, and stays.
    """
    if not conditions:
        return tuple(prices)
    windows = [
        (condition, tuple(_spans(condition.utc_start, condition.utc_end)))
        for condition in conditions
        if condition.utc_start is not None
        and condition.utc_end is not None
        and not condition.utc_days
        and condition.min_prompt_tokens is None
        and condition.effective_from is None
        and condition.effective_until is None
        and not condition.when
    ]
    return tuple(_resolved(price, windows) for price in prices)


def _resolved(
    price: RawPrice, windows: list[tuple[RawCondition, tuple[tuple[int, int], ...]]]
) -> RawPrice:
    spans = [
        (start, end, (inside.amount, inside.unit))
        for window, minutes in windows
        if (inside := price_of(window.prices, price.axis)) is not None
        for start, end in minutes
    ]
    # Nearly every price; a list of the day's minutes would be slow.
    if not spans:
        return price
    day: list[_Price | None] = [None] * MINUTES
    for start, end, at in spans:
        day[start:end] = [at] * (end - start)
    lengths = Counter(day)
    begins = {at: minute for minute, at in reversed(list(enumerate(day))) if day[minute - 1] != at}
    # A day with one price has no edge, and no entry in begins.
    longest = min(lengths, key=lambda at: (-lengths[at], begins.get(at, 0)))
    if None in lengths or longest is None:
        return price
    amount, unit = longest
    return replace(price, amount=amount, unit=unit)


def _spans(utc_start: int, utc_end: int) -> Iterator[tuple[int, int]]:
    """The minutes of a window, start and end; two spans if it wraps midnight."""
    start, end = _minute(utc_start), _minute(utc_end)
    if start <= end:
        yield start, end
    else:
        yield start, MINUTES
        yield 0, end


def _minute(clock: int) -> int:
    return clock // 100 * 60 + clock % 100
