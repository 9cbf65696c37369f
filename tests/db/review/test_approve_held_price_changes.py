"""All changes held by one sync are approved at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from tests.db.conftest import Another
from tests.db.price_decisions import (
    audit,
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


@pytest.fixture
def job_id(pricing: Pricing) -> UUID:
    return ended_job(pricing)


def approve(pricing: Pricing, job_id: object, **given: object) -> list[Row]:
    given = {"approved_by": "ann"} | given
    return call(pricing, "approve_held_price_changes", job_id=job_id, **given)


def test_all_that_the_job_said_last(pricing: Pricing, job_id: UUID) -> None:
    said(pricing, {m: prices(1, 2) for m in ("a", "b", "c", "d")})
    said(pricing, {"a": prices(1, 2)}, provider="deepinfra")
    override(pricing, "b", input_per_1m=5)
    waits = [
        held(pricing, "a", prices(300, 2), job_id=job_id),
        held(pricing, "b", prices(400, 2), job_id=job_id),
        held(pricing, "a", prices(500, 2), job_id=job_id, provider="deepinfra"),
    ]
    others = [
        held(pricing, "c", prices(300, 2), first_job_id=job_id, job_id=ended_job(pricing)),
        held(pricing, "d", prices(300, 2), job_id=job_id, status="rejected", decided_at="now"),
    ]
    rows = approve(pricing, job_id, note="announced")

    for row, held_id in zip(rows, waits, strict=True):
        assert row.items() <= held_row(pricing, held_id).items()
    assert {row["status"] for row in rows} == {"approved"}
    assert {row["decision_note"] for row in rows} == {"announced"}
    assert charged(pricing, "a") == prices(300, 2)
    assert charged(pricing, "b") == prices(5, 2)
    assert charged(pricing, "a", "deepinfra") == prices(500, 2)
    assert course(pricing, "a")[-1] == ("manual:ann", True, 300, 2)
    assert [held_row(pricing, it)["status"] for it in others] == ["held", "rejected"]
    assert audit(pricing)[1:] == [
        {
            "who": "ann",
            "action": "approve_held_price_changes",
            "subject": str(job_id),
            "details": {"count": 3, "ids": waits, "note": "announced"},
        }
    ]


def test_each_provider_is_told_once(pricing: Pricing, another: Another, job_id: UUID) -> None:
    models = [f"m{number}" for number in range(3)]
    for provider in ("openrouter", "deepinfra"):
        said(pricing, {m: prices(1, 2) for m in models}, provider=provider)
        for m in models:
            held(pricing, m, prices(300, 2), provider=provider, job_id=job_id)
    listener = another()
    listener.listen("pricing_changed")
    approve(pricing, job_id)
    assert [payload for _, payload in listener.heard(pricing)] == [
        f'{{"count": 3, "job_id": "{job_id}", "provider": "{provider}"}}'
        for provider in ("deepinfra", "openrouter")
    ]


def test_a_first_list(pricing: Pricing, job_id: UUID) -> None:
    pricing.do("update public.pricing_providers set review_first = true where slug = 'openrouter'")
    said(pricing, {"a": {}, "b": {}})
    for m in ("a", "b"):
        held(pricing, m, prices(1, 2), job_id=job_id, **{"class": "first_list"})
    approve(pricing, job_id)
    assert pricing.provider("openrouter")["review_first"] is False


def test_two_at_once(
    pricing: Pricing, another: Another, threads: ThreadPoolExecutor, job_id: UUID
) -> None:
    said(pricing, {"m": prices(1, 2)})
    held(pricing, "m", prices(300, 2), job_id=job_id)
    other = another()
    with pricing.connection.transaction():
        approve(pricing, job_id)
        second = threads.submit(approve, other, job_id)
        pricing.wait_until_blocked(other)
    with refused("PT409"):
        second.result(60)
    assert len(audit(pricing)) == 1


def test_of_a_job_that_was_pruned(pricing: Pricing, job_id: UUID) -> None:
    said(pricing, {"m": prices(1, 2)})
    held(pricing, "m", prices(300, 2), job_id=job_id)
    pricing.do("delete from public.pricing_sync_jobs")
    assert len(approve(pricing, job_id)) == 1


def test_there_may_be_nothing(pricing: Pricing, job_id: UUID) -> None:
    with pricing.nothing_written(), refused("PT409"):
        approve(pricing, job_id)


@pytest.mark.parametrize("unknown", [None, uuid4()], ids=["null", "unknown"])
def test_an_unknown_job(pricing: Pricing, unknown: UUID | None) -> None:
    with pricing.nothing_written(), refused("PT404"):
        approve(pricing, unknown)


@pytest.mark.parametrize(
    "given",
    [{"approved_by": None}, {"approved_by": ""}, {"approved_by": "x" * 201}, {"note": "x" * 501}],
    ids=["nobody", "no name", "a long name", "a long note"],
)
def test_bad_words(pricing: Pricing, job_id: UUID, given: Row) -> None:
    said(pricing, {"m": prices(1, 2)})
    held(pricing, "m", prices(300, 2), job_id=job_id)
    with pricing.nothing_written(), refused("PT422"):
        approve(pricing, job_id, **given)
