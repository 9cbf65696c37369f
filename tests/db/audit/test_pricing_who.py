"""The caller's identity inside a trigger."""

from __future__ import annotations

from tests.db.pricing import Pricing

DEFER = (
    "insert into procrastinate.procrastinate_jobs (task_name, args)"
    " values ('sync_provider', '{\"provider\": \"openrouter\"}')"
)


def test_the_role_in_use_else_the_login(pricing: Pricing) -> None:
    login = pricing.value("select session_user")
    pricing.do(DEFER)
    with pricing.as_role("pricing_worker"):
        pricing.do(DEFER)
    jobs = pricing.rows("select triggered_by from public.pricing_sync_jobs order by triggered_at")
    assert [job["triggered_by"] for job in jobs] == [login, "pricing_worker"]
