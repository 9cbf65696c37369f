"""Rejected changes that wait again: one, those of a provider, those of a job."""

from __future__ import annotations

from typing import Any

import pytest

from tests.db.price_changes import guard
from tests.db.price_decisions import audit, call, charged, held, held_row, prices, said
from tests.db.pricing import Pricing, Row, price, refused

REJECTED: dict[str, Any] = {
    "status": "rejected",
    "decided_at": "2026-01-03T00:00:00Z",
    "decided_by": "bob",
    "decision_note": "too much",
}


def rejected(pricing: Pricing, model: str = "m", **columns: Any) -> int:
    said(pricing, {model: prices(1, 2)})
    return held(pricing, model, prices(300, 2), **(REJECTED | columns))


def reopen(pricing: Pricing, held_id: int | None, **more: Any) -> list[Row]:
    return call(pricing, "reopen_held_price_change", id=held_id, **({"reopened_by": "ann"} | more))


def reopen_all(pricing: Pricing, **given: Any) -> list[Row]:
    return call(pricing, "reopen_held_price_changes", **({"reopened_by": "ann"} | given))


def test_it_waits_again_and_the_audit_log_keeps_the_rejection(pricing: Pricing) -> None:
    held_id = rejected(pricing)
    (row,) = reopen(pricing, held_id, note="they confirmed it")
    assert (row["status"], row["decided_at"], row["decided_by"]) == ("held", None, None)
    assert row["decision_note"] is None
    assert pricing.value("select id from public.pricing_held") == held_id
    assert pricing.rows("select id from public.pricing_rejected") == []
    entry = audit(pricing)[-1]
    assert (entry["who"], entry["action"], entry["subject"]) == (
        "ann",
        "reopen_held_price_change",
        str(held_id),
    )
    assert entry["details"]["note"] == "they confirmed it"
    assert (entry["details"]["rejected_by"], entry["details"]["rejected_note"]) == (
        "bob",
        "too much",
    )


def test_it_can_be_approved_then(pricing: Pricing) -> None:
    held_id = rejected(pricing)
    reopen(pricing, held_id)
    call(pricing, "approve_held_price_change", id=held_id, approved_by="ann")
    assert charged(pricing) == prices(300, 2)


@pytest.mark.parametrize("status", ["held", "approved", "applied", "superseded", "withdrawn"])
def test_what_is_not_rejected(pricing: Pricing, status: str) -> None:
    decided = None if status == "held" else "2026-01-03T00:00:00Z"
    held_id = rejected(pricing, status=status, decided_at=decided)
    with pricing.nothing_written(), refused("PT409"):
        reopen(pricing, held_id)


def test_what_the_provider_no_longer_lists(pricing: Pricing) -> None:
    held_id = rejected(pricing, still_said=False)
    with pricing.nothing_written(), refused("PT409"):
        reopen(pricing, held_id)


def test_beside_another_that_waits(pricing: Pricing) -> None:
    held_id = rejected(pricing)
    held(pricing, "m", prices(400, 2))
    with pricing.nothing_written(), refused("PT409"):
        reopen(pricing, held_id)
    with pricing.nothing_written(), refused("PT409"):
        reopen_all(pricing, provider="openrouter")


def test_an_id_that_is_not_there(pricing: Pricing) -> None:
    for held_id in (999, None):
        with refused("PT404"):
            reopen(pricing, held_id)


@pytest.mark.parametrize("given", [{"reopened_by": ""}, {"note": "x" * 501}])
def test_bad_input(pricing: Pricing, given: dict[str, Any]) -> None:
    held_id = rejected(pricing)
    with pricing.nothing_written(), refused("PT422"):
        reopen(pricing, held_id, **given)
    with pricing.nothing_written(), refused("PT422"):
        reopen_all(pricing, **({"provider": "openrouter"} | given))


def test_all_of_a_provider_that_are_still_listed(pricing: Pricing) -> None:
    ids = [rejected(pricing, model) for model in ("a", "b")]
    rejected(pricing, "gone", still_said=False)
    said(pricing, {"n": prices(1)}, provider="novita")
    other = held(pricing, "n", prices(300), provider="novita", **REJECTED)
    rows = reopen_all(pricing, provider="openrouter", note="again")
    assert [(row["id"], row["status"]) for row in rows] == [(each, "held") for each in ids]
    assert held_row(pricing, other)["status"] == "rejected"
    entry = audit(pricing)[-1]
    assert (entry["action"], entry["subject"]) == ("reopen_held_price_changes", "openrouter")
    assert (entry["details"]["ids"], entry["details"]["note"]) == (ids, "again")
    assert entry["details"]["rejected_by"] == ["bob"]


def test_all_of_a_job(pricing: Pricing) -> None:
    guard(pricing)
    right, wrong = ([price(m, amount) for m in "abc"] for amount in ("0.0000003", "0.0003"))
    pricing.sync("openrouter", right)
    job_id = pricing.sync("openrouter", wrong)["job_id"]
    call(pricing, "reject_held_price_changes", job_id=job_id, rejected_by="bob")
    last = pricing.sync("openrouter", wrong)["job_id"]
    with refused("PT409"):
        reopen_all(pricing, job_id=job_id)
    assert len(reopen_all(pricing, job_id=last)) == 3
    assert pricing.value("select count(*) from public.pricing_held") == 3


@pytest.mark.parametrize("given", [{}, {"provider": "openrouter", "job_id": "0" * 32}])
def test_one_of_provider_and_job(pricing: Pricing, given: dict[str, Any]) -> None:
    with refused("PT422"):
        reopen_all(pricing, **given)


def test_the_next_sync_keeps_it_and_its_hours_begin_anew(pricing: Pricing) -> None:
    """As large as it is it would apply itself at once, by the time since it was first seen."""
    guard(pricing)
    right, wrong = [price("m", "0.0000003")], [price("m", "0.0000045")]
    pricing.sync("openrouter", right)
    for _ in range(4):
        pricing.sync("openrouter", wrong)
    held_id = pricing.value("select id from public.pricing_held")
    call(pricing, "reject_held_price_change", id=held_id, rejected_by="bob")
    pricing.do(
        "update public.pricing_held_changes set first_seen_at = first_seen_at - interval '9 days'"
    )
    pricing.sync("openrouter", wrong)
    reopen(pricing, held_id)
    seen = pricing.row("select * from public.pricing_held")
    assert seen["applies_at"] > pricing.value("select now() + interval '23 hours'")
    log = pricing.sync("openrouter", wrong)
    assert (log["models_held"], log["details"].get("models_rejected")) == (1, None)
    assert pricing.value("select times_seen from public.pricing_held") == seen["times_seen"] + 1

    pricing.do(
        "update public.pricing_held_changes set reopened_at = reopened_at - interval '2 days'"
    )
    assert pricing.sync("openrouter", wrong)["models_updated"] == 1


def test_what_no_guard_stops_any_more_still_waits_once_it_was_reopened(pricing: Pricing) -> None:
    guard(pricing, review_first=True)
    pricing.sync("openrouter", [price("m", "0.0000003")])
    held_id = pricing.value("select id from public.pricing_held")
    call(pricing, "reject_held_price_change", id=held_id, rejected_by="bob")
    guard(pricing, review_first=False)
    reopen(pricing, held_id)
    assert pricing.sync("openrouter", [price("m", "0.0000003")])["models_held"] == 1
