"""The credential variables that a worker looks for, and the hosts it would send each to."""

from __future__ import annotations

from tests.db.pricing import Pricing


def test_each_provider_that_wants_one_with_its_address(pricing: Pricing) -> None:
    pricing.do("update public.pricing_providers set credential_variable = null")
    pricing.do(
        "insert into public.pricing_providers"
        " (slug, name, adapter, base_url, credential_variable, enabled)"
        " values ('b', 'x', 'y', 'https://b.example', 'KEY', true),"
        " ('a', 'x', 'x', null, 'KEY', true), ('off', 'x', null, null, 'OFF_KEY', false)"
    )
    with pricing.as_role("pricing_worker"):
        rows = pricing.rows("select * from public.pricing_credential_variables()")
    # A provider that is enabled later needs it as well.
    assert [tuple(row.values()) for row in rows] == [
        ("a", "x", None, "KEY"),
        ("b", "y", "https://b.example", "KEY"),
        ("off", None, None, "OFF_KEY"),
    ]
