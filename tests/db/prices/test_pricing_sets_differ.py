"""When two price sets differ; a sync applies the same rule to columns."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.db.price_changes import FEES, OTHER_AXES, TOKEN_AXES
from tests.db.price_decisions import INPUT, OUTPUT, listed, said
from tests.db.pricing import Pricing, Row, price

AXES = (*TOKEN_AXES, *(fee for fee in FEES if fee not in TOKEN_AXES), *OTHER_AXES)
TIER = {"min_prompt_tokens": 1, INPUT: "1"}
# Sets close to one another, and an empty one; the last three differ from the first by float noise
# or little more.
AMOUNTS = st.sampled_from(
    ["0.000001", "0", "2", "0.0000010000000000005", "0.00000100000000001", "1e-40"]
)
SETS = st.dictionaries(st.sampled_from(AXES), AMOUNTS, max_size=4)
CONDITIONS = st.sampled_from([None, [TIER], [TIER | {INPUT: "2"}]])


def differ(pricing: Pricing, old: Row, new: Row) -> bool:
    return bool(pricing.value("select public.pricing_sets_differ(%s, %s)", Jsonb(old), Jsonb(new)))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({}, {}, False),
        ({INPUT: "1"}, {INPUT: "1.00"}, False),
        ({INPUT: "1"}, {}, True),
        ({INPUT: "0"}, {}, True),
        ({INPUT: "1"}, {OUTPUT: "1"}, True),
        ({INPUT: "1"}, {INPUT: "1.000000000001"}, False),
        ({INPUT: "1"}, {INPUT: "1.00000000000101"}, True),
        ({INPUT: "1"}, {INPUT: "1", "conditions": [TIER]}, True),
        ({"conditions": []}, {}, False),
        ({"conditions": [TIER]}, {"conditions": [TIER | {INPUT: "1.0"}]}, True),
    ],
)
def test_what_differs(pricing: Pricing, old: Row, new: Row, expected: bool) -> None:
    assert differ(pricing, old, new) is expected
    assert differ(pricing, new, old) is expected


@pytest.mark.parametrize("axis", AXES)
def test_each_axis_counts_and_a_fee_of_nothing_is_no_fee(pricing: Pricing, axis: str) -> None:
    assert differ(pricing, {}, {axis: "1"}) is True
    assert differ(pricing, {axis: "1"}, {axis: "2"}) is True
    assert differ(pricing, {}, {axis: "0"}) is (axis not in FEES)


def test_these_are_all_the_axes(pricing: Pricing) -> None:
    rows = pricing.rows("select axis, is_fee from public.pricing_axes()")
    assert {row["axis"] for row in rows} == set(AXES)
    assert {row["axis"] for row in rows if row["is_fee"]} == set(FEES)


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(old=SETS, new=SETS, before=CONDITIONS, now=CONDITIONS)
def test_a_sync_finds_the_same(
    pricing: Pricing, old: Row, new: Row, before: list[Row] | None, now: list[Row] | None
) -> None:
    old = old | ({"conditions": before} if before else {})
    new = new | ({"conditions": now} if now else {})
    pricing.maintain("truncate public.model_pricing cascade")
    listed(pricing, "m")
    said(pricing, {"m": old})
    found = pricing.row(
        "select is_changed, is_priced, public.pricing_set_of(old_prices) as old_prices,"
        " public.pricing_set_of(new_prices) as new_prices"
        " from public.compare_provider_prices('openrouter', '{openrouter}', %s, now(),"
        " 'api:openrouter')",
        Jsonb([price("m", None, None, **new), price("new", None, None, **new)][:1]),
    )
    assert found["is_changed"] is differ(pricing, old, new)
    if found["is_changed"]:
        assert differ(pricing, found["old_prices"], old) is False
        assert differ(pricing, found["new_prices"], new) is False
    first = pricing.row(
        "select is_changed, is_priced, public.pricing_set_of(old_prices) as old_prices,"
        " public.pricing_set_of(new_prices) as new_prices"
        " from public.compare_provider_prices('openrouter', '{openrouter}', %s, now(),"
        " 'api:openrouter')",
        Jsonb([price("new", None, None, **new)]),
    )
    assert first["is_changed"] is differ(pricing, {}, new)
    assert found["is_priced"] is all(
        "conditions" in it or any(Decimal(it.get(axis, 0)) > 0 for axis in AXES)
        for it in (old, new)
    )
