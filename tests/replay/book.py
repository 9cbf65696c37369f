"""The book: what the tables must hold after each list, when every change is accepted.

- two price sets differ where a number differs by more than 1e-12 of the larger, where one is
  known and the other is not, or in their conditions; a fee of 0 is no fee;
- a model's first known prices, and each change after them, is one row of its history;
- a model that is missing from three complete lists in a row is inactive, and active again, the
  same row, when it comes back;
- a list in which half of the active models or more are missing is refused, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from tests.replay.published import AXES, PriceSet

NOISE = Decimal("1e-12")
INACTIVE_AFTER = 3


@dataclass(frozen=True)
class Entry:
    """One row of a model's history: the day, the price set, and the one before."""

    day: str
    prices: PriceSet
    previous_input: Decimal | None
    previous_output: Decimal | None


@dataclass
class Page:
    """The entries of one model."""

    prices: PriceSet = field(default_factory=dict)
    history: list[Entry] = field(default_factory=list)
    missing: int = 0
    is_active: bool = True


@dataclass
class Book:
    """Every model that was ever listed, and the days whose list was refused."""

    pages: dict[str, Page] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def enter(self, day: str, published: Mapping[str, PriceSet]) -> None:
        """Take one complete list into the book."""
        active = {model_id for model_id, page in self.pages.items() if page.is_active}
        if active and 2 * len(active & published.keys()) <= len(active):
            self.refused.append(day)
            return
        for model_id in active - published.keys():
            page = self.pages[model_id]
            page.missing += 1
            page.is_active = page.missing < INACTIVE_AFTER
        passing = self.let_through(day, published)
        for model_id in published:
            page = self.pages.setdefault(model_id, Page())
            page.missing, page.is_active = 0, True
            if model_id in passing and differ(page.prices, passing[model_id]):
                page.history.append(_entry(day, page.prices, passing[model_id]))
                page.prices = passing[model_id]

    def let_through(self, day: str, published: Mapping[str, PriceSet]) -> Mapping[str, PriceSet]:
        """The models whose price set may be written if it differs: here all."""
        return published

    def changes_of(self, day: str) -> int:
        return sum(entry.day == day for page in self.pages.values() for entry in page.history)


def differ(one: PriceSet, other: PriceSet) -> bool:
    return one.get("conditions", []) != other.get("conditions", []) or any(
        is_another(one.get(axis), other.get(axis)) for axis in AXES
    )


def is_another(one: Decimal | None, other: Decimal | None) -> bool:
    if one is None or other is None:
        return one is not other
    return abs(one - other) > NOISE * max(one, other)


def _entry(day: str, before: PriceSet, prices: PriceSet) -> Entry:
    sides = (before.get("price_per_input_token"), before.get("price_per_output_token"))
    return Entry(day, prices, *sides)
