"""Each job with the current state of its provider syncs."""

from __future__ import annotations

from tests.db.price_changes import guard
from tests.db.pricing import Pricing, Row, price


def progress(pricing: Pricing, job_id: object) -> Row:
    with pricing.as_role("pricing_web"):
        return pricing.row("select * from public.pricing_sync_progress where job_id = %s", job_id)


def test_from_the_trigger_to_the_end(pricing: Pricing) -> None:
    job_id = pricing.trigger("openrouter", "deepinfra", "catalogue")["job_id"]
    row = progress(pricing, job_id)
    assert (row["status"], row["finished"], row["progress_percent"]) == ("queued", False, 0)
    assert row["provider_slug"] == "all"
    assert {p: r["status"] for p, r in row["results"].items()} == dict.fromkeys(
        ("openrouter", "deepinfra", "catalogue"), "queued"
    )

    attempts = [attempt for _ in range(3) if (attempt := pricing.fetch()) is not None]
    pricing.succeed(attempts[0])
    row = progress(pricing, job_id)
    assert (row["status"], row["progress_percent"]) == ("running", 33)
    assert (row["providers_synced"], row["providers_failed"]) == (["openrouter"], [])

    pricing.end(attempts[1], "failed", "timeout", "too slow")
    pricing.end(attempts[2], "cancelled")
    row = progress(pricing, job_id)
    assert (row["status"], row["outcome"], row["finished"]) == ("completed", "partial", True)
    assert row["progress_percent"] == 100
    assert row["providers_failed"] == ["catalogue", "deepinfra"]
    assert row["results"]["deepinfra"]["error_kind"] == "timeout"
    assert row["results"]["openrouter"]["models_updated"] == 1


def test_only_the_newest_attempt_of_a_provider_counts(pricing: Pricing) -> None:
    attempt = pricing.start(worker_id=pricing.worker("1 hour"))
    pricing.do("select public.cleanup_stuck_pricing_syncs()")
    row = progress(pricing, attempt.job_id)
    assert row["provider_slug"] == "openrouter"
    assert (row["progress_percent"], row["providers_failed"]) == (0, [])
    assert (row["results"]["openrouter"]["attempt"], row["results"]["openrouter"]["status"]) == (
        2,
        "queued",
    )


def test_a_dry_run_s_differences_are_there(pricing: Pricing) -> None:
    attempt = pricing.start(dry_run=True)
    pricing.apply(attempt, [price("m", "1")])
    result = progress(pricing, attempt.job_id)["results"]["openrouter"]
    assert result["differences_total"] == 1
    assert result["differences"][0]["model_id"] == "m"


def test_the_providers_and_what_their_newest_attempts_hold(pricing: Pricing) -> None:
    guard(pricing, "openrouter", "deepinfra")
    for provider in ("openrouter", "deepinfra"):
        pricing.sync(provider, [price("m", "0.0000003", source=f"api:{provider}")])
    job_id = pricing.trigger("openrouter", "deepinfra")["job_id"]
    assert progress(pricing, job_id)["models_held"] == 0
    for provider in ("openrouter", "deepinfra"):
        attempt = pricing.fetch()
        assert attempt is not None
        pricing.apply(attempt, [price("m", "0.0003", source=f"api:{provider}")])
    row = progress(pricing, job_id)
    assert (row["providers"], row["models_held"]) == (["openrouter", "deepinfra"], 2)
