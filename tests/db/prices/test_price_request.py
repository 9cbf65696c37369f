"""What one request costs, with its lines; docs/gateway.md's program is compared in tests/docs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.db.price_decisions import INPUT, OUTPUT, call, listed, override, prices, said
from tests.db.pricing import Pricing, Row, refused

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday
CACHE = "price_per_cache_read_token"
REASONING = "price_per_reasoning_token"
AUDIO = "price_per_audio_second"


# What is no usage, also for the program of docs/gateway.md.
NO_USAGES: tuple[Row, ...] = (
    {"tokens": 1},
    {"input_tokens": -1},
    {"input_tokens": 1.5},
    {"input_tokens": "many"},
    {"input_tokens": True},
    {"input_tokens": 1, "prompt_tokens": 1},
    {"service_tier": 1},
    {"thinking": "yes"},
    {"input_tokens": 5, "cache_read_tokens": 3, "input_audio_tokens": 3},
    {"output_tokens": 0, "reasoning_tokens": 1},
)


def bill(pricing: Pricing, usage: Row, at: datetime | None = None, model: str = "m") -> Row:
    arguments = {"provider": "openrouter", "model": model, "usage": usage}
    (row,) = call(pricing, "price_request", **arguments, **({} if at is None else {"at": at}))
    return row


def cost(pricing: Pricing, usage: Row, at: datetime | None = None) -> Decimal | None:
    found: Decimal | None = bill(pricing, usage, at)["cost"]
    return found


def test_every_amount_is_a_line(pricing: Pricing) -> None:
    long = {"min_prompt_tokens": 200_000, **prices("2.5", 15)}
    said(pricing, {"m": prices("1.25", 10, **{CACHE: "0.000000125"}, conditions=[long])})
    row = bill(pricing, {"input_tokens": 300_000, "output_tokens": 1_000})
    assert row["cost"] == Decimal("0.765")
    assert row["lines"] == [
        {
            "axis": INPUT,
            "quantity": 300_000,
            "price": "0.0000025",
            "cost": "0.75",
            "condition": {"min_prompt_tokens": 200_000},
        },
        {
            "axis": OUTPUT,
            "quantity": 1_000,
            "price": "0.000015",
            "cost": "0.015",
            "condition": {"min_prompt_tokens": 200_000},
        },
    ]
    assert row["reason"] is None
    assert row["history_id"] == pricing.history("m")[-1]["id"]
    assert cost(pricing, {"prompt_tokens": 200_000}) == Decimal("0.25")


def test_parts_have_their_own_price_and_the_rest_the_price_of_the_whole(pricing: Pricing) -> None:
    said(pricing, {"m": prices(10, 20, **{CACHE: "0.000001", REASONING: "0.00003"})})
    usage = {"input_tokens": 1000, "cache_read_tokens": 400, "output_tokens": 100}
    assert cost(pricing, usage) == Decimal("0.0084")
    assert cost(pricing, usage | {"reasoning_tokens": 40}) == Decimal("0.0088")
    # A whole that is left out is its parts.
    assert cost(pricing, {"cache_read_tokens": 400}) == Decimal("0.0004")


def test_reasoning_without_a_price_is_output(pricing: Pricing) -> None:
    said(pricing, {"m": prices(10, 20)})
    assert cost(pricing, {"output_tokens": 100, "reasoning_tokens": 60}) == Decimal("0.002")


def test_fees_count_and_absent_ones_are_none(pricing: Pricing) -> None:
    said(pricing, {"m": prices(0, 0, price_per_request="0.01", price_per_web_search="0.005")})
    assert cost(pricing, {"input_tokens": 5, "web_searches": 3, "images": 2}) == Decimal("0.025")
    assert cost(pricing, {}) == Decimal("0.01")
    assert cost(pricing, {"requests": 0}) == 0


def test_other_units(pricing: Pricing) -> None:
    units = {"price_per_input_character": "0.000015", AUDIO: "0.0001", "price_per_page": "0.001"}
    minimum = {"max_audio_seconds": 10, AUDIO: "0", "price_per_request": "0.001"}
    said(pricing, {"m": units | {"price_per_video_second": "0.1", "conditions": [minimum]}})
    assert cost(pricing, {"input_characters": 1000}) == Decimal("0.015")
    assert cost(pricing, {"audio_seconds": 60.5}) == Decimal("0.00605")
    assert cost(pricing, {"audio_seconds": "3"}) == Decimal("0.001")
    assert cost(pricing, {"pages": 3, "video_seconds": 2}) == Decimal("0.203")


@pytest.mark.parametrize(
    ("usage", "reason"),
    [
        ({"cache_read_tokens": 1}, "cache_read_per_1m is unknown"),
        ({"audio_seconds": 1}, "per_audio_second is unknown"),
        ({"service_tier": "batch", "output_tokens": 1}, "output_per_1m is unknown where"),
        ({"input_tokens": 5_001, "images": 1}, "per_image is unknown where"),
    ],
)
def test_what_is_unknown_has_no_cost_but_a_reason(
    pricing: Pricing, usage: Row, reason: str
) -> None:
    conditions = [
        {"service_tier": "batch", INPUT: "1", OUTPUT: None},
        {"min_prompt_tokens": 5_000, "phase_of_moon": "full", "price_per_image": "1"},
    ]
    said(pricing, {"m": prices(1, 2, conditions=conditions)})
    row = bill(pricing, usage)
    assert row["cost"] is None
    assert reason in row["reason"]
    # What the request does not need may be unknown.
    assert cost(pricing, {"input_tokens": 1, "output_tokens": 1}) == Decimal("0.000003")


def test_a_later_condition_makes_known_again_what_an_earlier_one_made_unknown(
    pricing: Pricing,
) -> None:
    conditions = [{"phase_of_moon": "full", OUTPUT: "1"}, {"region": "eu", OUTPUT: "3"}]
    said(pricing, {"m": prices(1, 2, conditions=conditions)})
    assert cost(pricing, {"output_tokens": 1}) is None
    assert cost(pricing, {"output_tokens": 1, "region": "eu"}) == 3
    assert cost(pricing, {"output_tokens": 1, "region": "us"}) is None


@pytest.mark.parametrize("usage", [[], None, *NO_USAGES], ids=str)
def test_a_usage_that_is_not_understood_is_refused(pricing: Pricing, usage: Any) -> None:
    said(pricing, {"m": prices(1, 2)})
    with refused("PT422"):
        bill(pricing, usage)


def test_a_fee_by_what_is_asked_for_is_not_none_for_something_else(pricing: Pricing) -> None:
    small: Row = {"image_size": "512x512", "price_per_image": "0.02"}
    batch = {"service_tier": "batch", "image_size": "2048x2048", "price_per_image": "0.08"}
    later = {"effective_from": "2999-01-01T00:00:00Z", "search_type": "web"}
    later["price_per_web_search"] = "0.01"
    said(pricing, {"m": prices(1, 2, conditions=[small, batch, later])})
    assert cost(pricing, {"images": 3, "image_size": "512x512"}) == Decimal("0.06")
    for words in ({}, {"image_size": "1024x1024"}, {"image_size": "2048x2048"}):
        row = bill(pricing, {"images": 1} | words)
        assert (row["cost"], row["reason"]) == (
            None, "per_image is unknown, it depends on image_size",
        )  # fmt: skip
    # Nothing else depends on it.
    assert cost(pricing, {"input_tokens": 1_000_000, "web_searches": 1}) == 1


def test_no_fee_is_none_where_no_price_is_known(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    assert cost(pricing, {"images": 1, "web_searches": 1}) == 0
    said(pricing, {"m": prices(None, None)})
    for usage in ({}, {"images": 1}, {"web_searches": 1}):
        assert cost(pricing, usage) is None
    assert cost(pricing, {"requests": 0}) == 0


def test_counts_as_programs_write_them(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    for count in (1000, "1000", 1000.0):
        assert cost(pricing, {"input_tokens": count, "output_tokens": None}) == Decimal("0.001")
    with refused("PT422"):
        bill(pricing, {"input_tokens": "9" * 41})


def test_no_model_and_no_price(pricing: Pricing) -> None:
    listed(pricing, "m")
    row = bill(pricing, {"input_tokens": 1})
    assert (row["cost"], row["lines"]) == (None, [])
    assert row["reason"]
    with refused("PT404"):
        bill(pricing, {"input_tokens": 1}, model="M")


def test_it_bills_the_price_of_its_time(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)}, at=NOON)
    said(pricing, {"m": prices(3, 2)}, at=NOON + timedelta(days=1))
    override(pricing, input_per_1m=5)
    million = {"input_tokens": 1_000_000}
    assert cost(pricing, million, NOON - timedelta(seconds=1)) is None
    assert cost(pricing, million, NOON) == 1
    assert cost(pricing, million, NOON + timedelta(days=1)) == 3
    assert cost(pricing, million) == 5
