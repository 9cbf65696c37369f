"""The one form of a price set, whatever its source."""

from __future__ import annotations

import pytest
from psycopg.types.json import Jsonb

from service.prices.units import Axis
from tests.db.pricing import Pricing, Row, price, refused


def price_set(pricing: Pricing, row: Row) -> Row:
    found: Row = pricing.value("select public.pricing_price_set(%s)", Jsonb(row))
    return found


def test_every_axis_is_in_it(pricing: Pricing) -> None:
    row = {axis.value: f"0.{n}" for n, axis in enumerate(Axis, start=1)}
    shown = {axis: amount.rstrip("0") for axis, amount in row.items()}
    assert price_set(pricing, row | {"model_id": "m", "price_per_nothing": "1"}) == shown
    for axis in Axis:
        assert price_set(pricing, {axis.value: "1"}) == {axis.value: "1"}


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        *(("1.500", "1.5"), ("10", "10"), ("0", "0"), ("0.000", "0"), ("1E-30", f"0.{'0' * 29}1")),
        *(("1e60", f"1{'0' * 60}"), (0.25, "0.25"), (7, "7")),
        ("0.000000123456789012345678901234567890", "0.00000012345678901234567890123456789"),
    ],
)
def test_an_amount_is_plain_digits_without_an_end_of_zeros(
    pricing: Pricing, written: object, shown: str
) -> None:
    assert price_set(pricing, {Axis.INPUT.value: written}) == {Axis.INPUT.value: shown}


def test_a_fee_of_zero_is_none(pricing: Pricing) -> None:
    fees = [Axis.REASONING, Axis.IMAGE, Axis.REQUEST, Axis.WEB_SEARCH]
    row = {axis.value: "0.0" for axis in Axis}
    assert price_set(pricing, row) == {axis.value: "0" for axis in Axis if axis not in fees}


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-1"])
def test_what_is_no_price_is_refused(pricing: Pricing, amount: str) -> None:
    with refused("23514"):
        price_set(pricing, {Axis.WEB_SEARCH.value: amount})


@pytest.mark.parametrize("none", [None, []])
def test_unknown_axes_and_empty_conditions_are_absent(pricing: Pricing, none: object) -> None:
    assert price_set(pricing, {Axis.INPUT.value: None, "conditions": none}) == {}


def test_conditions_are_kept_as_they_are(pricing: Pricing) -> None:
    conditions = [{"min_prompt_tokens": 1, Axis.INPUT.value: "0.10"}]
    assert price_set(pricing, {"conditions": conditions}) == {"conditions": conditions}


def test_a_row_of_the_table_gives_the_set_that_was_listed(pricing: Pricing) -> None:
    pricing.sync("openrouter", [price("m", "0.10", "0", price_per_image="2")])
    for table in ("model_pricing", "model_pricing_history"):
        assert pricing.value(
            f"select public.pricing_price_set(to_jsonb(t)) from public.{table} t"
        ) == {Axis.INPUT.value: "0.1", Axis.OUTPUT.value: "0", Axis.IMAGE.value: "2"}


def test_the_set_in_force_of_a_model_is_the_same(pricing: Pricing) -> None:
    each = {axis.value: f"0.{n}0" for n, axis in enumerate(Axis, start=1)}
    tier = {"min_prompt_tokens": 1, Axis.INPUT.value: "0.10"}
    listed = [
        price("each", None, None, **each),
        price("zeros", None, None, **dict.fromkeys(each, "0.0")),
        price("conditions", None, None, conditions=[tier]),
        price("none", None, None),
    ]
    pricing.sync("openrouter", listed)
    pricing.row(
        "select set_price_override('openrouter', 'each', 'r', prices => '{\"per_image\": 0}')"
    )
    sets = """
        select pricing_set_in_force(m) as columns, pricing_price_set(to_jsonb(m)) as row
        from model_pricing m order by array_position('{none,zeros,conditions,each}', model_id)
    """
    found = pricing.rows(sets)
    assert [each["columns"] for each in found] == [each["row"] for each in found]
    assert [len(each["row"]) for each in found] == [0, len(Axis) - 4, 1, len(Axis) - 1]
