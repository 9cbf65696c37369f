"""An interval must have no negative part, so that it subtracts what it compares as."""

from __future__ import annotations

import pytest

from tests.db.pricing import Pricing, refused

CHECK = "select public.require_interval('keep', %s::interval)::text"


@pytest.mark.parametrize(
    "interval",
    ["-1 day", "-1000 months 30030 days", "1000 months -30000 days", "2 days -00:00:00.000001"],
)
def test_a_part_below_zero_is_refused(pricing: Pricing, interval: str) -> None:
    with refused("PT422"):
        pricing.value(CHECK, interval)


@pytest.mark.parametrize("interval", ["0", "1 mon 2 days 03:00:00.5", "36 hours", None])
def test_others_are_returned(pricing: Pricing, interval: str | None) -> None:
    same = "select %s::interval::text"
    assert pricing.value(CHECK, interval) == pricing.value(same, interval)
