"""A held change keeps its own counts once it is decided."""

from __future__ import annotations

from typing import Any

import pytest

from tests.db.price_changes import guard
from tests.db.price_decisions import call, prices
from tests.db.pricing import Pricing, price

# Columns that later syncs do not write, and a decision does.
COUNTS = ("times_seen", "job_id", "last_seen_at", "observed_at")


@pytest.fixture
def held(pricing: Pricing) -> dict[str, Any]:
    """A change that three syncs have published, as people see it."""
    guard(pricing)
    pricing.sync("openrouter", [price("m", None, None, **prices(1, 2))])
    for _ in range(3):
        pricing.sync("openrouter", [price("m", None, None, **prices(1000, 2))])
    waits = pricing.row("select * from public.pricing_held")
    assert waits["times_seen"] == 3
    return waits


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_by_a_person(pricing: Pricing, held: dict[str, Any], decision: str) -> None:
    (decided,) = call(pricing, f"{decision}_held_price_change", id=held["id"])
    assert [decided[name] for name in COUNTS] == [held[name] for name in COUNTS]
    if decision == "approve":
        assert pricing.history("m")[-1]["job_id"] == held["job_id"]


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_with_all_that_the_last_sync_said(
    pricing: Pricing, held: dict[str, Any], decision: str
) -> None:
    (decided,) = call(pricing, f"{decision}_held_price_changes", job_id=held["job_id"])
    assert decided["id"] == held["id"]


@pytest.mark.parametrize(
    ("said", "status"), [(prices(1, 2), "withdrawn"), (prices(5000, 2), "superseded")]
)
def test_by_a_list_that_says_something_else(
    pricing: Pricing, held: dict[str, Any], said: dict[str, str], status: str
) -> None:
    for _ in range(2):
        pricing.sync("openrouter", [price("m", None, None, **said)])
    row = pricing.row("select * from public.pricing_held_changes where id = %s", held["id"])
    assert row["status"] == status
    assert [row[name] for name in COUNTS] == [held[name] for name in COUNTS]


def test_by_hand(pricing: Pricing, held: dict[str, Any]) -> None:
    pricing.do("update public.pricing_held_changes set still_said = false")
    pricing.sync("openrouter", [price("m", None, None, **prices(1, 2))])
    row = pricing.row("select * from public.pricing_held_changes where id = %s", held["id"])
    assert [row[name] for name in COUNTS] == [held[name] for name in COUNTS]
