"""Reads words about currency and unit: prices in anything but the declared ones are refused.

An exchange rate would be wrong tomorrow, and a price per 1K tokens that is read as one per token is
wrong by a thousand.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from service.prices.price_list import RawModel
from service.prices.units import Dimension, RawPrice, Unit
from service.reading.key_words import KeySays, key_says
from service.reading.wire import InvalidEntry, Number, leaves_of, shown

_DOLLARS = frozenset(
    {"usd", "us$", "$", "us dollar", "us dollars", "u.s. dollar", "u.s. dollars", "us-dollar"}
)
# By name or sign; a list of all would take ids of regions and languages for some.
_OTHER_CURRENCIES = frozenset(
    {
        *("cny", "rmb", "yuan", "eur", "euro", "euros", "gbp", "jpy", "yen", "chf", "krw", "inr"),
        *("rub", "aud", "cad", "sgd", "hkd", "twd", "brl", "¥", "€", "£", "₹", "₩", "元", "cn¥"),
    }
)
_MONEY = re.compile(
    r"[$€£¥₹₩] ?[0-9]|[0-9] ?(?:(?:usd|eur|cny|rmb|gbp|jpy|inr|krw)(?![a-z])|[$€£¥₹₩元])"
    r"|^[0-9]{1,20}(?:\.[0-9]{1,20})? ?(?:/|per) ?[0-9]{0,9} ?(?:[km]|tok|mtok)",
    re.IGNORECASE,
)
_OF_AUDIO_OR_VIDEO = frozenset({Dimension.AUDIO_SECOND, Dimension.VIDEO_SECOND})
_WORD = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[kKmM](?![a-z]))?|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\$")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Left out where they stand for "US dollars", "per", or what is counted.
_SILENT = _words(
    "usd us dollar dollars $ per a an each for one of price unit units input output prompt"
    " completion text generated"
)
_COUNTS = {
    **{"k": 1_000, "thousand": 1_000, "ktok": 1_000},
    **{"m": 1_000_000, "mm": 1_000_000, "mn": 1_000_000, "mio": 1_000_000},
    **{"million": 1_000_000, "millions": 1_000_000, "mtok": 1_000_000, "mtokens": 1_000_000},
}
_SIZES: Mapping[str, tuple[frozenset[Dimension], int]] = {
    **dict.fromkeys(
        ("token", "tokens", "tok", "toks", "mtok", "mtokens", "ktok"),
        (frozenset({Dimension.TOKEN}), 1),
    ),
    **dict.fromkeys(
        ("character", "characters", "char", "chars"), (frozenset({Dimension.CHARACTER}), 1)
    ),
    **dict.fromkeys(("image", "images", "picture", "pictures"), (frozenset({Dimension.IMAGE}), 1)),
    **dict.fromkeys(("request", "requests", "call", "calls"), (frozenset({Dimension.REQUEST}), 1)),
    **dict.fromkeys(("search", "searches"), (frozenset({Dimension.SEARCH}), 1)),
    **dict.fromkeys(("page", "pages"), (frozenset({Dimension.PAGE}), 1)),
    **dict.fromkeys(("second", "seconds", "sec", "secs", "s"), (_OF_AUDIO_OR_VIDEO, 1)),
    **dict.fromkeys(("minute", "minutes", "min", "mins"), (_OF_AUDIO_OR_VIDEO, 60)),
    **dict.fromkeys(("hour", "hours", "hr", "hrs", "h"), (_OF_AUDIO_OR_VIDEO, 3_600)),
}
# How many tokens, seconds and so on a price in each unit is for.
_PER: Mapping[Unit, int] = {
    Unit.USD_PER_1K_TOKENS: 1_000,
    Unit.USD_PER_1M_TOKENS: 1_000_000,
    Unit.TEN_THOUSANDTHS_USD_PER_1M_TOKENS: 1_000_000,
    Unit.USD_PER_1K_REQUESTS: 1_000,
    Unit.USD_PER_1K_SEARCHES: 1_000,
    Unit.USD_PER_1M_CHARACTERS: 1_000_000,
    Unit.USD_PER_AUDIO_HOUR: 3_600,
    Unit.USD_PER_1K_PAGES: 1_000,
}


@dataclass(frozen=True, slots=True)
class Size:
    """What a price is for: ``count`` units of one of the dimensions.

    Without dimensions, of any; without a count, any number.
    """

    dimensions: frozenset[Dimension]
    count: int | None

    def is_that_of(self, unit: Unit) -> bool:
        """Whether a price in ``unit`` is for this size."""
        return (not self.dimensions or unit.dimension in self.dimensions) and (
            self.count is None or self.count == _PER.get(unit, 1)
        )


def require_dollars(said: Iterable[tuple[str, object]]) -> None:
    """InvalidEntry names the path of a value that is another currency than the US dollar."""
    for path, value in said:
        # One may pay in several currencies; the prices are in the one that is read.
        if isinstance(value, list) and path.lower().endswith("currencies"):
            is_dollars = any(map(_is_dollars, value))
        else:
            is_dollars = _is_dollars(value)
        if not is_dollars:
            raise InvalidEntry(f"{path} is {shown(value)}, and only USD is read")


def require_units(said: Collection[tuple[str, object]], model: RawModel) -> None:
    """InvalidEntry names the path of a unit that is not that of the model's prices, as declared."""
    if not said:
        return
    published = [*model.prices, *(p for each in model.conditions for p in each.prices)]
    if not published:
        return
    for path, value in said:
        if _is_dollars(value):
            continue
        size = read_size(value)
        if size is None:
            raise InvalidEntry(f"{path} is {shown(value)}, a unit that is not understood")
        key = path.rpartition(".")[2]
        if size.count == 1 and (key_says(key) is not KeySays.UNIT or key.lower().endswith("type")):
            # ``unit_type`` and ``billed_by`` say what is counted, not how many.
            size = replace(size, count=None)
        if not _agrees(size, published):
            units = ", ".join(sorted({price.unit.label for price in published}))
            raise InvalidEntry(f"{path} is {shown(value)}, and its prices are read as {units}")


def names_currency(value: object) -> bool:
    """Whether a text is nothing but the name of a currency."""
    name = " ".join(value.lower().split()) if isinstance(value, str) else ""
    return name in _DOLLARS or name in _OTHER_CURRENCIES


def is_amount_of_money(text: str) -> bool:
    """Whether a text names one: ``$3``, ``3 USD per 1M``, ``0.5/1M``, ``above 128k: $2``."""
    return _MONEY.search(text[:1000].strip()) is not None


def names_size(value: object) -> bool:
    """Whether a text is nothing but what a price is for: ``per_1k_tokens``, ``characters``.

    A time alone may be something else, such as when prices change.
    """
    size = read_size(value) if isinstance(value, str) else None
    if size is None:
        return False
    says_per = isinstance(value, str) and value.lower().startswith("per")
    return says_per or bool(size.dimensions - _OF_AUDIO_OR_VIDEO)


def read_size(value: object) -> Size | None:
    """What a word says that a price is for: ``per_1k_tokens``, ``1M tokens``, ``token``, 1000000.

    None if it is not understood.
    """
    if isinstance(value, Number):
        value = value.text
    if not isinstance(value, str) or len(value) > 60:
        return None
    text = re.sub(r"(?<=[0-9])[,_ ](?=[0-9]{3}(?![0-9]))", "", value)
    count, dimensions, seconds = 1, frozenset[Dimension](), 1
    says_a_size = False
    for word in _WORD.findall(text):
        known = word.lower()
        number = _number(known)
        if known in _SIZES and not dimensions:
            dimensions, seconds = _SIZES[known]
            count *= _COUNTS.get(known, 1)
            says_a_size = True
        elif number is not None:
            count *= number
            says_a_size = True
        elif known in {"audio", "video"} and (not dimensions or dimensions == _OF_AUDIO_OR_VIDEO):
            continue
        elif known not in _SILENT:
            return None
    if re.sub(r"[\s/_.$-]", "", _WORD.sub("", text)):
        return None
    return Size(dimensions, count * seconds) if says_a_size else None


def _number(word: str) -> int | None:
    if word in _COUNTS:
        return _COUNTS[word]
    digits, unit = (word[:-1], word[-1]) if word[-1:] in {"k", "m"} else (word, "")
    return int(digits) * _COUNTS.get(unit, 1) if digits.isdecimal() and len(digits) <= 9 else None


def _agrees(size: Size, published: Collection[RawPrice]) -> bool:
    """Whether prices of tokens, or without any those of the size's dimension, are for the size."""
    tokens = [price for price in published if price.axis.dimension is Dimension.TOKEN]
    return any(size.is_that_of(price.unit) for price in tokens or published)


def _is_dollars(value: object) -> bool:
    return all(
        isinstance(each, str) and " ".join(each.lower().split()) in {*_DOLLARS, ""}
        for each in leaves_of(value)
    )
