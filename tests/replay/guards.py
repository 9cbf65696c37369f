"""What must be held: the rules of the guards, over price sets.

For each token axis that differs from the set accepted last (the base), ``before`` is the base's
number or, where that is none or zero, the last positive one of the model's history.

========== ========================================================================= =====
kind       when                                                                      class
========== ========================================================================= =====
zero       a positive number becomes 0                                               large
ratio      it moves by 10 times or more, up or down; by 100 times or more            large; unit
band       it is below $0.001 or above $1,000 per 1M, and not 0                      unit
catalogue  it is within 5 % of a power of ten, 100 or more (0.01 or less), times     unit
           the catalogue's number for the same model and axis
list       at least 5 models, and a third of the list, move by one same factor of 2  unit
           or more on some token axis
========== ========================================================================= =====

A condition is measured against the one with the same keys before; a new one against its own base,
where only a ratio of 100 counts; the band holds for both. One suspicious axis holds the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from tests.replay.book import Page, is_another
from tests.replay.published import CONDITION_KEYS, TOKEN_AXES, PriceSet

LARGE, UNIT = 10, 100
LOWEST_PER_1M, HIGHEST_PER_1M = Decimal("0.001"), 1000
TOKENS = 1_000_000
NEAR_A_POWER = Decimal("0.05")
SAME_FACTOR = Decimal("0.01")
LIST_MODELS, LIST_SHARE, LIST_FACTOR = 5, 3, 2
# A price with one of these kinds looks like another unit, whatever its ratio.
UNIT_KINDS = {"band", "catalogue", "list"}


@dataclass(frozen=True)
class Verdict:
    """Why a model's new price set is held; ``suspicions`` are (axis, kind).

    ``ratio`` is the largest factor by which a token price moves, up or down: 1 or more.
    """

    kind: str
    ratio: Decimal | None
    to_zero: bool
    suspicions: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class _Move:
    """One changed token price: ``old`` was accepted, ``before`` is what it is compared with."""

    axis: str
    old: Decimal | None
    before: Decimal | None
    now: Decimal
    # In a new condition, whose price may well be far from the base.
    is_new: bool = False

    @property
    def ratio(self) -> Decimal | None:
        if not self.before or not self.now:
            return None
        ratio = max(self.before / self.now, self.now / self.before)
        return None if self.is_new and ratio < UNIT else ratio


def judge(
    pages: Mapping[str, Page],
    published: Mapping[str, PriceSet],
    catalogue: Mapping[str, PriceSet],
) -> dict[str, Verdict]:
    """The suspicious models of a list, compared with the book before that list."""
    in_step = _moving_in_step(pages, published)
    verdicts = {}
    for model_id, prices in published.items():
        page = pages.get(model_id, Page())
        moves = [*_moves_of_base(page, prices), *_moves_of_conditions(page.prices, prices)]
        found = {
            *((move.axis, kind) for move in moves for kind in _kinds(move)),
            *((axis, "list") for axis in in_step.get(model_id, ())),
            *_near_a_power_of_ten(moves, catalogue.get(model_id, {})),
        }
        if found:
            ratios = [move.ratio for move in moves if move.ratio is not None]
            kinds = {kind for _, kind in found}
            is_unit = bool(kinds & UNIT_KINDS) or any(ratio >= UNIT for ratio in ratios)
            verdicts[model_id] = Verdict(
                kind="unit" if is_unit else "large",
                ratio=max(ratios, default=None),
                to_zero="zero" in kinds,
                suspicions=frozenset(found),
            )
    return verdicts


def _moves_of_base(page: Page, prices: PriceSet) -> Iterator[_Move]:
    for axis in _changed(page.prices, prices):
        old = page.prices.get(axis)
        yield _Move(axis, old, old or _last_positive(page, axis), prices[axis])


def _moves_of_conditions(before: PriceSet, prices: PriceSet) -> Iterator[_Move]:
    known = [(_keys(condition), condition) for condition in before.get("conditions", [])]
    for position, condition in enumerate(prices.get("conditions", [])):
        of_same_keys: list[PriceSet] = [old for keys, old in known if keys == _keys(condition)]
        matched = of_same_keys[0] if of_same_keys else {}
        for axis in _changed(matched, condition):
            name, old = f"conditions[{position}].{axis}", matched.get(axis)
            yield _Move(name, old, old or prices.get(axis), condition[axis], is_new=not old)


def _kinds(move: _Move) -> Iterator[str]:
    if move.now == 0:
        if move.old:
            yield "zero"
        return
    if move.ratio is not None and move.ratio >= LARGE:
        yield "ratio"
    if not LOWEST_PER_1M <= move.now * TOKENS <= HIGHEST_PER_1M:
        yield "band"


def _near_a_power_of_ten(moves: list[_Move], catalogue: PriceSet) -> Iterator[tuple[str, str]]:
    for move in moves:
        reference = catalogue.get(move.axis)
        if move.now and reference:
            quotient = move.now / reference
            power = round(quotient.log10())
            if abs(power) >= 2 and abs(quotient.scaleb(-power) - 1) <= NEAR_A_POWER:
                yield move.axis, "catalogue"


def _moving_in_step(
    pages: Mapping[str, Page], published: Mapping[str, PriceSet]
) -> dict[str, set[str]]:
    """The models that move by one same factor, with their axes; empty when too few do."""
    priced = [
        model_id
        for model_id, prices in published.items()
        if model_id in pages
        and _has_token_price(prices)
        and _has_token_price(pages[model_id].prices)
    ]
    factors = {
        (model_id, axis): published[model_id][axis] / pages[model_id].prices[axis]
        for model_id in priced
        for axis in TOKEN_AXES
        if pages[model_id].prices.get(axis) and published[model_id].get(axis)
    }
    factors = {place: f for place, f in factors.items() if f >= LIST_FACTOR or f * LIST_FACTOR <= 1}
    in_step: dict[str, set[str]] = {}
    for factor in set(factors.values()):
        same = [place for place, f in factors.items() if abs(f / factor - 1) <= SAME_FACTOR]
        models = {model_id for model_id, _ in same}
        if len(models) >= LIST_MODELS and len(models) * LIST_SHARE >= len(priced):
            for model_id, axis in same:
                in_step.setdefault(model_id, set()).add(axis)
    return in_step


def _changed(before: PriceSet, prices: PriceSet) -> list[str]:
    """The known token prices that changed."""
    return [
        axis for axis in TOKEN_AXES & prices.keys() if is_another(before.get(axis), prices[axis])
    ]


def _last_positive(page: Page, axis: str) -> Decimal | None:
    positive = (entry.prices[axis] for entry in reversed(page.history) if entry.prices.get(axis))
    return next(positive, None)


def _has_token_price(prices: PriceSet) -> bool:
    return any(prices.get(axis) for axis in TOKEN_AXES)


def _keys(condition: PriceSet) -> PriceSet:
    return {key: condition[key] for key in CONDITION_KEYS if key in condition}
