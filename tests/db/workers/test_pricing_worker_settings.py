"""What a worker reads at its start."""

from __future__ import annotations

from tests.db.pricing import Pricing


def test_seconds_as_the_worker_reads_them(pricing: Pricing) -> None:
    with pricing.as_role("pricing_worker"):
        shipped = pricing.row("select * from public.pricing_worker_settings")
    assert shipped == {"heartbeat_seconds": 5.0, "lease_seconds": 20.0}

    pricing.do(
        "update public.pricing_settings"
        " set heartbeat_interval = '1500 milliseconds', lease = '2 minutes'"
    )
    with pricing.as_role("pricing_worker"):
        changed = pricing.row("select * from public.pricing_worker_settings")
    assert changed == {"heartbeat_seconds": 1.5, "lease_seconds": 120.0}
