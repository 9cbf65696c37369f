"""A rule can be ended before its expiry."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from tests.db.conftest import Another
from tests.db.price_decisions import audit, call
from tests.db.pricing import Pricing, Row, refused


@pytest.fixture
def rule(pricing: Pricing) -> int:
    until = datetime.now(UTC) + timedelta(days=3)
    (row,) = call(
        pricing,
        "accept_price_changes",
        **{"provider": "openrouter", "up_to_ratio": 20, "until": until, "reason": "x"},
    )
    rule_id: int = row["id"]
    return rule_id


def end(pricing: Pricing, rule: int | None, ended_by: str | None = "bob") -> Row:
    (row,) = call(pricing, "end_price_change_rule", id=rule, ended_by=ended_by)
    return row


def test_it_ends_and_stays_on_record(pricing: Pricing, rule: int) -> None:
    row = end(pricing, rule)
    assert row == pricing.row("select * from public.pricing_change_rules")
    assert (row["id"], row["ended_by"]) == (rule, "bob")
    assert row["ended_at"] is not None
    assert audit(pricing)[-1] == {
        "who": "bob",
        "action": "end_price_change_rule",
        "subject": str(rule),
        "details": {"provider": "openrouter", "model": None},
    }
    with pricing.nothing_written(), refused("PT409"):
        end(pricing, rule)


def test_one_that_has_expired(pricing: Pricing, rule: int) -> None:
    pricing.do(
        "update public.pricing_change_rules"
        " set created_at = now() - interval '2 days', expires_at = now() - interval '1 day'"
    )
    with pricing.nothing_written(), refused("PT409"):
        end(pricing, rule)


def test_a_sync_that_runs_is_waited_for(
    pricing: Pricing, rule: int, another: Another, threads: ThreadPoolExecutor
) -> None:
    """Once it has ended, no change passes by it."""
    sync = another()
    with sync.connection.transaction():
        sync.rows("select public.lock_provider_prices('{openrouter}')")
        ended = threads.submit(end, pricing, rule)
        sync.wait_until_blocked(pricing)
    assert ended.result(60)["ended_by"] == "bob"


@pytest.mark.parametrize("unknown", [None, 0, 987654321])
def test_an_unknown_one(pricing: Pricing, rule: int, unknown: int | None) -> None:
    with pricing.nothing_written(), refused("PT404"):
        end(pricing, unknown)


@pytest.mark.parametrize("ended_by", [None, "", "x" * 201])
def test_bad_names_are_refused(pricing: Pricing, rule: int, ended_by: str | None) -> None:
    with pricing.nothing_written(), refused("PT422"):
        end(pricing, rule, ended_by)
