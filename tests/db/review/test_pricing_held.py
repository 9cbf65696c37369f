"""What waits for a person, as people read it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from service.prices.units import Axis
from tests.db.price_decisions import ended_job, held, prices, said
from tests.db.pricing import Pricing, Row

SEEN = datetime(2026, 1, 2, tzinfo=UTC)


def shown(pricing: Pricing) -> list[Row]:
    with pricing.as_role("pricing_web"):
        return pricing.rows("select * from public.pricing_held order by id")


def test_what_waits(pricing: Pricing) -> None:
    said(pricing, {"vendor/m": prices("0.3", 2), "other": prices(1, 2)})
    job_id = ended_job(pricing)
    waits = held(pricing, "vendor/m", prices(300, None), job_id=job_id, times_seen=2)
    assert shown(pricing) == [
        {
            "provider": "openrouter",
            "model": "vendor/m",
            "class": "unit",
            "reason": "unit: input_per_1m moves by 1,000 times",
            "ratio": 1000,
            "input_per_1m_before": Decimal("0.3"),
            "input_per_1m_now": 300,
            "output_per_1m_before": 2,
            "output_per_1m_now": None,
            "first_seen_at": SEEN,
            "last_seen_at": SEEN,
            "times_seen": 2,
            "applies_at": None,
            "source": "api:openrouter",
            "job_id": job_id,
            "id": waits,
            "to_zero": False,
            "prices": prices(300, None),
            "previous": prices("0.3", 2),
            "evidence": [],
            "observed_at": SEEN,
            "moves": [
                {
                    "price": "input_per_1m",
                    "before": "0.3",
                    "after": "300",
                    "percent": "99900",
                    "condition": None,
                },
                {
                    "price": "output_per_1m",
                    "before": "2",
                    "after": None,
                    "percent": None,
                    "condition": None,
                },
            ],
        }
    ]


def test_every_price_that_would_change_is_shown(pricing: Pricing) -> None:
    tier = {"service_tier": "batch"}
    before = {axis.value: "0.5" for axis in Axis}
    said(pricing, {"m": before | {"conditions": [tier | prices(1)]}})
    now = {axis.value: "0.25" for axis in Axis} | {"conditions": [tier | prices(3)]}
    held(pricing, "m", now)
    (row,) = shown(pricing)
    names = [a["short_name"] for a in pricing.rows("select * from public.pricing_axes()")]
    assert [move["price"] for move in row["moves"]] == [*names, "input_per_1m"]
    assert {move["percent"] for move in row["moves"][:-1]} == {"-50"}
    assert row["moves"][-1]["condition"] == tier


@pytest.mark.parametrize("status", ["approved", "rejected", "applied", "superseded", "withdrawn"])
def test_what_does_not_wait(pricing: Pricing, status: str) -> None:
    said(pricing, {"m": prices(1, 2)})
    held(pricing, "m", prices(300, 2), status=status, decided_at="now", decided_by="x")
    assert shown(pricing) == []


@pytest.mark.parametrize(
    ("kind", "to_zero", "hours"),
    [
        ("large", False, 24),
        ("large", True, 72),
        ("unit", False, None),
        ("unit", True, None),
        ("first_list", False, None),
        ("rollback", False, None),
    ],
)
def test_when_it_applies_itself(
    pricing: Pricing, kind: str, to_zero: bool, hours: int | None
) -> None:
    said(pricing, {"m": prices(1, 2)})
    held(pricing, "m", prices(10, 0), **{"class": kind, "to_zero": to_zero})
    (row,) = shown(pricing)
    assert row["applies_at"] == (None if hours is None else SEEN + timedelta(hours=hours))
