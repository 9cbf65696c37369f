"""The book with the guards on: suspicious changes are held beside it, and no person decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.replay.book import Book, Page, differ
from tests.replay.guards import CLASSES, Guards, Verdict
from tests.replay.published import PriceSet


@dataclass
class Held:
    """One change that is or was held: since which list, how often seen, and its end."""

    model_id: str
    since: str
    prices: PriceSet
    previous: PriceSet
    verdict: Verdict
    times_seen: int = 1
    status: str = "held"


@dataclass
class GuardedBook(Book):
    """``catalogue`` has the reference numbers; ``held`` every held change, in order.

    - the same set again is the same change, seen once more;
    - another set supersedes it, whether that one is held too or is written;
    - when the provider returns to the accepted set, it is withdrawn;
    - a large one is applied when it was seen three times and for a day, a fall to zero after three
      days (unless for the book all lists are of one day: not ``time_passes``);
    - one that only a person applies stays, even when the same set is not suspicious any more;
      unless it is a first or a lost price that waited only because its whole list moved;
    - a list that has lost one price for half of its models is refused.
    """

    time_passes: bool = False
    catalogue: Mapping[str, PriceSet] = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)
    # The models that the list says are free.
    free: set[str] = field(default_factory=set)
    guards: Guards = field(init=False)

    def __post_init__(self) -> None:
        self.guards = Guards(self.catalogue)

    def open(self) -> dict[str, Held]:
        return {held.model_id: held for held in self.held if held.status == "held"}

    def enter(self, day: str, published: Mapping[str, PriceSet]) -> None:
        if self.guards.lost_price(self.pages, published) is not None:
            self.refused.append(day)
            return
        super().enter(day, published)

    def let_through(self, day: str, published: Mapping[str, PriceSet]) -> Mapping[str, PriceSet]:
        verdicts = self.guards.judge(self.pages, published, self.free)
        waiting = self.open()
        passing = {}
        for model_id, prices in published.items():
            accepted = self.pages.get(model_id, Page()).prices
            held, verdict = waiting.get(model_id), verdicts.get(model_id)
            if held is not None and not differ(held.prices, prices):
                held.times_seen += 1
                if verdict is not None and _is_as_strict(verdict, held.verdict):
                    held.verdict = verdict
                if self._is_to_be_applied(held, day, verdict):
                    held.status = "applied"
                    # The set that was held: the list may differ by float noise.
                    passing[model_id] = held.prices
                continue
            if held is not None:
                held.status = "superseded" if differ(accepted, prices) else "withdrawn"
            if verdict is None:
                passing[model_id] = prices
            else:
                self.held.append(Held(model_id, day, prices, accepted, verdict))
        return passing

    def _is_to_be_applied(self, held: Held, day: str, verdict: Verdict | None) -> bool:
        kinds = {kind for _, kind in held.verdict.suspicions}
        if held.verdict.kind != "large":
            waited_for_the_list = kinds == {"moves"} and held.verdict.ratio is None
            return verdict is None and waited_for_the_list
        if verdict is None:
            return True
        waited = date.fromisoformat(day) - date.fromisoformat(held.since)
        return self.time_passes and (
            (not kinds & {"zero", "fees_gone"} or waited >= timedelta(hours=72))
            and (
                kinds <= {"zero", "fees_gone"}
                or (waited >= timedelta(hours=24) and held.times_seen >= 3)
            )
        )


def _is_as_strict(verdict: Verdict, earlier: Verdict) -> bool:
    return CLASSES.index(verdict.kind) >= CLASSES.index(earlier.kind)
