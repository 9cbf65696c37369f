"""A held price becomes the price in force when a person approves it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.db.conftest import Another
from tests.db.price_decisions import (
    audit,
    base,
    call,
    charged,
    course,
    ended_job,
    held,
    held_row,
    override,
    prices,
    said,
)
from tests.db.pricing import Pricing, Row, refused


def approve(pricing: Pricing, held_id: int | None, **given: object) -> Row:
    given = {"approved_by": "ann"} | given
    (row,) = call(pricing, "approve_held_price_change", id=held_id, **given)
    return row


def test_it_is_the_price_and_has_its_history(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    job_id = ended_job(pricing)
    waits = held(pricing, "m", prices(300, 2, price_per_image="0.04"), job_id=job_id)
    answer = approve(pricing, waits, note="announced on their page")

    assert answer.items() <= held_row(pricing, waits).items()
    assert (answer["status"], answer["decided_by"]) == ("approved", "ann")
    assert answer["decision_note"] == "announced on their page"
    assert charged(pricing) == prices(300, 2, price_per_image="0.04")
    assert course(pricing)[-1] == ("manual:ann", True, 300, 2)
    row = pricing.history("m")[-1]
    assert (row["job_id"], row["observed_at"]) == (job_id, answer["observed_at"])
    assert row["raw"] == answer["raw"]
    assert audit(pricing) == [
        {
            "who": "ann",
            "action": "approve_held_price_change",
            "subject": str(waits),
            "details": {
                "provider": "openrouter",
                "model": "m",
                "reason": answer["reason"],
                "was": "held",
                "note": "announced on their page",
            },
        }
    ]


def test_the_caller_is_who_approves(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    waits = held(pricing, "m", prices(300, 2))
    (row,) = call(pricing, "approve_held_price_change", id=waits)
    assert (row["decided_by"], row["decision_note"]) == ("pricing_web", None)


def test_a_first_price(pricing: Pricing) -> None:
    said(pricing, {"m": {}})
    waits = held(pricing, "m", prices(3000, 1))
    approve(pricing, waits)
    assert course(pricing) == [("manual:ann", True, 3000, 1)]


def test_under_an_override_it_is_what_the_provider_says_and_the_override_stays(
    pricing: Pricing,
) -> None:
    said(pricing, {"m": prices(1, 2)})
    override(pricing, input_per_1m=5)
    waits = held(pricing, "m", prices(300, 2))
    approve(pricing, waits)
    assert charged(pricing) == prices(5, 2)
    assert base(pricing) == prices(300, 2)
    assert course(pricing)[-1] == ("manual:ann", False, 300, 2)


def test_a_rejected_one_while_the_provider_still_says_it(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    waits = held(pricing, "m", prices(300, 2))
    call(pricing, "reject_held_price_change", id=waits)
    assert approve(pricing, waits)["status"] == "approved"
    assert charged(pricing) == prices(300, 2)
    assert [row["details"].get("was") for row in audit(pricing)] == [None, "rejected"]


def test_a_rejected_one_that_the_provider_says_no_more(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    waits = held(pricing, "m", prices(300, 2))
    call(pricing, "reject_held_price_change", id=waits)
    pricing.do("update public.pricing_held_changes set still_said = false")
    with pricing.nothing_written(), refused("PT409"):
        approve(pricing, waits)


@pytest.mark.parametrize("status", ["approved", "applied", "superseded", "withdrawn"])
def test_what_does_not_wait(pricing: Pricing, status: str) -> None:
    said(pricing, {"m": prices(1, 2)})
    waits = held(pricing, "m", prices(300, 2), status=status, decided_at="now", decided_by="x")
    with pricing.nothing_written(), refused("PT409") as info:
        approve(pricing, waits)
    assert f"it is {status} (by x)" in str(info.value)


def test_two_at_once(pricing: Pricing, another: Another, threads: ThreadPoolExecutor) -> None:
    said(pricing, {"m": prices(1, 2)})
    waits = held(pricing, "m", prices(300, 2))
    other = another()
    with pricing.connection.transaction():
        approve(pricing, waits)
        second = threads.submit(approve, other, waits, approved_by="bob")
        pricing.wait_until_blocked(other)
    with refused("PT409"):
        second.result(60)
    assert held_row(pricing, waits)["decided_by"] == "ann"
    assert len(course(pricing)) == 2
    assert len(audit(pricing)) == 1


@pytest.mark.parametrize("held_id", [None, 0, 987654321])
def test_an_unknown_one(pricing: Pricing, held_id: int | None) -> None:
    with pricing.nothing_written(), refused("PT404"):
        approve(pricing, held_id)


@pytest.mark.parametrize(
    "given",
    [{"approved_by": None}, {"approved_by": ""}, {"approved_by": "x" * 201}, {"note": "x" * 501}],
)
def test_bad_words(pricing: Pricing, given: Row) -> None:
    said(pricing, {"m": prices(1, 2)})
    waits = held(pricing, "m", prices(300, 2))
    with pricing.nothing_written(), refused("PT422"):
        approve(pricing, waits, **given)


def test_it_is_told_once(pricing: Pricing, another: Another) -> None:
    said(pricing, {"m": prices(1, 2)})
    job_id = ended_job(pricing)
    waits = held(pricing, "m", prices(300, 2), job_id=job_id)
    listener = another()
    listener.listen("pricing_changed")
    approve(pricing, waits)
    assert listener.heard(pricing) == [
        ("pricing_changed", f'{{"count": 1, "job_id": "{job_id}", "provider": "openrouter"}}')
    ]


# The first list of a new provider waits for review.


def first_list(pricing: Pricing) -> list[int]:
    pricing.do("update public.pricing_providers set review_first = true where slug = 'openrouter'")
    said(pricing, {"m1": {}, "m2": {}, "m3": {}})
    return [held(pricing, m, prices(1, 2), **{"class": "first_list"}) for m in ("m1", "m2", "m3")]


def test_the_last_of_a_first_list_ends_its_review(pricing: Pricing) -> None:
    first, second, third = first_list(pricing)
    approve(pricing, first)
    call(pricing, "reject_held_price_change", id=second)
    assert pricing.provider("openrouter")["review_first"] is True
    approve(pricing, third)
    assert pricing.provider("openrouter")["review_first"] is False


def test_so_does_rejecting_the_last_when_others_were_approved(pricing: Pricing) -> None:
    first, second, third = first_list(pricing)
    approve(pricing, first)
    approve(pricing, second)
    call(pricing, "reject_held_price_change", id=third)
    assert pricing.provider("openrouter")["review_first"] is False


def test_a_first_list_that_was_rejected_whole_is_reviewed_again(pricing: Pricing) -> None:
    for held_id in first_list(pricing):
        call(pricing, "reject_held_price_change", id=held_id)
    assert pricing.provider("openrouter")["review_first"] is True


def test_what_else_is_approved_does_not_end_it(pricing: Pricing) -> None:
    pricing.do("update public.pricing_providers set review_first = true where slug = 'openrouter'")
    said(pricing, {"m": prices(1, 2)})
    approve(pricing, held(pricing, "m", prices(300, 2)))
    assert pricing.provider("openrouter")["review_first"] is True
