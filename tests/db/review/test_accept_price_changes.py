"""A rule that accepts changes of a provider in advance, until a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.db.price_decisions import audit, call, prices, said
from tests.db.pricing import Pricing, Row, refused

# The microseconds end in 7: as text, trailing zeros would be left out.
FRIDAY = datetime.now(UTC).replace(microsecond=123457) + timedelta(days=3)


def accept(pricing: Pricing, **given: Any) -> Row:
    arguments = {
        "provider": "openrouter",
        "up_to_ratio": 20,
        "until": FRIDAY,
        "reason": "new price list announced",
        "accepted_by": "ann",
    } | given
    (row,) = call(pricing, "accept_price_changes", **arguments)
    return row


@pytest.mark.parametrize("model", [None, "vendor/m"])
def test_a_rule_for_a_provider_or_a_model(pricing: Pricing, model: str | None) -> None:
    said(pricing, {"vendor/m": prices(1, 2)})
    row = accept(pricing, model=model)
    assert row == pricing.row("select * from public.pricing_change_rules")
    assert (row["provider_slug"], row["model_id"]) == ("openrouter", model)
    assert (row["up_to_ratio"], row["expires_at"]) == (20, FRIDAY)
    assert (row["created_by"], row["ended_at"]) == ("ann", None)
    assert audit(pricing) == [
        {
            "who": "ann",
            "action": "accept_price_changes",
            "subject": str(row["id"]),
            "details": {
                "provider": "openrouter",
                "model": model,
                "up_to_ratio": 20,
                "until": FRIDAY.isoformat(),
                "reason": "new price list announced",
            },
        }
    ]


@pytest.mark.parametrize(
    "given",
    [
        *({"up_to_ratio": ratio} for ratio in (None, 1, 0, -20, Decimal("0.5"))),
        *({"up_to_ratio": Decimal(ratio)} for ratio in ("NaN", "Infinity")),
        *({"until": until} for until in (None, "2001-01-01", "now", "infinity", "-infinity")),
        {"until": "9999-12-31T23:59-14:00"},
        *({"reason": reason} for reason in (None, "", "  ", "x" * 501)),
        *({"accepted_by": who} for who in (None, "", "x" * 201)),
    ],
    ids=str,
)
def test_bad_input_is_refused(pricing: Pricing, given: Row) -> None:
    with pricing.nothing_written(), refused("PT422"):
        accept(pricing, **given)


@pytest.mark.parametrize(
    "given",
    [
        {"provider": None},
        {"provider": "nobody"},
        {"model": "M"},
        {"provider": "deepinfra", "model": "m"},
    ],
    ids=str,
)
def test_what_is_unknown(pricing: Pricing, given: Row) -> None:
    said(pricing, {"m": prices(1, 2)})
    with pricing.nothing_written(), refused("PT404"):
        accept(pricing, **given)
