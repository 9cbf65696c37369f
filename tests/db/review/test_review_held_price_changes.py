"""The rules that approval and rejection share, for one change and for many."""

from __future__ import annotations

from tests.db.price_decisions import charged, ended_job, held, held_row, prices, said
from tests.db.pricing import Pricing


def decide(pricing: Pricing, ids: list[int], status: str) -> None:
    pricing.rows("select public.review_held_price_changes(%s, %s, 'ann', 'a note')", ids, status)


def test_each_keeps_the_job_and_the_time_of_what_said_it(pricing: Pricing) -> None:
    said(pricing, {m: prices(1, 2) for m in ("a", "b", "c")})
    jobs = [ended_job(pricing), ended_job(pricing)]
    times = ["2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"]
    waits = [
        held(pricing, m, prices(300, 2), job_id=job_id, observed_at=at)
        for m, job_id, at in zip(("a", "b"), jobs, times, strict=True)
    ]
    other = held(pricing, "c", prices(300, 2))
    decide(pricing, waits, "approved")
    rows = [pricing.history(m)[-1] for m in ("a", "b")]
    assert [row["job_id"] for row in rows] == jobs
    assert [row["observed_at"].day for row in rows] == [2, 3]
    assert rows[0]["changed_at"] == rows[1]["changed_at"]
    assert held_row(pricing, other)["status"] == "held"


def test_what_is_rejected_changes_no_price(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    waits = held(pricing, "m", prices(300, 2))
    decide(pricing, [waits], "rejected")
    assert charged(pricing) == prices(1, 2)
    row = held_row(pricing, waits)
    assert (row["status"], row["decided_by"], row["decision_note"]) == ("rejected", "ann", "a note")
    assert row["decided_at"] is not None
