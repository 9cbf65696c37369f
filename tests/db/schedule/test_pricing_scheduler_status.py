"""Which providers are scheduled, and whether any process runs the schedule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.db.pricing import Pricing, price

SLUGS = ["catalogue", "deepinfra", "openrouter"]


@pytest.fixture
def pricing(pricing: Pricing) -> Pricing:
    """With the schedule on, unlike the template database of the tests."""
    pricing.do("update public.pricing_settings set scheduler_enabled = true")
    return pricing


def status(pricing: Pricing) -> dict[str, Any]:
    with pricing.as_role("pricing_web"):
        found: dict[str, Any] = pricing.value("select public.pricing_scheduler_status()")
    return found


def ticked(pricing: Pricing, scheduler: str, ago: str) -> None:
    pricing.do(
        "insert into public.pricing_scheduler_ticks (scheduler, last_tick_at)"
        " values (%s, clock_timestamp() - %s::interval) on conflict (scheduler)"
        " do update set last_tick_at = excluded.last_tick_at",
        scheduler,
        ago,
    )


def runs(pricing: Pricing) -> tuple[bool, str]:
    found = status(pricing)
    return found["running"], found["cron"]


def test_only_workers_with_a_heartbeat_within_the_lease_are_alive(pricing: Pricing) -> None:
    assert status(pricing)["workers"] == 0
    pricing.worker("21 seconds")
    pricing.worker("10 seconds")
    pricing.worker()
    assert status(pricing)["workers"] == 2


def test_it_runs_while_a_scheduler_ticks(pricing: Pricing) -> None:
    assert runs(pricing) == (False, "worker")
    ticked(pricing, "worker", "91 seconds")
    assert runs(pricing) == (False, "worker")
    ticked(pricing, "worker", "75 seconds")
    assert runs(pricing) == (True, "worker")
    ticked(pricing, "pg_cron", "75 seconds")
    assert runs(pricing) == (True, "pg_cron")
    ticked(pricing, "pg_cron", "91 seconds")
    assert runs(pricing) == (True, "worker")
    # The clock was set back, so that this tick lies in the future.
    ticked(pricing, "pg_cron", "-1 hour")
    assert runs(pricing) == (True, "worker")


def test_enabled_providers_with_their_times(pricing: Pricing) -> None:
    pricing.do("update public.pricing_providers set enabled = false where slug = 'deepinfra'")
    pricing.sync("openrouter", [price("m")])
    found = status(pricing)
    assert (found["enabled"], found["interval_hours"]) == (True, 6)
    assert found["providers"] == ["catalogue", "openrouter"]
    assert set(found["next_runs"]) == set(found["last_syncs"]) == {"catalogue", "openrouter"}
    assert found["last_syncs"]["catalogue"] == {"timestamp": None, "seconds_ago": None}
    assert found["last_syncs"]["openrouter"]["seconds_ago"] >= 0


def test_next_runs_are_when_the_schedule_enqueues(pricing: Pricing) -> None:
    assert status(pricing)["next_runs"] == dict.fromkeys(SLUGS)
    pricing.do("select from public.enqueue_due_pricing_syncs()")
    found = status(pricing)["next_runs"]
    assert found["catalogue"] is None
    for slug in ("deepinfra", "openrouter"):
        assert datetime.fromisoformat(found[slug]) == pricing.provider(slug)["next_sync_at"]

    # It respects the pause that the provider asked for, only while that lies ahead.
    later, past = (datetime.now(UTC) + timedelta(days=days) for days in (1, -1))
    pricing.do(
        "update public.pricing_providers set next_allowed_at ="
        " case slug when 'catalogue' then %s when 'deepinfra' then %s end::timestamptz",
        past,
        later,
    )
    found = status(pricing)["next_runs"]
    assert found["catalogue"] is None
    assert datetime.fromisoformat(found["deepinfra"]) == later


def test_who_is_left_out_by_the_schedule_has_no_next_run(pricing: Pricing) -> None:
    pricing.do(
        "update public.pricing_providers set state = 'no_credentials' where slug = 'deepinfra';"
        "update public.pricing_providers set next_sync_at = 'infinity' where slug = 'openrouter';"
        "update public.pricing_providers set next_sync_at = '-infinity' where slug = 'catalogue'"
    )
    found = status(pricing)
    assert found["next_runs"] == {"catalogue": None}
    assert found["providers"] == SLUGS


def test_switched_off(pricing: Pricing) -> None:
    ticked(pricing, "worker", "0 seconds")
    pricing.do("update public.pricing_settings set scheduler_enabled = false")
    found = status(pricing)
    assert (found["enabled"], found["running"], found["next_runs"]) == (False, False, {})
    assert found["providers"] == list(found["last_syncs"]) == SLUGS


def test_no_provider_is_enabled(pricing: Pricing) -> None:
    ticked(pricing, "worker", "0 seconds")
    pricing.do("update public.pricing_providers set enabled = false")
    found = status(pricing)
    assert (found["enabled"], found["running"], found["providers"]) == (False, False, [])
    assert (found["last_syncs"], found["next_runs"], found["interval_hours"]) == ({}, {}, None)


@pytest.mark.parametrize("at", ["infinity", "-infinity", "20000-01-01", "0044-03-15 BC"])
def test_times_that_no_client_can_read(pricing: Pricing, at: str) -> None:
    """One provider's time was set by hand; the view still shows the others."""
    pricing.do(
        "update public.pricing_providers set next_sync_at = %s, next_allowed_at = %s,"
        " last_success_at = %s where slug = 'openrouter'",
        *(at, at, at),
    )
    found = status(pricing)
    times = [*found["next_runs"].values(), *(s["timestamp"] for s in found["last_syncs"].values())]
    for time in filter(None, times):
        assert datetime.fromisoformat(time).tzinfo is not None
    with pricing.as_role("pricing_web"):
        pricing.rows("select confirmed_ago from public.model_prices")
    pricing.value("select public.pricing_doctor()")
