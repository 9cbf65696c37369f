"""Overrides with conditions and dates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.db.price_changes import guard
from tests.db.price_decisions import INPUT, OUTPUT, call, charged, override, prices, said
from tests.db.prices.test_price_request import cost
from tests.db.pricing import Pricing, Row, refused

MILLION = {"input_tokens": 1_000_000}
BATCH: Row = {"service_tier": "batch", "input_per_1m": "0.5"}
SOON = datetime(2999, 1, 1, tzinfo=UTC)
PAST = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_condition_of_a_person_comes_after_the_providers(pricing: Pricing) -> None:
    tiers = [{"service_tier": "batch", INPUT: "0.000004", OUTPUT: "0.000001"}]
    said(pricing, {"m": prices(1, 2, conditions=tiers)})
    row = override(pricing, prices={"conditions": [BATCH]})
    assert row["prices"] == {"conditions": [{"service_tier": "batch", INPUT: "0.0000005"}]}
    assert cost(pricing, MILLION) == 1
    assert cost(pricing, MILLION | {"service_tier": "batch"}) == Decimal("0.5")
    # Another list keeps the override's condition, and the provider's for the other price.
    said(pricing, {"m": prices(3, 2, conditions=tiers)})
    batch = {"service_tier": "batch", "input_tokens": 1_000_000, "output_tokens": 1_000_000}
    assert cost(pricing, batch) == Decimal("1.5")
    call(pricing, "clear_price_override", provider="openrouter", model="m")
    assert charged(pricing) == prices(3, 2, conditions=tiers)


def test_a_number_of_a_condition_may_be_a_text(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    condition = {"max_audio_seconds": "10.50", "min_prompt_tokens": "7", "input_per_1m": "3"}
    row = override(pricing, prices={"conditions": [condition]})
    (entry,) = row["prices"]["conditions"]
    assert (entry["max_audio_seconds"], entry["min_prompt_tokens"]) == (10.5, 7)


def test_it_begins_at_a_time(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    override(pricing, input_per_1m=5, prices={"conditions": [BATCH]}, effective_from=SOON)
    batch = MILLION | {"service_tier": "batch"}
    before, after = SOON - timedelta(seconds=1), SOON
    assert [cost(pricing, MILLION, at) for at in (before, after)] == [1, 5]
    assert [cost(pricing, batch, at) for at in (before, after)] == [1, Decimal("0.5")]
    announced = pricing.rows("select price, before, after from pricing_announced order by after")
    assert [(r["before"], r["after"]) for r in announced] == [(1, Decimal("0.5")), (1, 5)]
    # The provider's own next price is charged until then.
    said(pricing, {"m": prices(3, 2)})
    assert [cost(pricing, MILLION, at) for at in (before, after)] == [3, 5]


def test_a_time_that_has_come_is_in_force_at_once(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    override(pricing, input_per_1m=5, effective_from=PAST)
    assert charged(pricing) == prices(5, 2)


@pytest.mark.parametrize(
    "given",
    [
        {"prices": {"conditions": BATCH}},
        {"prices": {"conditions": [{"input_per_1m": 1}]}},
        {"prices": {"conditions": [{"service_tier": "batch"}]}},
        {"prices": {"conditions": [BATCH | {"phase_of_moon": "full"}]}},
        {"prices": {"conditions": [BATCH | {"min_prompt_tokens": "many"}]}},
        {"prices": {"conditions": [BATCH | {"utc_start": 100}]}},
        {"prices": {"conditions": [BATCH | {"utc_start": 2200, "utc_end": 2500}]}},
        {"prices": {"conditions": [BATCH | {"utc_days": ["Monday"]}]}},
        {"prices": {"conditions": [BATCH | {"utc_days": []}]}},
        {"prices": {"conditions": [BATCH | {"min_prompt_tokens": 0.5}]}},
        {"prices": {"conditions": [BATCH | {"max_audio_seconds": -1}]}},
        {"prices": {"conditions": [BATCH | {"min_prompt_tokens": 10**18}]}},
        {"prices": {"conditions": [BATCH | {"effective_from": "2999-01-01T24:00:00Z"}]}},
        {"prices": {"conditions": [BATCH | {"effective_until": "2026-01-01T00:00:00Z"}]}},
        {"prices": {"conditions": [BATCH | {"effective_from": "soon"}]}},
        {"prices": {"conditions": [BATCH | {"thinking": "yes"}]}},
        {"prices": {"conditions": [BATCH | {"input_per_1m": -1}]}},
        {"prices": {"conditions": [BATCH | {"price_per_thought": 1}]}},
        {"prices": {"conditions": [BATCH] * 101}},
        {"input_per_1m": 1, "effective_from": "infinity"},
        {"input_per_1m": 1, "effective_from": "10000-01-01"},
        {"input_per_1m": 1, "effective_from": SOON, "expires_at": SOON - timedelta(days=1)},
    ],
    ids=str,
)
def test_what_is_not_understood_is_refused(pricing: Pricing, given: dict[str, Any]) -> None:
    said(pricing, {"m": prices(1, 2)})
    with pricing.nothing_written(), refused("PT422"):
        override(pricing, **given)


def test_the_guards_see_its_conditions(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    guard(pricing)
    with refused("PT409"):
        override(pricing, prices={"conditions": [BATCH | {"input_per_1m": 500}]})
    override(pricing, prices={"conditions": [BATCH]})


def test_the_guards_see_what_begins_later_as_what_begins_now(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    guard(pricing)
    for given in ({"prices": {"per_image": 50}}, {"input_per_1m": 0}):
        with refused("PT409"):
            override(pricing, **given, effective_from=SOON)
    row = override(pricing, input_per_1m=5, effective_from=SOON)
    assert row["forced"] is False


def test_its_preview_compares_conditions_without_its_end(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    fixed = {"input_per_1m": 5, "conditions": [BATCH]}
    override(pricing, prices=fixed, expires_at=SOON, force=True)
    (row,) = call(pricing, "preview_price_override", provider="openrouter", model="m", prices=fixed)
    assert row["largest_factor"] is None
