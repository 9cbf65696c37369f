"""What must be held: the rules of the guards, over price sets.

For each axis that differs from the set accepted last (the base), ``before`` is the base's number
or, where that is none or zero, the last positive one of the model's history. Without any, the price
is a first one.

============== ===================================================================== =====
kind           when                                                                  class
============== ===================================================================== =====
zero           a positive number, not of a fee, becomes 0, at once or after it was   large
               unknown: where id or name say that the model is free; otherwise, and  unit
               where a first price is 0 beside a positive one of the catalogue's
ratio          it moves by 10 times or more, up or down; by 100 times or more        large; unit
band           it is a token price below $0.001 or above $1,000 per 1M, and not 0    unit
catalogue      a first price is 10 times the catalogue's number or more, or a tenth  large
               or less; 100 times, or any price within 5 % of a power of ten (100 or unit
               more, 0.01 or less) times that number
list           at least 5 models, and 15 % of the list, move by one same factor      unit
catalogue_list at least 5 models, and 15 % of those with first prices that the       unit
               catalogue has, are one same factor of 2 or more beside it
moves          at least 10 models, and more than a third of the list, move: all      list
               changes of that list
fees_gone      at least 10 models, and half of those that had it, lose one fee       large
conditions_    at least 10 models, and half of those that had one, lose their        list
gone           conditions: all of them, or all with one key (and word, such as
               service_tier batch)
============== ===================================================================== =====

A condition is measured against the one with the same keys before; a new one against its own base,
where only a ratio of 100 and a fall to zero count; the band holds for both. An announcement is
measured like the base that it will replace. One suspicious axis holds the model.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from tests.replay.book import Page, is_another
from tests.replay.published import AXES, FEES, TOKEN_AXES, PriceSet

LARGE, UNIT = 10, 100
LOWEST_PER_1M, HIGHEST_PER_1M = Decimal("0.001"), 1000
TOKENS = 1_000_000
NEAR_A_POWER = Decimal("0.05")
SAME_FACTOR = Decimal("1.01")
ALIKE_MODELS, ALIKE_SHARE, ALIKE_FACTOR = 5, Decimal("0.15"), 2
MOVED_MODELS, MOVED_PART = 10, 3
GONE_MODELS, GONE_PART = 10, 2
ANNOUNCED = {"effective_from", "effective_until"}
# A price with one of these kinds looks like another unit, whatever its ratio.
UNIT_KINDS = {"band", "list", "catalogue_list"}
OF_A_LIST = {"moves", "conditions_gone"}
CLASSES = ("large", "list", "unit")


@dataclass(frozen=True)
class Verdict:
    """Why a model's new price set is held; ``suspicions`` are (axis, kind).

    ``ratio`` is the largest factor by which a price moves, up or down: 1 or more.
    """

    kind: str
    ratio: Decimal | None
    to_zero: bool
    suspicions: frozenset[tuple[str | None, str]]


@dataclass(frozen=True)
class Move:
    """One changed price: ``old`` was accepted, ``before`` is what it is compared with."""

    axis: str
    column: str
    old: Decimal | None
    before: Decimal | None
    now: Decimal
    # In a new condition, whose price may well be far from the base.
    is_new: bool = False
    catalogue: Decimal | None = None

    @property
    def is_first(self) -> bool:
        return self.before is None and self.axis == self.column

    @property
    def ratio(self) -> Decimal | None:
        if not self.before or not self.now:
            return None
        ratio = max(self.before / self.now, self.now / self.before)
        return None if self.is_new and ratio < UNIT else ratio


@dataclass
class Shares:
    """How many of how many, the most so far: what the bounds of whole lists are beside."""

    moved: tuple[int, int] = (0, 1)
    alike: tuple[int, int] = (0, 1)
    unpriced: tuple[int, int] = (0, 1)
    fee: tuple[int, int] = (0, 1)

    def note(self, name: str, some: int, of: int) -> None:
        now = getattr(self, name)
        if of > 0 and Decimal(some) / of > Decimal(now[0]) / now[1]:
            setattr(self, name, (some, of))

    def told(self, name: str) -> str:
        some, of = getattr(self, name)
        return f"{100 * some / of:.1f} % ({some} of {of})"


@dataclass
class Guards:
    """The rules, with the catalogue's numbers and what was measured."""

    catalogue: Mapping[str, PriceSet]
    shares: Shares = field(default_factory=Shares)

    def judge(
        self, pages: Mapping[str, Page], published: Mapping[str, PriceSet], free: set[str]
    ) -> dict[str, Verdict]:
        """The suspicious models of a list, compared with the book before that list."""
        moves = {
            model_id: _moves(pages.get(model_id, Page()), prices, self.catalogue.get(model_id, {}))
            for model_id, prices in published.items()
        }
        changed = [
            model_id
            for model_id, prices in published.items()
            if _is_changed(pages.get(model_id, Page()).prices, prices)
        ]
        listed = sum(
            _is_priced(prices) and _is_priced(pages.get(model_id, Page()).prices)
            for model_id, prices in published.items()
        )
        alike = self._alike(moves, listed)
        is_moving = self._is_moving(moves, listed)
        gone = self._fees_gone(pages, published), self._conditions_gone(pages, published)
        verdicts = {}
        for model_id in changed:
            found: set[tuple[str | None, str]] = {
                (move.axis, kind) for move in moves[model_id] for kind in _kinds(move)
            }
            if model_id not in free:
                found |= {(move.axis, "zero") for move in moves[model_id] if _is_free_beside(move)}
            found |= alike.get(model_id, set()).union(*(of.get(model_id, set()) for of in gone))
            if is_moving:
                found.add((None, "moves"))
            if found:
                verdicts[model_id] = _verdict(moves[model_id], found, is_free=model_id in free)
        return verdicts

    def lost_price(
        self, pages: Mapping[str, Page], published: Mapping[str, PriceSet]
    ) -> str | None:
        """An axis that is unknown now for half of the active models that had it: at least 10."""
        for axis in sorted(AXES - FEES):
            known = [
                model_id
                for model_id, prices in published.items()
                if model_id in pages
                and pages[model_id].is_active
                and pages[model_id].prices.get(axis)
            ]
            lost = [
                model_id
                for model_id in known
                if axis not in published[model_id]
                and not any(axis in c for c in published[model_id].get("conditions", []))
            ]
            if len(lost) >= GONE_MODELS:
                self.shares.note("unpriced", len(lost), len(known))
                if len(lost) * GONE_PART >= len(known):
                    return axis
        return None

    def _is_moving(self, moves: Mapping[str, list[Move]], listed: int) -> bool:
        moved = sum(any(_is_counted(move) for move in of_model) for of_model in moves.values())
        self.shares.note("moved", moved, listed)
        return moved >= MOVED_MODELS and moved * MOVED_PART > listed

    def _alike(
        self, moves: Mapping[str, list[Move]], listed: int
    ) -> dict[str, set[tuple[str | None, str]]]:
        """The models that move by one same factor, with their axes; empty when too few do."""
        known = {
            (model_id, move.axis): move.now / move.old
            for model_id, of_model in moves.items()
            for move in of_model
            if _is_counted(move) and move.old
        }
        first = {
            (model_id, move.axis): move.now / move.catalogue
            for model_id, of_model in moves.items()
            for move in of_model
            if move.is_first and move.now and move.catalogue
        }
        beginning = len({model_id for model_id, _ in first})
        first = {p: f for p, f in first.items() if f >= ALIKE_FACTOR or f * ALIKE_FACTOR <= 1}
        self.shares.note("alike", _most_alike(known), listed)
        found: dict[str, set[tuple[str | None, str]]] = {}
        for kind, factors, of in (("list", known, listed), ("catalogue_list", first, beginning)):
            for model_id, axis in _in_step(factors, of):
                found.setdefault(model_id, set()).add((axis, kind))
        return found

    def _fees_gone(
        self, pages: Mapping[str, Page], published: Mapping[str, PriceSet]
    ) -> dict[str, set[tuple[str | None, str]]]:
        found: dict[str, set[tuple[str | None, str]]] = {}
        for fee in FEES:
            known = {m for m, page in pages.items() if page.prices.get(fee)}
            lost = {m for m in known & published.keys() if not published[m].get(fee)}
            active = [m for m in known if pages[m].is_active or m in published]
            if len(lost) >= GONE_MODELS:
                self.shares.note("fee", len(lost), len(active))
                if len(lost) * GONE_PART >= len(active):
                    for model_id in lost:
                        found.setdefault(model_id, set()).add((fee, "fees_gone"))
        return found

    def _conditions_gone(
        self, pages: Mapping[str, Page], published: Mapping[str, PriceSet]
    ) -> dict[str, set[tuple[str | None, str]]]:
        had = {m: _words(page.prices) for m, page in pages.items()}
        found: dict[str, set[tuple[str | None, str]]] = {}
        for word in set().union(*had.values()):
            known = {m for m, words in had.items() if word in words}
            lost = {m for m in known & published.keys() if word not in _words(published[m])}
            active = [m for m in known if pages[m].is_active or m in published]
            if len(lost) >= GONE_MODELS and len(lost) * GONE_PART >= len(active):
                for model_id in lost:
                    found.setdefault(model_id, set()).add((None, "conditions_gone"))
        return found


def free_models(body: bytes) -> set[str]:
    """The models whose id or name say that they are free."""
    return {
        model["id"]
        for model in json.loads(body)["data"]
        if model["id"].endswith(":free")
        or re.search(r"\bfree\b", model.get("name") or "", re.IGNORECASE)
    }


def _moves(page: Page, prices: PriceSet, catalogue: PriceSet) -> list[Move]:
    return [*_moves_of_base(page, prices, catalogue), *_moves_of_conditions(page.prices, prices)]


def _moves_of_base(page: Page, prices: PriceSet, catalogue: PriceSet) -> Iterator[Move]:
    for axis in _changed(page.prices, prices):
        old = page.prices.get(axis)
        reference = catalogue.get(axis) or None
        earlier = _last_positive(page, axis) if prices[axis] else _last_known(page, axis)
        yield Move(axis, axis, old, old or earlier, prices[axis], catalogue=reference)


def _moves_of_conditions(before: PriceSet, prices: PriceSet) -> Iterator[Move]:
    known = [(_keys(condition), condition) for condition in before.get("conditions", [])]
    for position, condition in enumerate(prices.get("conditions", [])):
        keys = _keys(condition)
        of_same_keys: list[PriceSet] = [old for others, old in known if others == keys]
        matched = of_same_keys[0] if of_same_keys else {}
        for axis in _changed(matched, condition):
            name, old = f"conditions[{position}].{axis}", matched.get(axis)
            base = before.get(axis) or prices.get(axis) or None
            if keys.keys() <= ANNOUNCED:
                yield Move(name, axis, base if old is None else old, base or old, condition[axis])
            else:
                new = prices.get(axis) or before.get(axis) or None
                yield Move(name, axis, old, old or new, condition[axis], is_new=not old)


def _kinds(move: Move) -> Iterator[str]:
    if move.now == 0:
        is_fall = move.old or (move.before and (move.is_new or move.old is None))
        if move.column not in FEES and is_fall:
            yield "zero"
        return
    if move.ratio is not None and move.ratio >= LARGE:
        yield "ratio"
    if move.column in TOKEN_AXES and not LOWEST_PER_1M <= move.now * TOKENS <= HIGHEST_PER_1M:
        yield "band"
    if move.catalogue:
        quotient = move.now / move.catalogue
        is_far = move.is_first and max(quotient, 1 / quotient) >= LARGE
        if is_far or _is_near_a_power_of_ten(quotient):
            yield "catalogue"


def _is_free_beside(move: Move) -> bool:
    """A first price of 0 beside a positive one of the catalogue's."""
    is_zero = move.now == 0 and move.old is None and move.before is None
    return is_zero and bool(move.catalogue) and move.column not in FEES


def _is_near_a_power_of_ten(quotient: Decimal) -> bool:
    power = round(quotient.log10())
    return abs(power) >= 2 and abs(quotient.scaleb(-power) - 1) <= NEAR_A_POWER


def _verdict(moves: list[Move], found: set[tuple[str | None, str]], *, is_free: bool) -> Verdict:
    ratios = [move.ratio for move in moves if move.ratio is not None]
    far = [
        max(move.now / move.catalogue, move.catalogue / move.now)
        for move in moves
        if (move.axis, "catalogue") in found and move.catalogue
    ]
    kinds = {kind for _, kind in found}
    is_unit = (
        bool(kinds & UNIT_KINDS)
        or ("zero" in kinds and not is_free)
        or any(ratio >= UNIT for ratio in ratios)
        or any(times >= UNIT or _is_near_a_power_of_ten(times) for times in far)
    )
    return Verdict(
        kind="unit" if is_unit else "list" if kinds & OF_A_LIST else "large",
        ratio=max(ratios, default=None),
        to_zero=bool(kinds & {"zero", "fees_gone"}),
        suspicions=frozenset(found),
    )


def _in_step(factors: Mapping[tuple[str, str], Decimal], of: int) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for lowest in set(factors.values()):
        same = {p for p, f in factors.items() if lowest <= f <= lowest * SAME_FACTOR}
        models = {model_id for model_id, _ in same}
        if len(models) >= ALIKE_MODELS and len(models) >= of * ALIKE_SHARE:
            found |= same
    return found


def _most_alike(factors: Mapping[tuple[str, str], Decimal]) -> int:
    """The largest number of models with one same factor."""
    return max(
        (
            len({m for (m, _), f in factors.items() if lowest <= f <= lowest * SAME_FACTOR})
            for lowest, _ in Counter(factors.values()).most_common()
        ),
        default=0,
    )


def _is_counted(move: Move) -> bool:
    return bool(move.old and move.now) and not move.is_new


def _is_changed(before: PriceSet, prices: PriceSet) -> bool:
    return before.get("conditions", []) != prices.get("conditions", []) or any(
        is_another(before.get(axis), prices.get(axis)) for axis in AXES
    )


def _changed(before: PriceSet, prices: PriceSet) -> list[str]:
    """The known prices that changed; a fee of 0 is no fee."""
    return [
        axis
        for axis in AXES & prices.keys()
        if prices[axis] is not None
        and is_another(
            before.get(axis) or (Decimal(0) if axis in FEES else before.get(axis)), prices[axis]
        )
    ]


def _last_positive(page: Page, axis: str) -> Decimal | None:
    positive = (entry.prices[axis] for entry in reversed(page.history) if entry.prices.get(axis))
    return next(positive, None)


def _last_known(page: Page, axis: str) -> Decimal | None:
    known = (entry.prices[axis] for entry in reversed(page.history) if axis in entry.prices)
    return next(known, None)


def _is_priced(prices: PriceSet) -> bool:
    return bool(prices.get("conditions")) or any(prices.get(axis) for axis in AXES)


def _words(prices: PriceSet) -> set[tuple[str, str]]:
    words = {
        (key, value if isinstance(value, str) else "")
        for condition in prices.get("conditions", [])
        for key, value in _keys(condition).items()
        if key not in ANNOUNCED
    }
    return {*words, ("", "")} if words else words


def _keys(condition: PriceSet) -> PriceSet:
    return {key: value for key, value in condition.items() if key not in AXES}
