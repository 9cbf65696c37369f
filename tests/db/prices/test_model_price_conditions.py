"""Prices that apply to some requests only, as people read them."""

from __future__ import annotations

from decimal import Decimal

from tests.db.pricing import Pricing, price


def test_each_condition_is_a_row_in_its_order(pricing: Pricing) -> None:
    long_prompts = {"min_prompt_tokens": 32000, "price_per_input_token": "0.0000001"}
    nights = {
        "utc_days": ["monday"],
        "utc_start": 2200,
        "utc_end": 600,
        "price_per_output_token": "0.0000004",
        "price_per_cache_read_token": "0",
    }
    pricing.sync("openrouter", [price("m", conditions=[long_prompts, nights]), price("n")])

    with pricing.as_role("pricing_web"):
        rows = pricing.rows("select * from public.model_price_conditions order by position")

    assert [
        {name: value for name, value in row.items() if value is not None and name != "condition"}
        for row in rows
    ] == [
        {
            "provider": "openrouter",
            "model": "m",
            "position": 1,
            "min_prompt_tokens": 32000,
            "input_per_1m": Decimal("0.1"),
            "is_active": True,
        },
        {
            "provider": "openrouter",
            "model": "m",
            "position": 2,
            "utc_days": ["monday"],
            "utc_start": 2200,
            "utc_end": 600,
            "output_per_1m": Decimal("0.4"),
            "cache_read_per_1m": Decimal(0),
            "is_active": True,
        },
    ]
    assert [row["condition"] for row in rows] == [long_prompts, nights]


def test_each_price_is_of_a_million_tokens(pricing: Pricing) -> None:
    usd = {"input": 1, "output": 2, "cache_read": 3, "cache_write": 4, "cache_write_1h": 5}
    condition = {"min_prompt_tokens": 1} | {
        f"price_per_{axis}_token": f"0.00000{amount}" for axis, amount in usd.items()
    }
    pricing.sync("openrouter", [price("m", conditions=[condition])])
    row = pricing.row("select * from public.model_price_conditions")
    assert {axis: row[f"{axis}_per_1m"] for axis in usd} == usd
