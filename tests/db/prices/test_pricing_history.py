"""The view of price changes: a row for each price that changed, with before and after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from service.prices.units import Axis
from tests.db.price_decisions import call, listed, override, prices, said
from tests.db.pricing import Pricing, Row, price

AXES = [axis.value for axis in Axis]
T1, T2, T3 = (datetime(2026, 3, day, 12, tzinfo=UTC) for day in (1, 2, 3))
LONG = {"min_prompt_tokens": 200000}


def history(pricing: Pricing, model: str = "m") -> list[Row]:
    """Its rows in the order of what happened."""
    with pricing.as_role("pricing_web"):
        return pricing.rows(
            "select * from public.pricing_history where provider = 'openrouter' and model = %s"
            " order by changed_at, id, position",
            model,
        )


def shown(rows: list[Row], *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in rows]


def test_each_price_that_changed_is_a_row_in_usd_per_million(pricing: Pricing) -> None:
    first = pricing.sync("openrouter", [price("m", "0.000001", "0.000002")])
    second = pricing.sync("openrouter", [price("m", "0.0000015", "0.000002")])
    third = pricing.sync("openrouter", [price("m", "0.0000015", None)])
    rows = history(pricing)
    assert shown(rows, "job_id", "price", "before", "after", "percent") == [
        (first["job_id"], "input_per_1m", None, 1, None),
        (first["job_id"], "output_per_1m", None, 2, None),
        (second["job_id"], "input_per_1m", 1, Decimal("1.5"), 50),
        (third["job_id"], "output_per_1m", 2, None, None),
    ]
    assert {row["changed_by"] for row in rows} == {"api_sync:openrouter"}
    assert {row["condition"] for row in rows} == {None}


def test_columns_of_the_whole_change_stay_beside_it(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    said(pricing, {"m": prices(3, 2)})
    assert shown(
        history(pricing)[-1:],
        *("previous_input_per_1m", "input_per_1m", "previous_output_per_1m", "output_per_1m"),
    ) == [(1, 3, 2, 2)]


@pytest.mark.parametrize("axis", AXES)
def test_every_axis_has_before_and_after_by_its_name(pricing: Pricing, axis: str) -> None:
    a = pricing.row("select short_name, factor from public.pricing_axes() where axis = %s", axis)
    for amount in ("0.5", "0.25"):
        said(pricing, {"m": {axis: amount}})
    assert shown(history(pricing), "price", "before", "after", "percent") == [
        (a["short_name"], None, a["factor"] / 2, None),
        (a["short_name"], a["factor"] / 2, a["factor"] / 4, -50),
    ]
    first, second = history(pricing)
    assert first["in_force_until"] == second["in_force_from"] is not None


def test_a_price_is_in_force_until_the_next_of_its_own_name(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)}, at=T1)
    said(pricing, {"m": prices(1, 3)}, at=T2)
    said(pricing, {"m": prices(4, 3)}, at=T3)
    assert shown(history(pricing), "price", "after", "in_force_from", "in_force_until") == [
        ("input_per_1m", 1, T1, T3),
        ("output_per_1m", 2, T1, T2),
        ("output_per_1m", 3, T2, None),
        ("input_per_1m", 4, T3, None),
    ]


def test_an_announced_price_is_in_force_from_its_moment(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1)}, at=T1)
    said(pricing, {"m": prices(2)}, at=T3)
    pricing.maintain(
        "update public.model_pricing_history set effective_at = %s where changed_at = %s", T2, T3
    )
    assert shown(history(pricing), "effective_at", "in_force_from", "in_force_until") == [
        (T1, T1, T2),
        (T2, T2, None),
    ]


def test_an_announced_price_begins_with_its_moment(pricing: Pricing) -> None:
    moment = datetime(2027, 3, 1, tzinfo=UTC)
    announced = {"effective_from": "2027-03-01T00:00:00Z"}
    said(pricing, {"m": prices(1)}, at=T1)
    said(pricing, {"m": prices(1) | {"conditions": [announced | prices(2)]}}, at=T2)
    assert shown(history(pricing)[1:], "condition", "after", "in_force_from", "in_force_until") == [
        (announced, 2, moment, None)
    ]
    said(pricing, {"m": prices(1)}, at=T3)
    assert shown(history(pricing)[1:], "condition", "after", "in_force_from", "in_force_until") == [
        (announced, 2, moment, moment),
        (announced, None, moment, None),
    ], "withdrawn: it never was in force"


def test_an_announcement_that_comes_true_is_a_change_of_the_base_price(pricing: Pricing) -> None:
    moment = datetime(2026, 3, 2, 6, tzinfo=UTC)
    announced = {"effective_from": "2026-03-02T06:00:00Z"}
    said(pricing, {"m": prices(1)}, at=T1)
    said(
        pricing,
        {"m": prices(1) | {"conditions": [announced | prices(2)]}},
        at=moment - timedelta(hours=1),
    )
    pricing.do("select public.apply_announced_prices()")
    base = [row for row in history(pricing) if row["condition"] is None]
    assert shown(base, "before", "after", "in_force_from", "in_force_until") == [
        (None, 1, T1, moment),
        (1, 2, moment, None),
    ]
    assert [row["after"] for row in history(pricing) if row["condition"]] in ([], [2])


def test_a_clock_that_was_set_back_leaves_no_negative_time(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1)}, at=T2)
    said(pricing, {"m": prices(2)}, at=T1)
    assert shown(history(pricing), "after", "in_force_from", "in_force_until") == [
        (2, T1, None),
        (1, T2, T2),
    ]


def test_a_price_under_a_condition_is_a_row_with_that_condition(pricing: Pricing) -> None:
    base = prices(1, 2)

    def conditions(*entries: Row) -> Row:
        return base | {"conditions": list(entries)}

    for at, entries in (
        (T1, [LONG | prices(2)]),
        (T2, [LONG | prices(3, 4)]),
        (T3, [LONG | prices(3, 4), {"service_tier": "batch"} | prices(0.5)]),
        (T3 + timedelta(days=1), [{"service_tier": "batch"} | prices(0.5)]),
    ):
        said(pricing, {"m": conditions(*entries)}, at=at)
    rows = [row for row in history(pricing) if row["condition"] is not None]
    assert shown(rows, "condition", "price", "before", "after", "in_force_until") == [
        (LONG, "input_per_1m", None, 2, T2),
        (LONG, "input_per_1m", 2, 3, T3 + timedelta(days=1)),
        (LONG, "output_per_1m", None, 4, T3 + timedelta(days=1)),
        ({"service_tier": "batch"}, "input_per_1m", None, Decimal("0.5"), None),
        (LONG, "input_per_1m", 3, None, None),
        (LONG, "output_per_1m", 4, None, None),
    ]


def test_a_price_that_is_unknown_under_a_condition_is_a_row(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1)})
    said(pricing, {"m": prices(1) | {"conditions": [{"moon": "full"} | {AXES[0]: None}]}})
    assert shown(history(pricing)[1:], "condition", "price", "before", "after") == [
        ({"moon": "full"}, "input_per_1m", None, None)
    ]


def test_another_order_of_conditions_alone_is_a_row_without_a_price(pricing: Pricing) -> None:
    entries = [LONG | prices(2), {"service_tier": "batch"} | prices(0.5)]
    said(pricing, {"m": prices(1) | {"conditions": entries}})
    said(pricing, {"m": prices(1) | {"conditions": entries[::-1]}})
    assert [row["price"] for row in history(pricing)][-1] is None


def test_float_noise_beside_another_change_is_no_change(pricing: Pricing) -> None:
    said(pricing, {"m": {AXES[0]: "0.000001", AXES[1]: "0.000002"}})
    said(pricing, {"m": {AXES[0]: "0.00000100000000000000001", AXES[1]: "0.000003"}})
    assert [row["price"] for row in history(pricing)[2:]] == ["output_per_1m"]


def test_what_was_said_under_an_override_was_never_in_force(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2, price_per_image="0.1")})
    override(pricing, input_per_1m=5, output_per_1m=6)
    said(pricing, {"m": prices(3, 4, price_per_image="0.1")})
    said(pricing, {"m": prices(3, 4.5, price_per_image="0.1")})
    rows = history(pricing)
    assert shown(rows[3:], "is_in_force", "price", "before", "after") == [
        (True, "input_per_1m", 1, 5),
        (True, "output_per_1m", 2, 6),
        (False, "input_per_1m", 1, 3),
        (False, "output_per_1m", 2, 4),
        (False, "output_per_1m", 4, Decimal("4.5")),
    ]
    assert {row["in_force_from"] for row in rows if not row["is_in_force"]} == {None}
    assert {row["in_force_until"] for row in rows if not row["is_in_force"]} == {None}


def test_no_price_of_an_older_system_is_the_one_before(pricing: Pricing) -> None:
    listed(pricing, "m")
    pricing.maintain(
        "insert into public.model_pricing_history (model_id, is_in_force, changed_at, changed_by,"
        " pricing_source, price_per_input_token, price_per_image)"
        " select id, false, %s, 'legacy', 'legacy', 1e-6, 1 from public.model_pricing",
        T1,
    )
    override(pricing, input_per_1m=5, force=True)
    said(pricing, {"m": prices(3, price_per_image="2")})
    noted = [row for row in history(pricing) if not row["is_in_force"]]
    assert shown(noted, "source", "price", "before", "after") == [
        ("legacy", "input_per_1m", None, 1),
        ("legacy", "per_image", None, 1),
        ("api:openrouter", "input_per_1m", None, 3),
        ("api:openrouter", "per_image", None, 2),
    ]


def test_other_prices_under_an_override_compare_with_the_provider_s_own(pricing: Pricing) -> None:
    said(pricing, {"m": {AXES[0]: "0.000001", AXES[2]: "0.0000005"}})
    override(pricing, prices={"cache_read_per_1m": 9}, force=True)
    said(pricing, {"m": {AXES[0]: "0.000001", AXES[2]: "0.0000006"}})
    call(pricing, "clear_price_override", provider="openrouter", model="m")
    said(pricing, {"m": {AXES[0]: "0.000001", AXES[2]: "0.0000007"}})
    override(pricing, prices={"cache_read_per_1m": 8}, force=True)
    said(pricing, {"m": {AXES[0]: "0.000001", AXES[2]: "0.0000008"}})
    noted = [row for row in history(pricing) if not row["is_in_force"]]
    assert shown(noted, "price", "before", "after") == [
        ("cache_read_per_1m", Decimal("0.5"), Decimal("0.6")),
        ("cache_read_per_1m", Decimal("0.7"), Decimal("0.8")),
    ]


def test_changes_are_what_is_charged_newest_first_over_all_models(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1)}, at=T1)
    said(pricing, {"a": prices(2), "b": prices(3)}, at=T2)
    override(pricing, "a", input_per_1m=4)
    said(pricing, {"a": prices(5)}, at=T3)
    with pricing.as_role("pricing_web"):
        rows = pricing.rows(
            "select * from public.pricing_changes where changed_at >= %s and source <> ''", T2
        )
    assert shown(rows, "model", "before", "after") == [("a", 2, 4), ("b", None, 3), ("a", None, 2)]


def test_a_page_reads_few_rows_of_a_long_history(own_database: Pricing) -> None:
    """500 models with 40 changes each; a page has 50 of their prices."""
    pricing = own_database
    models = {f"m{number}": prices(2, 2) for number in range(500)}
    said(pricing, models, at=datetime(2024, 12, 31, tzinfo=UTC))
    pricing.maintain(
        "insert into public.model_pricing_history (model_id, changed_at, changed_by,"
        " pricing_source, price_per_input_token, price_per_output_token, previous_input_price,"
        " previous_output_price)"
        " select m.id, timestamptz '2025-01-01 00:00Z' + n * interval '1 hour', 'api_sync:x',"
        " 'api:x', 1e-6 * (1 + n % 3), 2e-6, 1e-6 * (1 + (n - 1) % 3), 2e-6"
        " from generate_series(1, 40) n cross join public.model_pricing m order by n, m.id"
    )
    pricing.do("vacuum analyze public.model_pricing_history, public.model_pricing")
    for page, found in (
        ("pricing_history where provider = 'openrouter' and model = 'm7'", 42),
        ("pricing_changes where changed_at >= '2025-01-02 10:00Z' limit 50", 50),
        ("pricing_changes limit 50", 50),
    ):
        with pricing.reading_few_rows():
            assert len(pricing.rows(f"select * from public.{page}")) == found, page


def test_the_history_of_a_model_that_gets_another_provider_moves_along(pricing: Pricing) -> None:
    """A person repairs it by hand, such as for a provider with another slug."""
    pricing.sync("openrouter", [price("m"), price("other")])
    pricing.maintain("update model_pricing set provider_slug = 'novita' where model_id = 'm'")
    found = pricing.rows("select distinct provider, model from pricing_history order by model")
    assert found == [
        {"provider": "novita", "model": "m"},
        {"provider": "openrouter", "model": "other"},
    ]
