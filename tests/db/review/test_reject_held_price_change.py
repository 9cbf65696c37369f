"""A held price is rejected: the price in force stays while the provider publishes this one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.db.conftest import Another
from tests.db.price_decisions import (
    audit,
    call,
    charged,
    course,
    held,
    held_row,
    prices,
    said,
)
from tests.db.pricing import Pricing, Row, refused


def reject(pricing: Pricing, held_id: int | None, **given: object) -> Row:
    given = {"rejected_by": "ann"} | given
    (row,) = call(pricing, "reject_held_price_change", id=held_id, **given)
    return row


@pytest.fixture
def waits(pricing: Pricing) -> int:
    said(pricing, {"m": prices(1, 2)})
    return held(pricing, "m", prices(300, 2))


def test_the_price_stays(pricing: Pricing, waits: int) -> None:
    answer = reject(pricing, waits, note="a wrong unit")
    assert answer.items() <= held_row(pricing, waits).items()
    assert (answer["status"], answer["still_said"]) == ("rejected", True)
    assert (answer["decided_by"], answer["decision_note"]) == ("ann", "a wrong unit")
    assert charged(pricing) == prices(1, 2)
    assert len(course(pricing)) == 1
    assert audit(pricing) == [
        {
            "who": "ann",
            "action": "reject_held_price_change",
            "subject": str(waits),
            "details": {
                "provider": "openrouter",
                "model": "m",
                "reason": answer["reason"],
                "note": "a wrong unit",
            },
        }
    ]


@pytest.mark.parametrize("status", ["approved", "rejected", "applied", "superseded", "withdrawn"])
def test_what_does_not_wait(pricing: Pricing, waits: int, status: str) -> None:
    pricing.do(
        "update public.pricing_held_changes set status = %s, decided_at = now(), decided_by = 'x'",
        status,
    )
    with pricing.nothing_written(), refused("PT409"):
        reject(pricing, waits)


def test_while_another_session_approves_it(
    pricing: Pricing, waits: int, another: Another, threads: ThreadPoolExecutor
) -> None:
    other = another()
    with pricing.connection.transaction():
        call(pricing, "approve_held_price_change", id=waits)
        rejected = threads.submit(reject, other, waits)
        pricing.wait_until_blocked(other)
    with refused("PT409"):
        rejected.result(60)
    assert charged(pricing) == prices(300, 2)


@pytest.mark.parametrize("held_id", [None, 0, 987654321])
def test_an_unknown_one(pricing: Pricing, held_id: int | None) -> None:
    with pricing.nothing_written(), refused("PT404"):
        reject(pricing, held_id)


@pytest.mark.parametrize(
    "given",
    [{"rejected_by": None}, {"rejected_by": ""}, {"rejected_by": "x" * 201}, {"note": "x" * 501}],
    ids=["nobody", "no name", "a long name", "a long note"],
)
def test_bad_words(pricing: Pricing, waits: int, given: Row) -> None:
    with pricing.nothing_written(), refused("PT422"):
        reject(pricing, waits, **given)
