"""Finds what an entry says about prices beside the keys that its adapter reads.

One place for all adapters: the words in the names of keys decide, at every level. So a price that
a provider publishes under a new name is kept and reported, and never silently left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import lru_cache
from typing import TypeAlias

from pydantic import JsonValue

from service.reading.currency_and_unit import is_amount_of_money, names_currency, names_size
from service.reading.key_words import KeySays, is_unit_of_price, key_says, words_of
from service.reading.known_keys import NONE_KNOWN, KnownKeys
from service.reading.wire import (
    InvalidEntry,
    Number,
    RepeatedKeys,
    leaves_of,
    printable,
    shown,
    verbatim,
)

_SCALARS = frozenset({str, Number, bool, type(None)})
_NESTED = frozenset({dict, list, RepeatedKeys})
# Of a shape with more keys, or a longer one, nothing is kept: its keys may be ids without end.
_MOST_KEYS, _LONGEST_KEY = 64, 64
_MOST_SHAPES = 2048


class _In(Enum):
    """Where the walk is: it decides which words count."""

    # Around the models: a currency counts at every level.
    ANSWER = auto()
    # The entry, and what is on the way to its prices.
    ENTRY = auto()
    # An object that the adapter does not know and that is not called a price: of units only those
    # of prices count.
    ELSEWHERE = auto()
    # Every key that the adapter does not know is unread.
    PRICES = auto()
    # Below an unread key: it is kept as a whole, and only its currency counts.
    UNREAD = auto()

    __hash__ = object.__hash__


# A key and the path before it.
_Path: TypeAlias = "tuple[str, _Path | None]"
# A value with what is known there, its path, and where it is.
_Step: TypeAlias = tuple[object, KnownKeys | None, _Path, _In]
_NUMBER = re.compile(r"[0-9]{1,60}(?:\.[0-9]{1,60})?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
# A key to look at, what it says, and where it is; or None for what it says, and what is known below
# it: then only that is looked at.
_Look: TypeAlias = tuple[str, KeySays | None, _In, KnownKeys | None]
# What is known of an object, where it is, its keys, and the types of their values.
_Shape: TypeAlias = tuple[KnownKeys | None, _In, tuple[str, ...], tuple[type, ...]]
_looks_of: dict[_Shape, tuple[_Look, ...]] = {}
_WITH_UNITS = {_In.ANSWER, _In.ENTRY, _In.PRICES}


@dataclass(slots=True)
class EntryWords:
    """What was found: each value with its dotted path; ``[]`` stands for any place in a list."""

    unread: dict[str, list[JsonValue]] = field(default_factory=dict)
    currencies: list[tuple[str, object]] = field(default_factory=list)
    units: list[tuple[str, object]] = field(default_factory=list)

    def add(self, others: EntryWords) -> None:
        """Add what was found elsewhere."""
        for path, values in others.unread.items():
            self.unread.setdefault(path, []).extend(values)
        self.currencies.extend(others.currencies)
        self.units.extend(others.units)

    def extra(self) -> dict[str, JsonValue]:
        """The unread values by path, verbatim; a list of them where a path occurs several times."""
        return {path: each[0] if len(each) == 1 else each for path, each in self.unread.items()}


def words_of_entry(entry: Mapping[str, object], known: KnownKeys) -> EntryWords:
    """What an entry says; InvalidEntry for an unread key with two values, or nested too deep."""
    return _walk(entry, known, _In.ENTRY)


def words_of_answer(answer: Mapping[str, object], at: tuple[str, ...]) -> EntryWords:
    """What is said around the list, which is at the path ``at``."""
    return _walk(answer, _around(at), _In.ANSWER)


@lru_cache
def _around(at: tuple[str, ...]) -> KnownKeys:
    return KnownKeys.of(".".join(at)) if at else NONE_KNOWN


def says_nothing(key: str, value: object) -> bool:
    """Whether it is empty, down to the last level, or denies that there is something: false."""
    if value is False:
        return words_of(key)[:1] in {("is",), ("has",), ("supports",)}
    if isinstance(value, str):
        return not value.strip()
    return next(leaves_of(value), None) is None


def _walk(entry: Mapping[str, object], known: KnownKeys, place: _In) -> EntryWords:
    found = EntryWords()
    # A stack, because an entry may be nested deeper than Python recurses.
    todo: list[_Step] = [(entry, known, ("", None), place)]
    while todo:
        value, known_here, path, where = todo.pop()
        if type(value) is list:
            if not _SCALARS.issuperset(map(type, value)):
                # Reversed, because the stack turns the order round.
                inner = [each for each in value[::-1] if type(each) not in _SCALARS]
                todo.extend((each, known_here, ("[]", path), where) for each in inner)
            continue
        if type(value) is RepeatedKeys:
            _refuse_repeated_prices(value, path, where)
            value = value.values
        if not isinstance(value, dict):
            continue
        shape = (known_here, where, tuple(value), tuple(map(type, value.values())))
        looks = _looks_of.get(shape)
        for key, says, within, below in _looks_at(shape) if looks is None else looks:
            if says is None:
                todo.append((value[key], below, (key, path), within))
            else:
                _note(found, todo, (key, value[key], (key, path), within, says))
    return found


def _looks_at(shape: _Shape) -> tuple[_Look, ...]:
    """The keys of an object of this shape that may say something, or have something below.

    Nearly every object has the keys of another one before it, and nearly every key of an entry is
    a name or a number that is about something else.
    """
    known, where, keys, kinds = shape
    within = where if where is _In.ANSWER or where is _In.UNREAD else _In.ELSEWHERE
    looks: list[_Look] = []
    for key, kind in zip(keys, kinds, strict=True):
        below = None if known is None else known.get(key)
        if below is not None and not below.below:
            continue
        says = key_says(key)
        if below is not None and kind in _NESTED:
            is_price = where is _In.PRICES or says is KeySays.PRICE
            looks.append((key, None, _In.PRICES if is_price else where, below))
        elif below is None and says is KeySays.NOTHING and where is not _In.PRICES:
            if kind not in _SCALARS:
                looks.append((key, None, within, None))
        elif kind is not type(None) and not (below is None and says is KeySays.TEXT):
            looks.append((key, says, where, None))
    found = tuple(looks)
    if len(keys) <= _MOST_KEYS and max(map(len, keys), default=0) <= _LONGEST_KEY:
        if len(_looks_of) >= _MOST_SHAPES:
            _looks_of.clear()
        _looks_of[shape] = found
    return found


def _note(
    found: EntryWords,
    todo: list[_Step],
    at: tuple[str, object, _Path, _In, KeySays],
) -> None:
    """Note a key that says something, or go on below it."""
    key, value, path, where, says = at
    if says_nothing(key, value) or says is KeySays.TEXT:
        return
    elif says is KeySays.CURRENCY:
        found.currencies.append((_shown(path), value))
    elif says is KeySays.UNIT:
        if where in _WITH_UNITS or (where is _In.ELSEWHERE and is_unit_of_price(key)):
            found.units.append((_shown(path), value))
    elif where is _In.UNREAD:
        if _is_nested(value):
            todo.append((value, None, path, where))
    elif (where is _In.PRICES or says is KeySays.PRICE) and names_currency(value):
        found.currencies.append((_shown(path), value))
    elif (where is _In.PRICES or says is KeySays.PRICE) and names_size(value):
        found.units.append((_shown(path), value))
    elif where is _In.ANSWER:
        if _is_nested(value):
            todo.append((value, None, path, where))
    elif where is _In.PRICES or says is KeySays.PRICE or _is_price(says, value):
        found.unread.setdefault(_shown(path), []).append(verbatim(value))
        if _is_nested(value):
            todo.append((value, None, path, _In.UNREAD))
    elif _is_nested(value):
        todo.append((value, None, path, _In.ELSEWHERE))


def _is_nested(value: object) -> bool:
    return isinstance(value, dict | list | RepeatedKeys) and bool(value)


def _is_price(says: KeySays, value: object) -> bool:
    """Whether the value of a key that may say a price is one."""
    if says is KeySays.MAYBE_AMOUNT:
        return _is_fraction(value)
    # Not a scalar, such as the name of a tier.
    return _is_nested(value) and any(map(_is_amount, leaves_of(value)))


def _is_amount(leaf: object) -> bool:
    return isinstance(leaf, Number) or (
        isinstance(leaf, str) and (_NUMBER.fullmatch(leaf) is not None or is_amount_of_money(leaf))
    )


def _is_fraction(leaf: object) -> bool:
    """Prices of tokens are fractions, and numbers of tokens are not."""
    text = leaf.text if isinstance(leaf, Number) else leaf
    if not isinstance(text, str):
        return False
    return (_NUMBER.fullmatch(text) is not None and not text.isdecimal()) or is_amount_of_money(
        text
    )


def _refuse_repeated_prices(value: RepeatedKeys, path: _Path, where: _In) -> None:
    says = {key_says(key) for key in value.keys} - {KeySays.NOTHING, KeySays.TEXT}
    if where is _In.PRICES or says:
        named = _shown(path) or "the entry"
        raise InvalidEntry(f"{named} gives {', '.join(map(shown, value.keys))} twice")


def _shown(path: _Path) -> str:
    keys: list[str] = []
    at: _Path | None = path
    while at is not None:
        keys.append(at[0])
        at = at[1]
    return printable(".".join(reversed(keys)).replace(".[]", "[]").removeprefix("."))
