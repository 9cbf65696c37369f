"""Models whose provider price differs from the catalogue's by more than 1 %."""

from __future__ import annotations

from decimal import Decimal

import pytest
from psycopg.types.json import Jsonb

from tests.db.price_decisions import override, prices, said
from tests.db.pricing import Pricing, Row


def catalogue_says(pricing: Pricing, model: str, it: Row, provider: str = "openrouter") -> None:
    pricing.do(
        "insert into public.pricing_catalogue_prices (provider_slug, model_id, prices, version)"
        " values (%s, %s, %s, 'genai-prices@0.2.3')",
        *(provider, model, Jsonb(it)),
    )


def drift(pricing: Pricing) -> list[Row]:
    with pricing.as_role("pricing_web"):
        return pricing.rows("select * from public.pricing_drift order by model, price")


def test_one_row_for_each_price_that_differs(pricing: Pricing) -> None:
    said(pricing, {"m": prices(3, 2, price_per_image="0.04")})
    catalogue_says(pricing, "m", prices(2, 2, price_per_image="0.08"))
    assert drift(pricing) == [
        {
            "provider": "openrouter",
            "model": "m",
            "price": "input_per_1m",
            "provider_amount": 3,
            "catalogue_amount": 2,
            "ratio": Decimal("1.5"),
            "source": "api:openrouter",
            "catalogue": "genai-prices@0.2.3",
        },
        {
            "provider": "openrouter",
            "model": "m",
            "price": "per_image",
            "provider_amount": Decimal("0.04"),
            "catalogue_amount": Decimal("0.08"),
            "ratio": Decimal("0.5"),
            "source": "api:openrouter",
            "catalogue": "genai-prices@0.2.3",
        },
    ]


def test_every_axis_is_compared(pricing: Pricing) -> None:
    axes = {
        row["axis"]: row["short_name"]
        for row in pricing.rows("select * from public.pricing_axes()")
    }
    everything = {axis: str(number) for number, axis in enumerate(axes, 2)}
    said(pricing, {"m": everything})
    catalogue_says(pricing, "m", {axis: "1" for axis in axes})
    assert {row["price"]: row["ratio"] for row in drift(pricing)} == {
        axes[axis]: Decimal(amount) for axis, amount in everything.items()
    }


@pytest.mark.parametrize(
    ("provider", "catalogue", "differs"),
    [
        ("1.01", "1", False),
        ("1.0100001", "1", True),
        ("0.99", "1", False),
        ("0.98999", "1", True),
        ("0", "1", True),
        ("1", "0", True),
        ("0", "0", False),
        (None, "1", False),
        ("1", None, False),
    ],
)
def test_more_than_one_percent(
    pricing: Pricing, provider: str | None, catalogue: str | None, differs: bool
) -> None:
    said(pricing, {"m": prices(provider, 2)})
    catalogue_says(pricing, "m", prices(catalogue, 2))
    assert bool(drift(pricing)) is differs
    if differs and catalogue == "0":
        assert drift(pricing)[0]["ratio"] is None


def test_an_override_is_not_the_providers_number(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2), "other": prices(3, 2)})
    for model in ("m", "other"):
        catalogue_says(pricing, model, prices(1, 2))
    override(pricing, "m", input_per_1m=5)
    override(pricing, "other", input_per_1m=1)
    assert [(row["model"], row["provider_amount"]) for row in drift(pricing)] == [("other", 3)]


def test_conditions_are_no_number(pricing: Pricing) -> None:
    """Both sets have some; under an override the provider's stand beside its numbers."""
    long = {"min_prompt_tokens": 1000, "price_per_input_token": "0.000004"}
    sets = prices(3, conditions=[long])
    said(pricing, {"m": sets, "overridden": sets})
    override(pricing, "overridden", input_per_1m=9)
    for model in ("m", "overridden"):
        catalogue_says(pricing, model, prices(2, conditions=[long]))
    assert [(row["model"], row["provider_amount"]) for row in drift(pricing)] == [
        ("m", 3),
        ("overridden", 3),
    ]


def test_what_has_no_number_of_its_own(pricing: Pricing) -> None:
    said(pricing, {"from-catalogue": prices(3, 2)}, source="catalogue:genai-prices@0.1")
    said(pricing, {"gone": prices(3, 2), "M": prices(3, 2)})
    said(pricing, {"m": prices(3, 2)}, provider="deepinfra")
    pricing.maintain("update public.model_pricing set is_active = false where model_id = 'gone'")
    for model in ("from-catalogue", "gone", "m"):
        catalogue_says(pricing, model, prices(1, 2))
    assert drift(pricing) == []
