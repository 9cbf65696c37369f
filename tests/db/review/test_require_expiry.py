"""The bound on everything that expires."""

from __future__ import annotations

import pytest

from tests.db.pricing import Pricing, refused

CHECK = "select public.require_expiry('until', %s, 'leave it out for one that does not expire')"


@pytest.mark.parametrize(
    "time",
    ["infinity", "-infinity", "2020-01-01", "9999-12-31 00:00:01+00", "9999-12-31 23:59-14:00"],
)
def test_what_is_past_infinite_or_beyond_the_bound_is_refused(pricing: Pricing, time: str) -> None:
    with refused("PT422") as info:
        pricing.do(CHECK, time)
    assert str(info.value).startswith("until cannot be ")
    assert "leave it out" in str(info.value.diag.message_hint)


@pytest.mark.parametrize("time", ["9999-12-31 00:00+00", "2999-01-01", None])
def test_what_is_to_come_or_null_is_returned(pricing: Pricing, time: str | None) -> None:
    pricing.do("set timezone = 'UTC'")
    shown = pricing.value(CHECK, time)
    assert (shown and shown.year) == (time and int(time[:4]))
