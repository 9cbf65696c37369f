"""Which variables a worker is to look for."""

from __future__ import annotations

from tests.db.pricing import Pricing


def test_the_names_that_providers_want_each_once(pricing: Pricing) -> None:
    pricing.do("update public.pricing_providers set credential_variable = null")
    pricing.do(
        "insert into public.pricing_providers (slug, name, adapter, credential_variable, enabled)"
        " values ('b', 'x', 'x', 'B_KEY', true), ('a', 'x', 'x', 'A_KEY', true),"
        " ('a2', 'x', 'x', 'A_KEY', true), ('off', 'x', 'x', 'OFF_KEY', false)"
    )
    with pricing.as_role("pricing_worker"):
        rows = pricing.rows("select * from public.pricing_credential_variables() as variable")
    # One that is switched on later needs it as well.
    assert [row["variable"] for row in rows] == ["A_KEY", "B_KEY", "OFF_KEY"]
