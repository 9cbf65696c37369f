"""One row for each provider: its settings, its syncs, its models; and whether its list is fresh."""

from __future__ import annotations

from typing import Any

import pytest

from tests.db.price_changes import guard
from tests.db.price_decisions import call, held, prices, said
from tests.db.prices.test_pricing_stale import settle, time_passes
from tests.db.pricing import Pricing, Row, price


def status(pricing: Pricing, provider: str = "openrouter") -> Row:
    with pricing.as_role("pricing_web"):
        return pricing.row(
            "select * from public.pricing_provider_status where provider = %s", provider
        )


def freshness(pricing: Pricing, provider: str = "openrouter") -> tuple[Any, str | None]:
    with pricing.as_role("pricing_web"):
        row = pricing.row("select * from public.pricing_freshness where provider = %s", provider)
    return row["is_fresh"], row["reason"]


@pytest.fixture(autouse=True)
def running_schedule(pricing: Pricing) -> None:
    pricing.do("update public.pricing_settings set scheduler_enabled = true")


def test_before_the_first_sync(pricing: Pricing) -> None:
    row = status(pricing)
    nothing = (
        *("last_sync_at", "last_sync_status", "last_job_id", "last_success_at", "why"),
        *("next_sync_at", "next_allowed_at"),
    )
    assert {row[name] for name in nothing} == {None}
    assert (row["models"], row["models_priced"], row["models_held"]) == (0, 0, 0)
    assert (row["interval_seconds"], row["timeout_seconds"]) == (6 * 3600, 600)
    assert row["is_stale"] is False
    assert freshness(pricing) == (False, "never synced")


def test_what_its_syncs_did(pricing: Pricing) -> None:
    first = pricing.sync("openrouter", [price("a"), price("b"), price("unpriced", None, None)])
    row = status(pricing)
    assert (row["last_sync_status"], row["last_job_id"]) == ("success", first["job_id"])
    assert (row["models"], row["models_priced"]) == (3, 2)
    assert row["last_sync_at"] == first["sync_completed_at"]
    assert freshness(pricing) == (True, None)

    failed = pricing.start("openrouter")
    pricing.end(failed, "failed", "timeout", "too slow")
    running = pricing.start("openrouter")
    pricing.trigger("openrouter")
    row = status(pricing)
    assert (row["last_sync_status"], row["last_error_kind"], row["last_error_message"]) == (
        *("failed", "timeout", "too slow"),
    )
    assert (str(row["last_job_id"]), row["consecutive_failures"]) == (failed.job_id, 1)
    assert (row["open_sync_status"], str(row["open_job_id"])) == ("in_progress", running.job_id)


def test_what_waits_for_a_person(pricing: Pricing) -> None:
    said(pricing, {f"m{number}": prices(1, 2) for number in range(3)})
    held(pricing, "m1", prices(300, 2))
    rejected = held(pricing, "m2", prices(300, 2))
    call(pricing, "reject_held_price_change", id=rejected, rejected_by="ann")
    row = status(pricing)
    assert (row["models_held"], row["models_rejected"], row["stands_still"]) == (1, 1, True)
    assert row["oldest_held_at"].year == 2026


def test_inactive_models_do_not_count(pricing: Pricing) -> None:
    said(pricing, {"a": prices(1, 2), "b": prices(1, 2)})
    pricing.maintain("update public.model_pricing set is_active = false where model_id = 'b'")
    assert (status(pricing)["models"], status(pricing)["models_priced"]) == (1, 1)


@pytest.mark.parametrize("hours", [7, 7.1])
def test_it_is_stale_as_pricing_stale_says(pricing: Pricing, hours: float) -> None:
    pricing.sync("openrouter", [price("a")])
    time_passes(pricing, hours)
    with pricing.as_role("pricing_web"):
        rows = pricing.rows(
            "select provider, due_at, why from public.pricing_stale where model is null"
        )
        shown = pricing.rows(
            "select provider, due_at, why from public.pricing_provider_status where is_stale"
        )
    assert sorted(map(str, shown)) == sorted(map(str, rows))
    assert status(pricing)["is_stale"] is (hours > 7)
    assert freshness(pricing) == ((True, None) if hours == 7 else (False, "overdue"))


def test_the_credential(pricing: Pricing) -> None:
    settle(pricing, "groq", enabled=True)
    settle(pricing, "groq", state="no_credentials")
    row = status(pricing, "groq")
    assert (row["credential_variable"], row["has_credential"]) == ("GROQ_API_KEY", False)
    assert freshness(pricing, "groq") == (None, "no credential")
    with pricing.as_role("pricing_worker"):
        pricing.rows("select public.report_pricing_credentials('{groq}')")
    assert status(pricing, "groq")["has_credential"] is True
    assert status(pricing)["has_credential"] is None


def test_disabled_providers_are_not_asked_to_be_fresh(pricing: Pricing) -> None:
    settle(pricing, enabled=False)
    assert status(pricing)["state"] == "disabled"
    fresh = pricing.rows("select provider from public.pricing_freshness order by 1")
    every = pricing.rows("select slug as provider from public.pricing_providers where enabled")
    assert len(fresh) == len(every) > 0


@pytest.mark.parametrize("time", ["infinity", "-infinity", "294276-12-31", "4713-01-01 BC"])
def test_no_time_set_by_hand_fails_it(pricing: Pricing, time: str) -> None:
    """Read by a client that ends with the year 9999."""
    pricing.sync("openrouter", [price("a")])
    said(pricing, {"m": prices(1, 2)})
    held(pricing, "m", prices(300, 2), first_seen_at=time)
    guard(pricing, sync_interval="100 years", sync_jitter=0.5)
    for column in (
        *("next_sync_at", "next_allowed_at", "last_success_at", "last_changed_at", "created_at"),
    ):
        settle(pricing, **{column: time})
    pricing.do("update public.pricing_sync_log set sync_completed_at = null")
    pricing.do("update public.pricing_sync_log set queued_at = %s, sync_started_at = null", time)
    row = status(pricing)
    assert row["provider"] == "openrouter"
    if time == "infinity":
        assert row["next_sync_at"].year == 9999
    if time == "-infinity":
        assert row["next_sync_at"] is row["next_allowed_at"] is None, "it is due now"
    freshness(pricing)


def test_health_learns_no_name_of_a_credential_and_no_error(pricing: Pricing) -> None:
    pricing.end(pricing.start("openrouter"), "failed", "timeout", "https://secret.example")
    text = str(pricing.rows("select f::text from public.pricing_freshness f"))
    assert "openrouter" in text
    assert not any(word in text for word in ("API_KEY", "http", "secret"))
