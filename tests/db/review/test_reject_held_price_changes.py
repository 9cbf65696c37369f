"""All changes held by one sync are rejected at once."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from tests.db.price_decisions import (
    audit,
    call,
    charged,
    ended_job,
    held,
    held_row,
    prices,
    said,
)
from tests.db.pricing import Pricing, Row, refused


@pytest.fixture
def job_id(pricing: Pricing) -> UUID:
    return ended_job(pricing)


def reject(pricing: Pricing, job_id: object, **given: object) -> list[Row]:
    given = {"rejected_by": "ann"} | given
    return call(pricing, "reject_held_price_changes", job_id=job_id, **given)


def test_all_that_the_job_said_last(pricing: Pricing, job_id: UUID) -> None:
    said(pricing, {m: prices(1, 2) for m in ("a", "b", "c")})
    waits = [held(pricing, m, prices(300, 2), job_id=job_id) for m in ("a", "b")]
    other = held(pricing, "c", prices(300, 2))
    rows = reject(pricing, job_id, note="cents for dollars")
    for row, held_id in zip(rows, waits, strict=True):
        assert row.items() <= held_row(pricing, held_id).items()
    assert {row["status"] for row in rows} == {"rejected"}
    assert charged(pricing, "a") == charged(pricing, "b") == prices(1, 2)
    assert held_row(pricing, other)["status"] == "held"
    assert audit(pricing) == [
        {
            "who": "ann",
            "action": "reject_held_price_changes",
            "subject": str(job_id),
            "details": {"count": 2, "ids": waits, "note": "cents for dollars"},
        }
    ]
    with pricing.nothing_written(), refused("PT409"):
        reject(pricing, job_id)


def test_one_of_them_is_approved_after_all(pricing: Pricing, job_id: UUID) -> None:
    said(pricing, {m: prices(1, 2) for m in ("a", "b")})
    waits = [held(pricing, m, prices(300, 2), job_id=job_id) for m in ("a", "b")]
    reject(pricing, job_id)
    call(pricing, "approve_held_price_change", id=waits[0])
    assert (charged(pricing, "a"), charged(pricing, "b")) == (prices(300, 2), prices(1, 2))


@pytest.mark.parametrize("unknown", [None, uuid4()], ids=["null", "unknown"])
def test_an_unknown_job(pricing: Pricing, unknown: UUID | None) -> None:
    with pricing.nothing_written(), refused("PT404"):
        reject(pricing, unknown)


@pytest.mark.parametrize(
    "given",
    [{"rejected_by": None}, {"rejected_by": ""}, {"rejected_by": "x" * 201}, {"note": "x" * 501}],
    ids=["nobody", "no name", "a long name", "a long note"],
)
def test_bad_words(pricing: Pricing, job_id: UUID, given: Row) -> None:
    said(pricing, {"m": prices(1, 2)})
    held(pricing, "m", prices(300, 2), job_id=job_id)
    with pricing.nothing_written(), refused("PT422"):
        reject(pricing, job_id, **given)
