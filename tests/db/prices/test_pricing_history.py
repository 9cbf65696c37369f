"""The view of price changes with the model's name."""

from __future__ import annotations

from decimal import Decimal

from tests.db.price_decisions import override, prices, said
from tests.db.pricing import Pricing, price


def test_each_change_is_a_row_in_usd_per_million(pricing: Pricing) -> None:
    first = pricing.sync("openrouter", [price("m", "0.000001", "0.000002")])
    second = pricing.sync("openrouter", [price("m", "0.0000015", None)])
    with pricing.as_role("pricing_web"):
        rows = pricing.rows(
            "select * from public.pricing_history where provider = 'openrouter' and model = 'm'"
            " order by changed_at desc, id desc"
        )

    assert [row["job_id"] for row in rows] == [second["job_id"], first["job_id"]]
    shown = [
        tuple(
            row[k]
            for k in (
                "previous_input_per_1m",
                "previous_output_per_1m",
                "input_per_1m",
                "output_per_1m",
            )
        )
        for row in rows
    ]
    assert shown == [(1, 2, Decimal("1.5"), None), (None, None, 1, 2)]
    assert rows[0]["changed_by"] == "api_sync:openrouter"
    assert {row["is_in_force"] for row in rows} == {True}


def test_what_was_said_under_an_override_was_not_charged(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    override(pricing, input_per_1m=5, output_per_1m=6)
    said(pricing, {"m": prices(3, 4)})
    rows = pricing.rows("select * from public.pricing_history order by id")
    assert [(row["is_in_force"], row["input_per_1m"]) for row in rows] == [
        (True, 1),
        (True, 5),
        (False, 3),
    ]
    assert rows[-1]["previous_input_per_1m"] == 1
