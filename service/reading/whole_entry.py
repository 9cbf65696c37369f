"""Completes what an adapter read of an entry by what the whole entry says of its prices.

The rules are the same for every adapter: words about currency and unit, what the model is sold as,
keys that nothing read, and zeros.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from service.prices.price_list import RawCondition, RawModel
from service.prices.units import Axis, RawPrice
from service.prices.zeros import without_filling
from service.reading.currency_and_unit import require_dollars, require_units
from service.reading.entry_words import EntryWords
from service.reading.price_keys import may_cost, only_zeros
from service.reading.said_free import says_free
from service.reading.sold_as import Kinds, is_sold_by_token

# Their keys are often just "input" and "output"; those of audio and images say what they are for.
_OF_TEXT = frozenset(
    {
        Axis.INPUT,
        Axis.OUTPUT,
        Axis.CACHE_READ,
        Axis.CACHE_WRITE,
        Axis.CACHE_WRITE_1H,
        Axis.REASONING,
    }
)


def complete(
    model: RawModel,
    entries: Sequence[Mapping[str, object]],
    words: EntryWords,
    by_token: Kinds,
) -> RawModel:
    """The model with what its adapter did not read in ``extra``, and without prices that are none.

    ``entries`` are the model's own and, where one entry is several models, the one around it.
    InvalidEntry for another currency than USD, and for another unit than the declared one.
    """
    if model.prices or model.conditions or model.unknown:
        require_dollars(words.currencies)
    if not all([is_sold_by_token(entry, by_token) for entry in entries]):
        model = _without_prices_of_text(model)
    require_units(words.units, model)
    if words.unread:
        unread = words.extra()
        model = replace(
            model,
            extra={**unread, **model.extra},
            unknown_keys=model.unknown_keys | unread.keys(),
        )
    if model.extra and only_zeros(_all_prices(model)) and may_cost(model.extra):
        model = _without_zeros(model)
    model = without_filling(model)
    if says_free(model.model_id, model.name, entries[0]):
        model = replace(model, says_free=True)
    return model


def _without_prices_of_text(model: RawModel) -> RawModel:
    """Positive prices per token go to ``extra``, zeros to ``unknown``."""
    moved = [price for price in _all_prices(model) if price.axis in _OF_TEXT]
    if not moved:
        return model
    return replace(
        model,
        prices=_others(model.prices),
        conditions=tuple(
            each for condition in model.conditions if (each := _without_text(condition))
        ),
        extra={**model.extra, **{price.key: price.text for price in moved if price.amount}},
        unknown={**model.unknown, **{price.key: price.text for price in moved if not price.amount}},
    )


def _without_text(condition: RawCondition) -> RawCondition | None:
    prices = _others(condition.prices)
    unknown = tuple(axis for axis in condition.unknown if axis not in _OF_TEXT)
    return replace(condition, prices=prices, unknown=unknown) if prices or unknown else None


def _others(prices: tuple[RawPrice, ...]) -> tuple[RawPrice, ...]:
    return tuple(price for price in prices if price.axis not in _OF_TEXT)


def _without_zeros(model: RawModel) -> RawModel:
    """A model that costs something else: its zeros say nothing."""
    texts = {price.key: price.text for price in _all_prices(model)}
    return replace(model, prices=(), conditions=(), unknown={**model.unknown, **texts})


def _all_prices(model: RawModel) -> list[RawPrice]:
    return [*model.prices, *(p for each in model.conditions for p in each.prices)]
