"""A time that was set by hand is shown as one that every client can read."""

from __future__ import annotations

import pytest

from tests.db.pricing import Pricing


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("2030-01-01 00:00+00", "2030-01-01 00:00:00+00"),
        ("9999-12-31 00:00:01+00", "9999-12-31 00:00:00+00"),
        ("294276-12-31 00:00+00", "9999-12-31 00:00:00+00"),
        ("-infinity", "0001-01-02 00:00:00+00"),
        ("infinity", None),
        (None, None),
    ],
)
def test_it_is_a_time_that_clients_can_read(
    pricing: Pricing, given: str | None, shown: str | None
) -> None:
    with pricing.connection.transaction():
        pricing.do("set local timezone = 'UTC'")
        assert pricing.value("select public.capped_expiry(%s::timestamptz)::text", given) == shown


def test_in_every_time_zone(pricing: Pricing) -> None:
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):
        with pricing.connection.transaction():
            pricing.do("select set_config('timezone', %s, true)", zone)
            for time in ("294276-12-31 00:00+00", "-infinity"):
                pricing.value("select public.capped_expiry(%s)", time)
