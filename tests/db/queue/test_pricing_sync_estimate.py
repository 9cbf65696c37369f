"""The estimated duration of a job."""

from __future__ import annotations

from tests.db.pricing import Pricing


def test_from_the_last_twenty_completed_jobs(pricing: Pricing) -> None:
    def estimate() -> str:
        with pricing.as_role("pricing_web"):
            found: str = pricing.value("select public.pricing_sync_estimate()")
        return found

    assert estimate() == "30-120"
    pricing.do(
        "insert into public.pricing_sync_jobs (status, outcome, triggered_by, started_at,"
        " completed_at) select case when n > 40 then 'failed' else 'completed' end,"
        " case when n > 40 then 'failed' else 'success' end, 'test',"
        " now() + n * interval '1 minute' - case when n <= 20 then interval '1 hour' when n > 40"
        " then interval '5 hours' else (n - 20) * interval '1 second' end,"
        " now() + n * interval '1 minute' from generate_series(1, 45) n"
    )
    assert estimate() == "11-20"
