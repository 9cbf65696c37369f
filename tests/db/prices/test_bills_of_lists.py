"""What a request costs by the list that a provider publishes, from its body to the bill."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from service.prices.price_list import to_apply_rows
from service.providers.adapter import adapter
from tests.db.pricing import Pricing

REQUESTY = {
    "input_price": 1.25e-6,
    "output_price": 1e-5,
    "cached_price": 1.25e-7,
    "supports_caching": True,
    "pricing": [
        {"prompt_tokens_threshold": 0, "input_price": 1.25e-6, "output_price": 1e-5},
        {"prompt_tokens_threshold": 200_000, "input_price": 2.5e-6, "output_price": 1.5e-5},
    ],
}
NOVITA = {
    "input_token_price_per_m": 3000,
    "output_token_price_per_m": 12000,
    "tiered_billing_configs": [
        {
            "min_tokens": start,
            "max_tokens": end,
            "pricing": {"prompt": {"price_per_m": prompt}, "completion": {"price_per_m": output}},
        }
        for start, end, prompt, output in ((1, 524_288, 3000, 12000), (524_288, None, 6000, 24000))
    ],
}
ALIBABA = {
    "model": "m",
    "prices": [
        {
            "range_name": "Default",
            "prices": [
                {"type": kind, "price": amount, "price_unit": "Per 1M tokens"}
                for kind, amount in (
                    ("input_token", "0.7"),
                    ("output_token", "2.8"),
                    ("thinking_output_token", "8.4"),
                )
            ],
        }
    ],
}
OPENROUTER = {
    "pricing": {
        "prompt": "0.00001",
        "completion": "0.00002",
        "overrides": [{"min_context": 200_000, "prompt": "0.00002"}],
    }
}
VERCEL = {"pricing": {"input": "0.000002", "service_tiers": {"flex": {"input": "0.000001"}}}}

# Prices for some requests under names that are not read: no base price for these.
UNREAD: dict[str, dict[str, Any]] = {
    "openrouter": {
        "pricing": {"prompt": "0.01", "overrides": [{"min_prompt_tokens": 9, "input": "0.02"}]}
    },
    "requesty": {"input_price": 0.01, "pricing": [{"prompt_tokens_threshold": 9, "rate": 0.02}]},
    "novita": {
        "input_token_price_per_m": 100_000_000,
        "tiered_billing_configs": [{"min_tokens": 10, "pricing": {"input": {"price_per_m": 2}}}],
    },
    "vercel": {"pricing": {"input": "0.01", "regional": {"us": {"multiplier": 2}}}},
}
VERCEL_VARIES = {
    "pricing": {
        "input": "0.000002",
        "image": "0.01",
        "service_tiers": {"flex": {"input": "0.000001", "varies_by_provider": True}},
    }
}
VERCEL_IMAGES = {
    "pricing": {"image_dimension_quality_pricing": [{"size": "1024x1024", "cost": "0.04"}]}
}


def body(slug: str, entry: dict[str, Any]) -> bytes:
    answer: Any = {"data": [{"id": "m"} | entry]}
    if slug == "alibaba-cloud":
        answer = {"success": True, "output": {"total": 1, "page_no": 1, "models": [entry]}}
    return json.dumps(answer).encode()


@pytest.mark.parametrize(
    ("slug", "entry", "usage", "usd"),
    [
        ("requesty", REQUESTY, {"input_tokens": 300_000, "output_tokens": 1_000}, "0.765"),
        ("requesty", REQUESTY, {"input_tokens": 200_000, "output_tokens": 1_000}, "0.26"),
        ("novita", NOVITA, {"input_tokens": 524_287}, "0.1572861"),
        ("novita", NOVITA, {"input_tokens": 524_288}, "0.3145728"),
        ("alibaba-cloud", ALIBABA, {"input_tokens": 1_000, "output_tokens": 10_000}, "0.0287"),
        (
            "alibaba-cloud",
            ALIBABA,
            {"input_tokens": 1_000, "output_tokens": 10_000, "thinking": True},
            "0.0847",
        ),
        ("openrouter", OPENROUTER, {"output_tokens": 1_000}, "0.02"),
        ("openrouter", OPENROUTER, {"input_tokens": 1_000, "output_tokens": 1_000}, None),
        ("vercel", VERCEL, {"input_tokens": 1_000_000}, "2"),
        ("vercel", VERCEL, {"input_tokens": 1_000_000, "service_tier": "flex"}, "1"),
        ("vercel", VERCEL_IMAGES, {"images": 2, "image_size": "1024x1024"}, "0.08"),
        ("vercel", VERCEL_IMAGES, {"images": 2}, None),
        ("vercel", VERCEL_VARIES, {"images": 2}, "0.02"),
        ("vercel", VERCEL_VARIES, {"images": 2, "service_tier": "flex"}, None),
        ("vercel", VERCEL_IMAGES, {"images": 2, "image_size": "1792x1024"}, None),
    ],
)
def test_a_request_costs_what_the_list_says(
    pricing: Pricing, slug: str, entry: dict[str, Any], usage: dict[str, Any], usd: str | None
) -> None:
    listed = adapter(slug).parse(body(slug, entry))
    assert (listed.skipped, len(listed.models)) == ((), 1)
    # The lists of other providers come under the slug of one that the tests' database has.
    pricing.sync("openrouter", to_apply_rows(listed, "openrouter", "api:openrouter"))
    cost = pricing.value(
        "select cost from public.price_request('openrouter', 'm', %s::jsonb)", json.dumps(usage)
    )
    assert cost == (None if usd is None else Decimal(usd))


@pytest.mark.parametrize("slug", UNREAD)
def test_what_is_not_read_is_not_billed_at_the_base_price(pricing: Pricing, slug: str) -> None:
    listed = adapter(slug).parse(body(slug, UNREAD[slug]))
    pricing.sync("openrouter", to_apply_rows(listed, "openrouter", "api:openrouter"))
    costs = [
        pricing.value(
            "select cost from public.price_request('openrouter', 'm', %s::jsonb)",
            json.dumps(usage),
        )
        for usage in ({"input_tokens": 9}, {"input_tokens": 10, "region": "us"})
    ]
    assert costs == [Decimal("0.09"), None]
