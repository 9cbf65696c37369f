"""Who is scheduled, and whether anybody runs it."""

from __future__ import annotations

from typing import Any

from tests.db.pricing import Pricing, price


def status(pricing: Pricing) -> dict[str, Any]:
    with pricing.as_role("pricing_web"):
        found: dict[str, Any] = pricing.value("select public.pricing_scheduler_status()")
    return found


def test_only_workers_with_a_heartbeat_within_the_lease_are_alive(pricing: Pricing) -> None:
    assert (status(pricing)["running"], status(pricing)["workers"]) == (False, 0)
    pricing.worker("21 seconds")
    pricing.worker("10 seconds")
    pricing.worker()
    assert (status(pricing)["running"], status(pricing)["workers"]) == (False, 2)


def test_enabled_providers_with_their_times(pricing: Pricing) -> None:
    pricing.do("update public.pricing_providers set enabled = false where slug = 'deepinfra'")
    pricing.sync("openrouter", [price("m")])
    found = status(pricing)
    assert (found["enabled"], found["interval_hours"]) == (True, 6)
    assert found["providers"] == ["catalogue", "openrouter"]
    assert set(found["next_runs"]) == set(found["last_syncs"]) == {"catalogue", "openrouter"}
    assert found["last_syncs"]["catalogue"] == {"timestamp": None, "seconds_ago": None}
    assert found["last_syncs"]["openrouter"]["seconds_ago"] >= 0


def test_nobody_enabled(pricing: Pricing) -> None:
    pricing.do("update public.pricing_providers set enabled = false")
    found = status(pricing)
    assert (found["enabled"], found["providers"], found["last_syncs"]) == (False, [], {})
