"""The typed price sets have every axis, and the functions that write the axes out name each."""

from __future__ import annotations

import pytest
from psycopg.types.json import Jsonb

from service.prices.units import Axis
from tests.db.price_changes import TYPED, change
from tests.db.price_decisions import INPUT, said
from tests.db.pricing import Pricing, price, refused

AXES = [axis.value for axis in Axis]
EACH = {axis: f"0.{n}1" for n, axis in enumerate(AXES, start=1)}
TIER = [{"min_prompt_tokens": 1, INPUT: "0.10"}]


def test_the_type_has_the_axes_of_the_table_in_the_order_of_all(pricing: Pricing) -> None:
    names = pricing.rows(
        "select attname as name from pg_attribute"
        " where attrelid = 'public.pricing_prices'::regclass and attnum > 0 and not attisdropped"
        " order by attnum"
    )
    axes = pricing.rows("select axis as name from public.pricing_axes()")
    assert [row["name"] for row in names] == [*(row["name"] for row in axes), "conditions"]


def test_a_set_is_the_same_after_both_ways(pricing: Pricing) -> None:
    for it in ({}, EACH, {"conditions": TIER}, EACH | {"conditions": TIER}, {INPUT: "0"}):
        assert it == pricing.value(
            "select public.pricing_set_of(public.pricing_prices_of(%s))", Jsonb(it)
        )


def test_the_amounts_are_in_the_order_of_the_axes(pricing: Pricing) -> None:
    rows = pricing.rows(
        "select a.axis, m.amount::text from public.pricing_axes() with ordinality"
        " as a (axis, per, is_fee, short_name, factor, place)"
        " join unnest(public.pricing_amounts(public.pricing_prices_of(%s))) with ordinality"
        " as m (amount, place) on m.place = a.place",
        Jsonb(EACH),
    )
    assert {row["axis"]: row["amount"] for row in rows} == EACH


def test_the_row_of_a_model_and_that_of_its_history_have_the_same_prices(pricing: Pricing) -> None:
    said(pricing, {"m": EACH | {"conditions": TIER}})
    for call in ("pricing_prices_in_force(m)", "pricing_base_prices(m)"):
        assert pricing.value(
            f"select public.pricing_set_of(public.{call}) from public.model_pricing m"
        ) == EACH | {"conditions": TIER}
    assert pricing.value(
        "select public.pricing_set_of(public.pricing_recorded_prices(h))"
        " from public.model_pricing_history h"
    ) == EACH | {"conditions": TIER}


@pytest.mark.parametrize("axis", AXES)
def test_each_axis_makes_a_price(pricing: Pricing, axis: str) -> None:
    question = "select public.pricing_is_priced(public.pricing_prices_of(%s))"
    assert pricing.value(question, Jsonb({axis: "0.1"})) is True
    assert pricing.value(question, Jsonb({axis: "0"})) is False


def test_a_price_under_a_condition_is_one(pricing: Pricing) -> None:
    question = "select public.pricing_is_priced(public.pricing_prices_of(%s))"
    assert pricing.value(question, Jsonb({"conditions": TIER})) is True
    assert pricing.value(question, Jsonb({})) is False


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-1"])
def test_what_is_no_price_has_no_typed_value(pricing: Pricing, amount: str) -> None:
    with refused("23514"):
        pricing.rows(
            f"select * from public.judge_price_changes('openrouter', {TYPED})",
            Jsonb([change(None, {INPUT: amount})]),
        )


def test_an_expression_is_a_part_of_its_statement(pricing: Pricing) -> None:
    """A call for each of 25,000 models would take longer than their comparison."""
    pricing.sync("openrouter", [price("m")])
    plan = pricing.rows(
        "explain (verbose) select public.pricing_differ(s.old, s.new),"
        " public.pricing_is_priced(s.old), public.pricing_amounts(s.new),"
        " public.pricing_set_of(s.new) from (select public.pricing_base_prices(m) as old,"
        " public.pricing_prices_in_force(m) as new from public.model_pricing m offset 0) as s"
    )
    for name in ("differ", "is_priced", "amounts", "set_of", "base_prices", "prices_in_force"):
        assert f"pricing_{name}(" not in str(plan)
