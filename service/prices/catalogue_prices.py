"""Reads the prices of one model of the catalogue, with those that begin on a later day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from itertools import pairwise

from genai_prices.types import ModelInfo, ModelPrice, StartDateConstraint
from pydantic import JsonValue

from service.prices.catalogue_price_set import PriceSet, read_price_set, without_the_rest
from service.prices.price_list import RawCondition
from service.prices.units import RawPrice


def read_prices(provider: str, model: ModelInfo, midnight: datetime) -> PriceSet:
    """The prices in force from ``midnight`` UTC on, and those that begin on a later day.

    Between two days on which a price begins, one set of prices is in force: a later set's base is a
    condition that only has ``effective_from``, and its conditions begin and end with it. So what is
    read on a later day is what these become when their days have come.
    """
    days = [midnight, *_later_days(model, midnight)]
    sets = [read_price_set(provider, model, day) for day in days]
    conditions = [
        without_the_rest(
            RawCondition(_named(later.base, day.date().isoformat()), effective_from=day),
            {price.axis for price in before.base},
        )
        for (before, later), day in zip(pairwise(sets), days[1:], strict=True)
        if later.base != before.base
    ]
    begun = 0
    for end in range(1, len(sets) + 1):
        if end < len(sets) and sets[end].conditions == sets[begun].conditions:
            continue
        begins = days[begun] if begun else None
        ends = days[end] if end < len(days) else None
        name = days[begun].date().isoformat() if begun else ""
        conditions += [
            replace(
                each,
                prices=_named(each.prices, name),
                effective_from=begins,
                effective_until=ends,
            )
            for each in sets[begun].conditions
        ]
        begun = end
    unread: dict[str, JsonValue] = {}
    for each in sets:
        unread = {**each.unread, **unread}
    return PriceSet(sets[0].base, tuple(conditions), unread)


def _later_days(model: ModelInfo, midnight: datetime) -> list[datetime]:
    """The days after this one on which a price begins."""
    prices = [] if isinstance(model.prices, ModelPrice) else model.prices
    constraints = [each.constraint for each in prices]
    constraints += [each.constraint for each in model.price_variants or []]
    days = {each.start_date for each in constraints if isinstance(each, StartDateConstraint)}
    begin = sorted(datetime.combine(day, time(), UTC) for day in days)
    return [day for day in begin if day > midnight]


def _named(prices: Sequence[RawPrice], day: str) -> tuple[RawPrice, ...]:
    return tuple(replace(each, key=f"{day}.{each.key}" if day else each.key) for each in prices)
