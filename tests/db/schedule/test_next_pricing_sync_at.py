"""A provider's next sync: the slot, its jitter, and the delay after failures."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.db.pricing import Pricing

FIVE_MINUTES = timedelta(minutes=5)


def next_at(
    pricing: Pricing,
    *,
    late: str | None = "0",
    interval: str = "6 hours",
    jitter: str = "0",
    failures: int = 0,
) -> tuple[timedelta, timedelta]:
    """The next sync, counted from the slot and from now. ``late``: null for no slot."""
    row = pricing.row(
        "select clock_timestamp() as now, clock_timestamp() - %s::interval as slot", late
    )
    found: datetime = pricing.value(
        "select public.next_pricing_sync_at(%s, %s::interval, %s::numeric, %s)",
        row["slot"],
        interval,
        jitter,
        failures,
    )
    return found - (row["slot"] or row["now"]), found - row["now"]


def about(found: timedelta, wanted: timedelta) -> bool:
    """The clock advances by a statement or two; an error of a slot would be minutes."""
    return timedelta() <= found - wanted < timedelta(seconds=30)


def test_an_interval_after_the_slot_however_late_the_tick(pricing: Pricing) -> None:
    for late in ("0", "1 minute", "5 hours 50 minutes"):
        after_slot, _ = next_at(pricing, late=late)
        assert after_slot == timedelta(hours=6)


@pytest.mark.parametrize("late", [None, "6 hours", "3 days"])
def test_missed_slots_are_one(pricing: Pricing, late: str | None) -> None:
    _, from_now = next_at(pricing, late=late)
    assert about(from_now, timedelta(hours=6))


def test_never_within_five_minutes(pricing: Pricing) -> None:
    _, from_now = next_at(pricing, late="5 hours 59 minutes")
    assert about(from_now, FIVE_MINUTES)
    for _ in range(50):
        _, from_now = next_at(pricing, interval="5 minutes", jitter="0.5")
        assert from_now >= FIVE_MINUTES


def test_jitter_is_either_way_and_no_more_than_its_share(pricing: Pricing) -> None:
    found = [next_at(pricing, jitter="0.1")[0] for _ in range(200)]
    hours = timedelta(hours=1)
    assert timedelta(hours=5.4) <= min(found) < 5.6 * hours
    assert 6.4 * hours < max(found) <= timedelta(hours=6.6)
    assert len(set(found)) > 150


@pytest.mark.parametrize(
    ("interval", "failures", "stretched"),
    [
        ("1 hour", 2, timedelta(hours=1)),
        ("1 hour", 3, timedelta(hours=2)),
        ("1 hour", 4, timedelta(hours=4)),
        ("1 hour", 7, timedelta(days=1)),
        ("1 hour", 2_000_000_000, timedelta(days=1)),
        ("5 minutes", 11, timedelta(days=1)),
        ("2 days", 9, timedelta(days=2)),
    ],
)
def test_failures_stretch_up_to_a_day(
    pricing: Pricing, interval: str, failures: int, stretched: timedelta
) -> None:
    after_slot, _ = next_at(pricing, interval=interval, failures=failures)
    assert after_slot == stretched


def test_no_interval_is_too_long_for_a_timestamp(pricing: Pricing) -> None:
    for interval in ("1000000 years", "170000000 years"):
        found = pricing.value(
            "select public.next_pricing_sync_at(now(), %s::interval, 0.5, 30)"
            " between now() + interval '49 years' and now() + interval '151 years'",
            interval,
        )
        assert found is True
