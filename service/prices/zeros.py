"""Decides which published zeros are prices: one rule for every adapter and for the catalogue.

Providers fill fields that do not apply with 0. A fee of 0 is the same as none, and is left out. A 0
for cache, reasoning, or another thing than text counts only in a model that costs nothing at all:
beside a positive price it is unknown. Zeros for input and output are judged by the adapter, which
knows what its provider's 0 means.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from service.prices.price_list import RawCondition, RawModel
from service.prices.units import Axis, RawPrice

FEES = frozenset({Axis.REASONING, Axis.IMAGE, Axis.REQUEST, Axis.WEB_SEARCH})
# Their 0 is a filling where the model has a positive price.
FILLED = frozenset(
    {
        Axis.CACHE_READ,
        Axis.CACHE_WRITE,
        Axis.CACHE_WRITE_1H,
        Axis.REASONING,
        Axis.INPUT_AUDIO,
        Axis.OUTPUT_AUDIO,
        Axis.CACHE_READ_AUDIO,
        Axis.INPUT_IMAGE,
        Axis.OUTPUT_IMAGE,
        Axis.INPUT_CHARACTER,
        Axis.PAGE,
        Axis.VIDEO_SECOND,
    }
)


def without_filling(model: RawModel) -> RawModel:
    """The model without the zeros that are no price; their texts are in ``unknown``."""
    everywhere = list(model.prices)
    for each in model.conditions:
        everywhere += each.prices
    for price in everywhere:
        if not price.amount:
            break
    else:
        return model
    charged = {price.axis for price in everywhere if price.amount}
    conditions = [_conditional(each, model.prices, charged) for each in model.conditions]
    kept = tuple(price for price in model.prices if not _is_filling(price, costs=bool(charged)))
    if len(kept) == len(model.prices) and conditions == list(model.conditions):
        return model
    stay = {id(price) for price in (*kept, *(p for each in conditions for p in each.prices))}
    dropped = {price.key: price.text for price in everywhere if id(price) not in stay}
    return replace(
        model,
        prices=kept,
        conditions=tuple(each for each in conditions if each.prices or each.unknown),
        unknown={**model.unknown, **dropped},
    )


def _is_filling(price: RawPrice, *, costs: bool) -> bool:
    return not price.amount and (price.axis in FEES or (costs and price.axis in FILLED))


def _conditional(
    condition: RawCondition, base: Iterable[RawPrice], charged: Collection[Axis]
) -> RawCondition:
    """A condition without its filling.

    Where the model has a price of that axis, the 0 of a fee takes it away, and that of another axis
    makes it unknown; elsewhere both say nothing.
    """
    under_it = {price.axis: price.amount for price in (*base, *condition.prices)}
    costs = any(under_it.values())
    filling = [price for price in condition.prices if _is_filling(price, costs=costs)]
    if not filling:
        return condition
    dropped = {price.axis for price in filling if price.axis in FILLED or price.axis not in charged}
    unknown = [
        price.axis
        for price in filling
        if price.axis in FILLED & set(charged) and price.axis not in condition.unknown
    ]
    return replace(
        condition,
        prices=tuple(price for price in condition.prices if price.axis not in dropped),
        unknown=(*condition.unknown, *unknown),
    )
