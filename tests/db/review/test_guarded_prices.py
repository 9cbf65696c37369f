"""Random lists and decisions, compared with a second implementation of the rules in Python.

Never: a unit change in force that no person approved, a change without history, or history without
a change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.db.price_chains import broken_chains
from tests.db.price_changes import guard
from tests.db.price_decisions import INPUT, call
from tests.db.pricing import Pricing, Row, price

MODELS = ("m0", "m1", "m2", "m3", "m4", "m5")
# In every list, unchanged, so that half of the list is never gone.
ANCHORS = tuple(f"anchor{n}" for n in range(7))
FIRST = Decimal("0.000001")
DAY = 24

UNCHANGED, UNKNOWN, ZERO, MISSING, SKIPPED, BACK = (
    *("unchanged", "unknown", "zero", "missing", "skipped", "back"),
)
FACTORS = (
    *("1.5", "2", "9", "9.99", "10", "99", "100", "1e3", "1e6"),
    *("0.5", "0.11", "0.1", "0.01", "1e-3", "1e-6"),
)
SAYINGS = st.one_of(
    st.sampled_from([UNCHANGED, UNCHANGED, UNKNOWN, ZERO, MISSING, SKIPPED, BACK]),
    st.sampled_from(FACTORS),
)
LISTS = st.one_of(
    st.tuples(st.just("each"), st.tuples(*[SAYINGS] * len(MODELS))),
    # Nearly all models or all of them times one factor, and the list unchanged.
    st.tuples(
        st.just("each"),
        st.tuples(SAYINGS, SAYINGS).map(lambda two: (*two[:1] * (len(MODELS) - 1), two[1])),
    ),
    st.tuples(st.just("each"), SAYINGS.map(lambda saying: (saying,) * len(MODELS))),
    st.just(("again", ())),
)
STEPS = st.one_of(
    LISTS,
    LISTS,
    st.tuples(st.sampled_from(["approve", "reject"]), st.sampled_from(MODELS)),
    st.tuples(st.just("hours"), st.sampled_from([1, 23, DAY, 73])),
)


@dataclass
class Held:
    says: Decimal | None
    kind: str
    to_zero: bool
    is_ratio: bool
    seen: int = 1
    age: int = 0


@dataclass
class Model:
    """The expected state of one model."""

    base: Decimal | None = None
    charged: list[Decimal | None] = field(default_factory=list)
    said: Decimal | None = None
    last_said: str = "nothing"
    held: Held | None = None
    rejected: Decimal | None = None
    is_rejected: bool = False
    approved: set[tuple[Decimal | None, Decimal | None]] = field(default_factory=set)

    @property
    def last_positive(self) -> Decimal | None:
        return next((amount for amount in reversed(self.charged) if amount), None)

    @property
    def last_known(self) -> Decimal | None:
        return next((amount for amount in reversed(self.charged) if amount is not None), None)

    def take(self, amount: Decimal | None) -> None:
        self.base = amount
        self.charged.append(amount)
        self.held = None


@dataclass
class Provider:
    """The rules for a list, implemented a second time in plain Python."""

    models: dict[str, Model] = field(default_factory=lambda: {m: Model() for m in MODELS})
    listed: frozenset[str] = frozenset()

    def hear(self, amounts: dict[str, Decimal | None]) -> int:
        """Take a new list; returns how many of its models are held."""
        self.listed = frozenset(amounts)
        shared = self._shared(amounts)
        return sum(self._hear(name, amount, name in shared) for name, amount in amounts.items())

    def hear_again(self) -> int:
        """Take an unchanged list: only held changes are looked at."""
        waiting = {
            name: model.held.says if model.held else model.rejected
            for name, model in self.models.items()
            if name in self.listed and (model.held or model.is_rejected)
        }
        return sum(self._hear(name, amount, False) for name, amount in waiting.items())

    def _shared(self, amounts: dict[str, Decimal | None]) -> set[str]:
        priced = {
            name: now / base
            for name, now in amounts.items()
            if now and (base := self.models[name].base)
        }
        size = len(priced) + len(ANCHORS)
        moving = {name: f for name, f in priced.items() if f != 1}
        shared: set[str] = set()
        for lowest in moving.values():
            same = {name for name, f in moving.items() if lowest <= f <= lowest * Decimal("1.01")}
            if len(same) >= 5 and len(same) * 100 >= size * 15:
                shared |= same
        return shared

    def _hear(self, name: str, now: Decimal | None, is_shared: bool) -> bool:
        model = self.models[name]
        if now == model.base:
            model.held, model.is_rejected = None, False
            return False
        if model.is_rejected and now == model.rejected:
            return True
        model.is_rejected = False
        kind, to_zero, is_ratio = self._judge(model, now, is_shared)
        held = model.held
        if held is None or held.says != now:
            model.held = None
            if kind is None:
                model.take(now)
                return False
            model.held = Held(now, kind, to_zero, is_ratio)
            return True
        held.seen += 1
        if kind == "unit" or (kind == "large" and held.kind == "large"):
            held.kind, held.to_zero, held.is_ratio = kind, to_zero, is_ratio
        if held.kind == "unit":
            return True
        if kind is None or (held.age >= DAY and held.seen >= 3):
            model.take(now)
            return False
        return True

    @staticmethod
    def _judge(model: Model, now: Decimal | None, is_shared: bool) -> tuple[str | None, bool, bool]:
        if now is None:
            return None, False, False
        if now == 0:
            # Nothing in these lists says that a model is free.
            to_zero = bool(model.last_known)
            return ("unit" if to_zero else None), to_zero, False
        before = model.base or model.last_positive
        ratio = max(now / before, before / now) if before else Decimal(1)
        outside = now * 1_000_000 < Decimal("0.001") or now * 1_000_000 > 1000
        if ratio >= 100 or outside or is_shared:
            return "unit", False, ratio >= 10
        return ("large" if ratio >= 10 else None), False, ratio >= 10


def amount_of(model: Model, saying: str) -> Decimal | None:
    if saying == UNKNOWN:
        return None
    if saying == ZERO:
        return Decimal(0)
    if saying == BACK:
        return FIRST
    said = model.said or model.last_positive or FIRST
    # Other tests have numbers with endless digits.
    if saying == UNCHANGED:
        return model.said
    moved = said * Decimal(saying)
    return moved if Decimal("1e-40") < moved < Decimal("1e20") else FIRST


def listed(name: str, amount: Decimal | None) -> Row:
    return price(name, None if amount is None else f"{amount:f}", None)


class Course:
    """One sequence of steps, in the database and in the Python rules."""

    def __init__(self, pricing: Pricing) -> None:
        self.pricing = pricing
        self.rules = Provider()
        self.hear(dict.fromkeys(MODELS, FIRST))

    def step(self, step: tuple[str, Any]) -> None:
        what, given = step
        acts: dict[str, Callable[[Any], None]] = {
            "each": self.each,
            "again": self.again,
            "approve": self.approve,
            "reject": self.reject,
            "hours": self.hours,
        }
        acts[what](given)
        self.check()

    def each(self, sayings: tuple[str, ...]) -> None:
        amounts: dict[str, Decimal | None] = {}
        skipped: list[str] = []
        for (name, model), saying in zip(self.rules.models.items(), sayings, strict=True):
            if saying == SKIPPED:
                skipped.append(name)
            elif saying != MISSING:
                amounts[name] = amount_of(model, saying)
        self.hear(amounts, skipped)

    def hear(self, amounts: dict[str, Decimal | None], skipped: list[str] | None = None) -> None:
        log = self.pricing.sync(
            "openrouter",
            [
                *(listed(name, amount) for name, amount in amounts.items()),
                *(listed(name, FIRST) for name in ANCHORS),
            ],
            skipped=[{"model_id": name, "reason": "odd"} for name in skipped or []],
        )
        assert log["models_held"] == self.rules.hear(amounts)
        for name, amount in amounts.items():
            self.rules.models[name].said = amount

    def again(self, _: Any) -> None:
        assert self.pricing.sync("openrouter", None)["models_held"] == self.rules.hear_again()

    def approve(self, name: str) -> None:
        model = self.rules.models[name]
        if model.held:
            self._decide("approve_held_price_change", "approved_by", name)
            model.approved.add((model.last_positive, model.held.says))
            model.take(model.held.says)

    def reject(self, name: str) -> None:
        model = self.rules.models[name]
        if model.held:
            self._decide("reject_held_price_change", "rejected_by", name)
            model.rejected, model.is_rejected, model.held = model.held.says, True, None

    def _decide(self, function: str, who: str, name: str) -> None:
        (row,) = self.pricing.rows(
            "select h.id from public.pricing_held_changes h join public.model_pricing m"
            " on m.id = h.model_id where m.model_id = %s and h.status = 'held'",
            name,
        )
        call(self.pricing, function, id=row["id"], **{who: "ann"})

    def hours(self, passed: int) -> None:
        self.pricing.do(
            "update public.pricing_held_changes set first_seen_at = first_seen_at"
            " - %s * interval '1 hour'",
            passed,
        )
        for model in self.rules.models.values():
            if model.held:
                model.held.age += passed

    def check(self) -> None:
        assert broken_chains(self.pricing.connection) == []
        there = {
            row["model_id"]: row
            for row in self.pricing.rows(
                "select m.model_id, m.price_per_input_token as now, array("
                "select h.price_per_input_token::numeric from public.model_pricing_history h"
                " where h.model_id = m.id order by h.id) as chain, h.prices as held"
                " from public.model_pricing m left join public.pricing_held_changes h"
                " on h.model_id = m.id and h.status = 'held'"
            )
        }
        for name, model in self.rules.models.items():
            row = there[name]
            assert (name, row["now"], row["chain"]) == (name, model.base, model.charged)
            waits = None if row["held"] is None else row["held"].get(INPUT)
            assert (row["held"] is None) is (model.held is None), name
            if model.held and model.held.says is not None:
                assert Decimal(str(waits)) == model.held.says
            self._check_units(name, model)

    @staticmethod
    def _check_units(name: str, model: Model) -> None:
        """Independent of the rules: no change of 100 times in force without an approval."""
        before: Decimal | None = None
        for amount in model.charged:
            if amount and before:
                is_unit = max(amount / before, before / amount) >= 100
                assert not is_unit or (before, amount) in model.approved, (name, before, amount)
            before = amount or before


@pytest.mark.long
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, min_size=1, max_size=12))
def test_no_unit_change_is_in_force_without_a_person(
    pricing: Pricing, steps: list[tuple[str, Any]]
) -> None:
    pricing.maintain("truncate public.model_pricing cascade")
    pricing.do("truncate public.pricing_sync_log, procrastinate.procrastinate_jobs cascade")
    guard(pricing, last_success_at=None)
    course = Course(pricing)
    for step in steps:
        course.step(step)


def test_two_steps_of_9_are_none_of_81(pricing: Pricing) -> None:
    """By the rules: each was accepted before the next, and band and catalogue still apply."""
    guard(pricing)
    course = Course(pricing)
    for _ in range(2):
        course.step(("each", ("9", *[UNCHANGED] * 5)))
    assert course.rules.models["m0"].base == FIRST * 81
    course.step(("each", ("9", *[UNCHANGED] * 5)))
    assert course.rules.models["m0"].base == FIRST * 729
    course.step(("each", ("9", *[UNCHANGED] * 5)))
    assert course.rules.models["m0"].base == FIRST * 729, "the band"
