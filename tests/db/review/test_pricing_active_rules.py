"""The rules in force, as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.db.price_decisions import call
from tests.db.pricing import Pricing, Row

UNTIL = datetime.now(UTC) + timedelta(days=3)


def accept(pricing: Pricing, **given: object) -> Row:
    arguments = {"provider": "openrouter", "up_to_ratio": 20, "until": UNTIL, "reason": "new list"}
    (row,) = call(pricing, "accept_price_changes", **(arguments | given))
    return row


def shown(pricing: Pricing) -> list[Row]:
    with pricing.as_role("pricing_web"):
        return pricing.rows("select * from public.pricing_active_rules order by id")


def test_what_is_accepted(pricing: Pricing) -> None:
    rule = accept(pricing, accepted_by="ann")

    assert shown(pricing) == [
        {
            "provider": "openrouter",
            "model": None,
            "up_to_ratio": 20,
            "reason": "new list",
            "created_by": "ann",
            "created_at": rule["created_at"],
            "expires_at": UNTIL,
            "id": rule["id"],
        }
    ]


def test_what_has_ended_or_is_over_is_not_shown(pricing: Pricing) -> None:
    ended, over, stays = accept(pricing), accept(pricing), accept(pricing)
    call(pricing, "end_price_change_rule", id=ended["id"])
    pricing.do(
        "update public.pricing_change_rules"
        " set created_at = now() - interval '2 days', expires_at = now() where id = %s",
        over["id"],
    )

    assert [row["id"] for row in shown(pricing)] == [stays["id"]]
