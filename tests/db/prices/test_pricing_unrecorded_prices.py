"""Models whose price in force differs from the last in their history, and the repair."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.db.conftest import Another
from tests.db.price_decisions import audit, charged, course, listed, override, prices, said
from tests.db.pricing import Pricing, Row, price, refused

NIGHT = {"utc_start": "0000", "utc_end": "0600", "price_per_input_token": "0.0000001"}


def unrecorded(pricing: Pricing) -> list[Row]:
    return pricing.rows("select * from public.pricing_unrecorded_prices()")


@pytest.mark.parametrize(
    "by_hand",
    [
        *(
            f"update public.model_pricing set {axis} = 0.5 where model_id = 'm'"
            for axis in ("price_per_input_token", "price_per_web_search", "price_per_image")
        ),
        "update public.model_pricing set price_per_output_token = null where model_id = 'm'",
        "update public.model_pricing set conditions = '[{\"min_prompt_tokens\": 1}]'"
        " where model_id = 'm'",
        "delete from public.model_pricing_history where changed_by = 'api_sync:openrouter'",
        "insert into public.model_pricing_history (model_id, changed_by, pricing_source)"
        " select id, 'me', 'x' from public.model_pricing where model_id = 'm'",
    ],
)
def test_a_price_without_its_history(pricing: Pricing, by_hand: str) -> None:
    listed(pricing, "without a price")
    said(pricing, {"m": prices(1, 2)})
    said(pricing, {"other": prices(1, 2)}, provider="deepinfra", source="api:deepinfra")
    assert unrecorded(pricing) == []
    pricing.maintain(by_hand)
    assert "m" in [row["model"] for row in unrecorded(pricing)]


def test_every_axis_is_compared(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    for row in pricing.rows("select axis from public.pricing_axes()"):
        with pricing.connection.transaction(force_rollback=True):
            pricing.maintain(f"update public.model_pricing set {row['axis']} = 7")
            (found,) = unrecorded(pricing)
            assert found["in_force"][row["axis"]] == "7"


def test_what_is_no_difference(pricing: Pricing) -> None:
    """Overrides, rollbacks, windows of the day, float noise and fees of 0."""
    said(pricing, {"m": prices(1, 2), "other": prices(3, 4)})
    override(pricing, input_per_1m=5, output_per_1m=6)
    said(pricing, {"m": prices(2, 3)})
    assert course(pricing)[-1][1] is False, "what was said beside it was not charged"
    assert unrecorded(pricing) == []
    pricing.rows("select * from public.clear_price_override('openrouter', 'm')")
    wrong = said(pricing, {"m": prices(900, 900)})
    pricing.rows("select * from public.rollback_pricing_sync(%s, false)", wrong)
    pricing.maintain(
        "update public.model_pricing set price_per_image = 0,"
        " price_per_input_token = price_per_input_token * 1.0000000000001 where model_id = 'm'"
    )
    assert unrecorded(pricing) == []

    def shows(base: str, hour: int) -> None:
        pricing.sync(
            "openrouter",
            [price("m", base, conditions=[NIGHT]), price("other")],
            observed_at=datetime(2026, 1, 5, hour, tzinfo=UTC),
        )

    shows("0.000002", 12)
    before = len(course(pricing))
    shows("0.0000001", 3)
    assert len(course(pricing)) == before, "the clock turned"
    assert unrecorded(pricing) == []


def record(pricing: Pricing, **given: Any) -> Row:
    arguments = {"provider": "openrouter", "model": "m", "recorded_by": "ann"} | given
    names = ", ".join(f"{name} => %s" for name in arguments)
    return pricing.row(f"select * from public.record_price_in_force({names})", *arguments.values())


def test_it_is_recorded(pricing: Pricing, another: Another) -> None:
    said(pricing, {"m": prices(1, 2)})
    pricing.maintain("update public.model_pricing set price_per_input_token = 0.000003")
    listener = another()
    listener.listen("pricing_changed")
    assert (
        record(pricing)["previous_input_price"] == pricing.history("m")[0]["price_per_input_token"]
    )
    assert course(pricing)[-1] == ("manual:ann", True, 3, 2)
    assert charged(pricing) == prices(3, 2)
    assert unrecorded(pricing) == []
    assert audit(pricing)[-1]["action"] == "record_price_in_force"
    assert [channel for channel, _ in listener.heard(pricing)] == ["pricing_changed"]
    with pricing.nothing_written(), refused("PT409"):
        record(pricing)


def test_every_axis_is_recorded(pricing: Pricing) -> None:
    listed(pricing, "m")
    axes = [row["axis"] for row in pricing.rows("select axis from public.pricing_axes()")]
    amounts = ", ".join(f"{axis} = {n}" for n, axis in enumerate(axes, 1))
    conditions = 'conditions = \'[{"min_prompt_tokens": 1, "price_per_image": "1"}]\''
    pricing.maintain(f"update public.model_pricing set {amounts}, {conditions}")
    record(pricing)
    assert unrecorded(pricing) == []


def test_who_and_what(pricing: Pricing) -> None:
    with refused("PT404"):
        record(pricing, model="nobody")
    with refused("PT422"):
        record(pricing, recorded_by=None)
