"""Reads the bounds of the tiers of an entry, prices of which each is for some requests only, and
completes the tiers.

What a tier prices and the adapter did not read must not be billed at the base price.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import replace

from service.prices.price_list import RawCondition
from service.prices.units import Axis
from service.reading.price_keys import agreed
from service.reading.wire import InvalidEntry, read_whole_number

_LONGEST_PROMPT = 10**12


def read_prompt_tokens(value: object, key: str) -> int:
    """A number of tokens of a prompt; InvalidEntry names ``key`` for other values."""
    try:
        return read_whole_number(value, largest=_LONGEST_PROMPT)
    except InvalidEntry as invalid:
        raise InvalidEntry(f"{key}: {invalid}") from None


def without_base(tier: RawCondition, axes: Iterable[Axis]) -> RawCondition:
    """The tier with those of the axes that it does not price as unknown."""
    named = {*(price.axis for price in tier.prices), *tier.unknown}
    missing = tuple(axis for axis in dict.fromkeys(axes) if axis not in named)
    return replace(tier, unknown=(*tier.unknown, *missing))


def without_repeats(tiers: Collection[RawCondition]) -> list[RawCondition]:
    """One tier for the same requests, in the order of the first; InvalidEntry if prices differ."""
    first: dict[str, RawCondition] = {}
    for tier in tiers:
        same = json.dumps([tier.min_prompt_tokens or 0, tier.when], sort_keys=True)
        known = first.get(same)
        if known is not None:
            tier = replace(
                known,
                prices=agreed([*known.prices, *tier.prices]),
                unknown=tuple(dict.fromkeys([*known.unknown, *tier.unknown])),
            )
        first[same] = tier
    return list(first.values())
