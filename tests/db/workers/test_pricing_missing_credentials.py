"""Providers that are skipped, and the variable that each lacks."""

from __future__ import annotations

from tests.db.pricing import Pricing

MISSING = "select slug, credential_variable from public.pricing_missing_credentials order by slug"


def test_a_provider_is_named_until_a_worker_reports_its_credential(pricing: Pricing) -> None:
    pricing.do("update public.pricing_providers set enabled = slug in ('groq', 'together')")
    # An enabled provider is tried; without its credential the attempt says so.
    pricing.do("update public.pricing_providers set state = 'no_credentials' where enabled")
    groq = {"slug": "groq", "credential_variable": "GROQ_API_KEY"}
    together = {"slug": "together", "credential_variable": "TOGETHER_API_KEY"}
    assert pricing.rows(MISSING) == [groq, together]

    with pricing.as_role("pricing_worker"):
        pricing.rows("select public.report_pricing_credentials('{together}')")
    assert pricing.rows(MISSING) == [groq]

    pricing.do("update public.pricing_providers set enabled = false where slug = 'groq'")
    assert pricing.rows(MISSING) == []
