"""The channel pricing_held: a provider whose number of waiting changes is another one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.db.conftest import Another
from tests.db.price_changes import guard
from tests.db.price_decisions import call
from tests.db.pricing import Pricing, Row, price

RIGHT, WRONG = "0.0000003", "0.0003"


def say(pricing: Pricing, *amounts: str) -> Row:
    return pricing.sync("openrouter", [price(f"m{n}", each) for n, each in enumerate(amounts)])


def heard(listener: Pricing, speaker: Pricing) -> list[dict[str, Any]]:
    return [json.loads(payload) for _, payload in listener.heard(speaker)]


@pytest.fixture
def listener(pricing: Pricing, another: Another) -> Pricing:
    guard(pricing)
    say(pricing, *[RIGHT] * 9)
    listener = another()
    listener.listen("pricing_held")
    return listener


def test_a_sync_that_holds_something_new(pricing: Pricing, listener: Pricing) -> None:
    log = say(pricing, WRONG, WRONG, *[RIGHT] * 7)
    assert heard(listener, pricing) == [
        {"provider": "openrouter", "count": 2, "job_id": str(log["job_id"])}
    ]


def test_a_sync_that_repeats_it_says_nothing(pricing: Pricing, listener: Pricing) -> None:
    say(pricing, WRONG, *[RIGHT] * 8)
    heard(listener, pricing)
    say(pricing, WRONG, *[RIGHT] * 8)
    assert heard(listener, pricing) == []


def test_a_sync_that_withdraws_it(pricing: Pricing, listener: Pricing) -> None:
    say(pricing, WRONG, *[RIGHT] * 8)
    heard(listener, pricing)
    say(pricing, *[RIGHT] * 9)
    assert [each["count"] for each in heard(listener, pricing)] == [0]


def test_each_decision(pricing: Pricing, listener: Pricing) -> None:
    log = say(pricing, WRONG, WRONG, WRONG, *[RIGHT] * 6)
    heard(listener, pricing)
    one, two, three = (row["id"] for row in pricing.rows("select id from public.pricing_held"))
    for function, held_id, by, left in (
        ("approve_held_price_change", one, "approved_by", 2),
        ("reject_held_price_change", two, "rejected_by", 1),
        ("reopen_held_price_change", two, "reopened_by", 2),
    ):
        call(pricing, function, **{"id": held_id, by: "ann"})
        assert heard(listener, pricing) == [
            {"provider": "openrouter", "count": left, "job_id": str(log["job_id"])}
        ]
    call(pricing, "approve_held_price_changes", job_id=log["job_id"], approved_by="ann")
    assert [each["count"] for each in heard(listener, pricing)] == [0]
    assert three


def test_a_rollback_that_holds_what_it_undid(pricing: Pricing, listener: Pricing) -> None:
    log = say(pricing, "0.0000004", *[RIGHT] * 8)
    assert heard(listener, pricing) == []
    call(pricing, "rollback_pricing_sync", job_id=log["job_id"], dry_run=False)
    assert [each["count"] for each in heard(listener, pricing)] == [1]


def test_an_undone_transaction_says_nothing(pricing: Pricing, listener: Pricing) -> None:
    say(pricing, WRONG, *[RIGHT] * 8)
    heard(listener, pricing)
    pricing.do("begin")
    call(pricing, "reject_held_price_changes", job_id=pricing.value(
        "select job_id from public.pricing_held"
    ))  # fmt: skip
    pricing.do("rollback")
    assert heard(listener, pricing) == []
