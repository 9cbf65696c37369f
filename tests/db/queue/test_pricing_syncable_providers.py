"""The providers that a trigger without a list syncs."""

from __future__ import annotations

from tests.db.pricing import Pricing


def syncable(pricing: Pricing) -> list[str]:
    with pricing.as_role("pricing_web"):
        rows = pricing.rows("select slug from public.pricing_syncable_providers order by slug")
    return [row["slug"] for row in rows]


def test_enabled_with_an_adapter_and_with_what_they_need(pricing: Pricing) -> None:
    pricing.do(
        "insert into public.pricing_providers (slug, name, adapter, state, enabled) values"
        " ('no-adapter', 'x', null, 'ok', true), ('no-key', 'x', 'x', 'no_credentials', true),"
        " ('no-api', 'x', 'x', 'no_price_api', true), ('off', 'x', 'x', 'ok', false),"
        " ('failing', 'x', 'x', 'failing', true)"
    )
    # A list without prices still has models; a provider without a credential is synced by name
    # only.
    assert syncable(pricing) == ["catalogue", "deepinfra", "failing", "no-api", "openrouter"]


def test_a_trigger_without_a_list_syncs_exactly_these(pricing: Pricing) -> None:
    pricing.do(
        "update public.pricing_providers set state = 'no_credentials' where slug = 'deepinfra'"
    )
    assert pricing.trigger()["providers"] == syncable(pricing) == ["catalogue", "openrouter"]


def test_nothing_to_sync(pricing: Pricing) -> None:
    pricing.do("update public.pricing_providers set enabled = false")
    assert syncable(pricing) == []
