"""What the guards see of a price set whose conditions every request meets."""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb

from tests.db.price_decisions import INPUT, OUTPUT, prices
from tests.db.pricing import Pricing, Row

TIER = {"min_prompt_tokens": 200000}


def seen(pricing: Pricing, *conditions: Row) -> Any:
    listed = prices("1", "2", conditions=list(conditions))
    return pricing.value("select public.pricing_unconditional_set(%s)", Jsonb(listed))


def test_a_condition_that_always_holds_replaces_the_base_price_and_those_before_it(
    pricing: Pricing,
) -> None:
    found = seen(pricing, TIER | prices("3", "4"), {"min_prompt_tokens": 0} | prices("5"), TIER)
    assert found == prices("5", "2", conditions=[TIER | prices(None, "4"), {}, TIER])


def test_one_that_is_unknown_there_makes_the_base_price_unknown(pricing: Pricing) -> None:
    found = seen(pricing, {"min_prompt_tokens": 0, INPUT: None})
    assert found == prices(None, "2", conditions=[{}])


def test_other_keys_stay(pricing: Pricing) -> None:
    batch = {"service_tier": "batch", OUTPUT: "0.000001"}
    found = seen(pricing, batch | {"min_prompt_tokens": 0})
    assert found == prices("1", "2", conditions=[batch])
    assert seen(pricing, batch, TIER) == prices("1", "2", conditions=[batch, TIER])
