"""What waits for a person, by provider, and its sum for readiness, status, doctor and worker."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.db.price_changes import guard
from tests.db.price_decisions import call, held, prices, said
from tests.db.pricing import Pricing, Row, price


def waiting(pricing: Pricing) -> dict[str, Row]:
    with pricing.as_role("pricing_web"):
        rows = pricing.rows("select * from public.pricing_waiting")
    return {row["provider"]: row for row in rows}


def summary(pricing: Pricing, role: str = "pricing_worker") -> Row:
    with pricing.as_role(role):
        return pricing.row("select * from public.pricing_waiting_summary()")


def models(count: int, **more: Any) -> dict[str, Row]:
    return {f"m{number}": prices(1, 2, **more) for number in range(count)}


def test_nothing_waits(pricing: Pricing) -> None:
    said(pricing, models(3))
    assert waiting(pricing) == {}
    assert summary(pricing) == {
        "held": 0,
        "rejected": 0,
        "oldest_held_seconds": None,
        "standing_still": [],
    }


def test_the_number_and_the_age_of_the_oldest(pricing: Pricing) -> None:
    said(pricing, models(10))
    for model, hours in (("m1", 3), ("m2", 50)):
        since = pricing.value("select now() - make_interval(hours => %s)", hours)
        held(pricing, model, prices(300, 2), first_seen_at=since)
    row = waiting(pricing)["openrouter"]
    assert (row["held"], row["rejected"], row["priced"]) == (2, 0, 10)
    assert 50 * 3600 <= row["oldest_held_ago"].total_seconds() < 50 * 3600 + 60
    total = summary(pricing)
    assert total["held"] == 2
    assert 50 * 3600 <= total["oldest_held_seconds"] < 50 * 3600 + 60


@pytest.mark.parametrize(("priced", "stands_still"), [(3, True), (4, False)])
def test_a_provider_stands_still_by_a_third_of_its_priced_models(
    pricing: Pricing, priced: int, stands_still: bool
) -> None:
    said(pricing, models(priced))
    held(pricing, "m1", prices(300, 2))
    assert waiting(pricing)["openrouter"]["stands_still"] is stands_still
    assert summary(pricing)["standing_still"] == ["openrouter"] * stands_still


def test_inactive_models_are_no_part_of_the_list(pricing: Pricing) -> None:
    said(pricing, models(4))
    pricing.maintain("update public.model_pricing set is_active = false where model_id = 'm3'")
    held(pricing, "m1", prices(300, 2))
    assert waiting(pricing)["openrouter"]["stands_still"]


@pytest.mark.parametrize("guards", [True, False])
def test_a_first_list_that_waits_stands_still(pricing: Pricing, guards: bool) -> None:
    said(pricing, models(10))
    held(pricing, "m1", prices(300, 2), **{"class": "first_list"})
    guard(pricing, review_first=True, guards_enabled=guards)
    assert waiting(pricing)["openrouter"]["stands_still"] is guards


def test_rejected_ones_that_are_still_listed_are_told_apart(pricing: Pricing) -> None:
    said(pricing, models(3))
    for model, still_said in (("m0", True), ("m1", False)):
        held(
            pricing,
            model,
            prices(300, 2),
            **{"status": "rejected", "still_said": still_said},
            **{"decided_at": "now", "decided_by": "ann"},
        )
    row = waiting(pricing)["openrouter"]
    assert (row["held"], row["rejected"], row["stands_still"]) == (0, 1, False)
    assert summary(pricing)["rejected"] == 1


def test_a_sync_of_what_was_rejected_earlier_says_how_many(pricing: Pricing) -> None:
    guard(pricing)
    pricing.sync("openrouter", [price("a", "0.0000003"), price("b", "0.0000003")])
    wrong = [price("a", "0.0003"), price("b", "0.0003")]
    first = pricing.sync("openrouter", wrong)
    assert (first["models_held"], first["details"].get("models_rejected")) == (2, None)
    held_id = pricing.value("select min(id) from public.pricing_held")
    call(pricing, "reject_held_price_change", id=held_id, rejected_by="ann")

    again = pricing.start("openrouter")
    with pricing.as_role("pricing_worker"):
        told = pricing.row(
            "select * from public.apply_provider_prices(%s, %s, %s::jsonb)",
            *(again.queue_job_id, again.number, json.dumps(wrong)),
        )
    assert (told["models_held"], told["details"]["models_rejected"]) == (2, 1)
    shown = pricing.row(
        "select models_held, models_rejected from public.pricing_provider_syncs where job_id = %s",
        again.job_id,
    )
    assert shown == {"models_held": 2, "models_rejected": 1}
    progress = pricing.value(
        "select results from public.pricing_sync_progress where job_id = %s", again.job_id
    )
    assert progress["openrouter"]["models_rejected"] == 1


def test_a_dry_run_names_what_was_rejected_earlier(pricing: Pricing) -> None:
    guard(pricing)
    pricing.sync("openrouter", [price("a", "0.0000003")])
    wrong = [price("a", "0.0003")]
    pricing.sync("openrouter", wrong)
    held_id = pricing.value("select id from public.pricing_held")
    call(pricing, "reject_held_price_change", id=held_id, rejected_by="ann")
    details = pricing.apply(pricing.start("openrouter", dry_run=True), wrong)["details"]
    assert details["models_rejected"] == 1
    assert details["differences"][0]["rejected"] is True
