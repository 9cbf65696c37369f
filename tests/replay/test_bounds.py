"""The bounds of the guards in SQL, each met exactly and missed by little."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg.rows import DictRow

from tests.db.pricing import Pricing, price
from tests.replay.bounds import CASES, prices, row

# Unchanged models, so many that no group of others is a large share of the list.
STILL = [price(f"still {number}") for number in range(600)]

# The list says that the model is free.
FREE = {"free": True}


@pytest.fixture
def pricing(connection: psycopg.Connection[DictRow]) -> Pricing:
    """A database in which all providers may be synced and tests turn the guards on."""
    pricing = Pricing(connection)
    pricing.do("update pricing_providers set enabled = true")
    return pricing


def guard(pricing: Pricing, *, is_on: bool = True) -> None:
    pricing.do("update pricing_providers set guards_enabled = %s", is_on)


def held(pricing: Pricing, provider: str = "openrouter") -> dict[str, dict[str, Any]]:
    rows = pricing.rows(
        "select h.*, m.model_id as model from pricing_held_all h"
        " join model_pricing m on m.id = h.model_id"
        " where h.status = 'held' and h.provider_slug = %s",
        provider,
    )
    return {row["model"]: row for row in rows}


def test_each_bound_of_one_model(pricing: Pricing) -> None:
    guard(pricing, is_on=False)
    for step in range(max(len(case.accepted) for case in CASES)):
        told = [
            row(case, case.accepted[min(step, len(case.accepted) - 1)])
            for case in CASES
            if case.accepted
        ]
        pricing.sync("openrouter", [*STILL, *told])
    guard(pricing)
    reference = [
        {"model_id": case.name, "prices": prices(case.catalogue)}
        for case in CASES
        if case.catalogue
    ]
    pricing.sync(
        "openrouter",
        [*STILL, *(row(case, case.now) for case in CASES)],
        reference=reference,
        reference_version="genai-prices@0.2.3",
    )
    found = held(pricing)
    expected = {case.name: _verdict(case.held, case.because) for case in CASES if case.held}
    assert {
        name: _verdict(row["class"], {evidence["kind"] for evidence in row["evidence"]})
        for name, row in found.items()
    } == expected
    assert all(row["to_zero"] == ("zero" in str(row["evidence"])) for row in found.values())


@pytest.mark.parametrize(
    ("factors", "others", "are_held"),
    [
        pytest.param(["2"] * 5, 28, True, id="five, 15 % of the list"),
        pytest.param(["2"] * 5, 29, False, id="five, less than 15 % of the list"),
        pytest.param(["2"] * 4, 0, False, id="four, all of the list"),
        pytest.param(["0.86"] * 9, 51, True, id="by any factor"),
        pytest.param(["1.02"] * 5, 28, True, id="however small"),
        pytest.param(["2.5"] * 4 + ["2.525"], 28, True, id="within 1 %"),
        pytest.param(["2.5"] * 4 + ["2.526"], 28, False, id="not within 1 %"),
    ],
)
def test_each_bound_of_a_list(
    pricing: Pricing, factors: list[str], others: int, are_held: bool
) -> None:
    guard(pricing)
    still = STILL[:others]
    pricing.sync("openrouter", [*still, *_moved(["1"] * len(factors))])
    pricing.sync("openrouter", [*still, *_moved(factors)])
    found = held(pricing)
    assert len(found) == (len(factors) if are_held else 0)
    assert {row["class"] for row in found.values()} <= {"unit"}


def test_what_looked_like_another_unit_waits_when_it_is_alone_too(pricing: Pricing) -> None:
    guard(pricing)
    pricing.sync("openrouter", _moved(["1"] * 6))
    pricing.sync("openrouter", _moved(["2"] * 6))
    found = held(pricing)
    assert len(found) == 6
    for waiting in list(found.values())[:4]:
        pricing.rows("select * from approve_held_price_change(%s, 'somebody')", waiting["id"])
    pricing.sync("openrouter", _moved(["2"] * 6))
    assert len(held(pricing)) == 2


@pytest.mark.parametrize(
    ("now", "hours", "syncs", "is_applied"),
    [
        pytest.param({"input_token": 10}, 24.1, 3, True, id="10 times, a day, three syncs"),
        pytest.param({"input_token": 10}, 23.9, 3, False, id="10 times, less than a day"),
        pytest.param({"input_token": 10}, 1000, 2, False, id="10 times, two syncs"),
        pytest.param({"input_token": 0} | FREE, 72.1, 2, True, id="zero, three days"),
        pytest.param({"input_token": 0} | FREE, 71.9, 5, False, id="zero, less than three days"),
        pytest.param({"input_token": 0}, 10_000, 12, False, id="zero, without a word"),
        pytest.param(
            {"input_token": 0, "output_token": 10} | FREE, 72.1, 2, False, id="both, two syncs"
        ),
        pytest.param(
            {"input_token": 0, "output_token": 10} | FREE, 71.9, 3, False, id="both, too soon"
        ),
        pytest.param({"input_token": 0, "output_token": 10} | FREE, 72.1, 3, True, id="both"),
        pytest.param({"input_token": 100}, 10_000, 12, False, id="another unit"),
    ],
)
def test_what_stays_the_same_applies_itself(
    pricing: Pricing, now: dict[str, Any], hours: float, syncs: int, is_applied: bool
) -> None:
    guard(pricing)
    accepted = {"input_token": 1, "output_token": 1}
    pricing.sync("openrouter", [price("m", **_columns(accepted))])
    for times in range(1, syncs):
        pricing.sync("openrouter", [price("m", **_columns(accepted | now))])
        assert held(pricing)["m"]["times_seen"] == times
    pricing.do(
        "update pricing_held_changes"
        " set first_seen_at = clock_timestamp() - make_interval(secs => %s)",
        hours * 3600,
    )
    pricing.sync("openrouter", [price("m", **_columns(accepted | now))])
    assert (not held(pricing)) == is_applied
    assert len(pricing.history("m")) == (2 if is_applied else 1)


def test_what_waits_ends_when_something_else_is_said(pricing: Pricing) -> None:
    guard(pricing)

    def say(input_per_1m: int) -> list[str]:
        """Publish this price; returns the end of every change held so far."""
        pricing.sync("openrouter", [price("m", **_columns({"input_token": input_per_1m}))])
        rows = pricing.rows("select status from pricing_held_changes order by id")
        return [row["status"] for row in rows]

    assert say(1) == []
    assert say(10) == ["held"]
    assert say(11) == ["superseded", "held"]
    assert say(1) == ["superseded", "withdrawn"]
    assert say(11) == ["superseded", "withdrawn", "held"]
    waiting = held(pricing)["m"]["id"]
    pricing.rows("select * from reject_held_price_change(%s, 'somebody')", waiting)
    assert say(11) == ["superseded", "withdrawn", "rejected"]
    assert say(12) == ["superseded", "withdrawn", "rejected", "held"]
    pricing.rows(
        "select * from approve_held_price_change(%s, 'somebody')", held(pricing)["m"]["id"]
    )
    assert say(12) == ["superseded", "withdrawn", "rejected", "approved"]
    inputs = [row["price_per_input_token"] * 1_000_000 for row in pricing.history("m")]
    assert inputs == [1, 12]


@pytest.mark.parametrize(
    ("now", "is_applied"),
    [
        pytest.param({"input_token": 20}, True, id="as much as the rule"),
        pytest.param({"input_token": "20.1"}, False, id="more than the rule"),
        pytest.param({"input_token": 0}, False, id="zero"),
        pytest.param({"input_token": "0.0009"}, False, id="outside the band"),
    ],
)
def test_a_rule_covers_what_it_names(
    pricing: Pricing, now: dict[str, Any], is_applied: bool
) -> None:
    guard(pricing)
    pricing.sync("openrouter", [price("m", **_columns({"input_token": 1}))])
    if "0.0009" in now.values():
        guard(pricing, is_on=False)
        pricing.sync("openrouter", [price("m", **_columns({"input_token": "0.002"}))])
        guard(pricing)
    pricing.rows(
        "select * from accept_price_changes('openrouter', 20, now() + interval '1 day', 'a test')"
    )
    before = len(pricing.history("m"))
    pricing.sync("openrouter", [price("m", **_columns(now))])
    assert len(pricing.history("m")) - before == is_applied


@pytest.mark.parametrize("change", ["it is over", "it has ended", "of another model"])
def test_a_rule_that_does_not_hold_covers_nothing(pricing: Pricing, change: str) -> None:
    guard(pricing)
    pricing.sync("openrouter", [price("m", **_columns({"input_token": 1}))])
    pricing.rows(
        "select * from accept_price_changes('openrouter', 20, now() + interval '1 day', 'a test')"
    )
    if change == "of another model":
        pricing.do("update pricing_change_rules set model_id = 'another'")
    elif change == "it has ended":
        pricing.do("update pricing_change_rules set ended_at = now(), ended_by = 'somebody'")
    else:
        pricing.do(
            "update pricing_change_rules set created_at = now() - interval '2 days',"
            " expires_at = now() - interval '1 second'"
        )
    pricing.sync("openrouter", [price("m", **_columns({"input_token": 15}))])
    assert held(pricing)


def _verdict(kind: str, because: Iterable[str]) -> str:
    return f"{kind}: {', '.join(sorted(because))}"


def _columns(said: dict[str, Any]) -> dict[str, Any]:
    return {"input": None, "output": None} | prices(said)


def _moved(factors: Iterable[str]) -> list[dict[str, Any]]:
    return [
        price(f"moved {number}", **_columns({"input_token": Decimal(factor)}))
        for number, factor in enumerate(factors)
    ]
