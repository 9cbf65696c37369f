"""Decides by the words in its name what a key of a list may say: a price, a currency, a unit.

Providers invent names (``tieredPricing``, ``costs``, ``tiered_billing_configs``); the words in them
are few. camelCase and snake_case are split alike.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+[A-Za-z]*")


class KeySays(Enum):
    """What a key may say, by its name."""

    NOTHING = auto()
    PRICE = auto()
    # A price only if the value is an object or array with numbers: ``tiers``.
    MAYBE_PRICE = auto()
    # A price only if the value is a number with a fraction, or an amount of money: ``output``.
    MAYBE_AMOUNT = auto()
    CURRENCY = auto()
    UNIT = auto()
    # A sentence for people.
    TEXT = auto()


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PRICE_WORDS = _words(
    "price prices priced pricing pricings cost costs costing fee fees rates tariff tariffs billing"
    " billed bill bills billable charge charges charged surcharge surcharges discount discounts"
    " discounted rebate rebates promo promotion promotions markup multiplier multipliers credit"
    " credits usd dollar dollars cent cents eur euro euros cny rmb yuan gbp jpy mtok ktok"
    " ratecard payg overage overages uplift expense expenses msrp"
)
# Also inside of a word that is not split: "inputcost".
_PRICE_STEMS = ("pric", "cost", "billing", "tariff", "价", "费", "料金", "가격")
_CURRENCIES = _words("currencies ccy denomination denominated")
_RATE_OF_ELSE = _words(
    "sample sampling frame bit refresh error success hit learning dropout limit limits win"
    " throughput request requests max min"
)
_LIMITS = _words("limit limits max min maximum minimum")
_COUNTED = _words(
    "token tokens tok 1k 1m 1000 1000000 k m thousand million image images character characters"
    " char chars page pages search searches request requests call calls mtok ktok minute hour"
    " second song"
)
_CHARGED = _words(
    "input output prompt completion cache cached read write audio image video text token in out"
)
_TOKENS = _CHARGED | _words("tokens reasoning thinking hit miss long short peak batch")
_TOKEN = _words("input output prompt completion cache cached token tokens")
_CARDS = _words("card cards sheet table plan")
_OF_UNIT = _words(
    "unit units per price prices pricing priced billing billed bill charge charged cost rate token"
    " tokens type name size of measure base quantity count"
)
_OF_A_UNIT = _words("type name size measure tokens count quantity")
_MAYBE = _words("tier tiers amount amounts peak offpeak")
_TEXTS = _words("description free_text freetext")
_ADDRESSES = _words("url uri link href")


def words_of(key: str) -> tuple[str, ...]:
    """The words of a key in lower case: ``inputCostPerToken`` has input, cost, per, token."""
    return tuple(word.lower() for word in _WORD.findall(key))


@lru_cache(maxsize=8192)
def key_says(key: str) -> KeySays:
    """What the key may say, by its name alone."""
    words = words_of(key[:200])
    known = set(words)
    if known & _CURRENCIES or "currency" in key.lower().replace("concurrency", ""):
        return KeySays.CURRENCY
    if _names_a_unit(words):
        return KeySays.UNIT
    if key.lower() in _TEXTS:
        return KeySays.TEXT
    if words and words[-1] in _ADDRESSES:
        return KeySays.NOTHING
    if (
        known & _PRICE_WORDS
        or any(stem in key.lower() for stem in _PRICE_STEMS)
        or _is_rate(words)
        or _is_per_unit(words)
    ):
        return KeySays.PRICE
    if known & _MAYBE and not known & _LIMITS and "rate" not in known:
        return KeySays.MAYBE_PRICE
    if known & _TOKEN and known <= _TOKENS:
        return KeySays.MAYBE_AMOUNT
    return KeySays.NOTHING


def is_unit_of_price(key: str) -> bool:
    """``price_unit``, ``billed_per``; not ``unit``, which may be of anything."""
    return not _PRICE_WORDS.isdisjoint(words_of(key))


def _names_a_unit(words: tuple[str, ...]) -> bool:
    """``unit``, ``price_unit``, ``unit_type``, ``per``, ``billed_per``; not ``unit_price``."""
    if not words or not set(words) <= _OF_UNIT:
        return False
    if words[-1] in {"unit", "units", "per"}:
        return True
    return words[0] in {"unit", "units"} and words[-1] in _OF_A_UNIT


def _is_rate(words: tuple[str, ...]) -> bool:
    """``rate``, ``input_rate``, ``rate_card``; not ``rate_limit``, ``sample_rate``."""
    if "rate" not in words or set(words) & _RATE_OF_ELSE:
        return False
    return words[-1] == "rate" or "per" in words or set(words) <= {"rate", *_CHARGED, *_CARDS}


def _is_per_unit(words: tuple[str, ...]) -> bool:
    """``input_per_1m``, ``per_image``; not ``tokens_per_minute``, ``images_per_request``."""
    if "per" not in words or set(words) & _LIMITS:
        return False
    at = words.index("per")
    return set(words[:at]) <= _CHARGED and bool(_COUNTED & set(words[at + 1 : at + 2]))
