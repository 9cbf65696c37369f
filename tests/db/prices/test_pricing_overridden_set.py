"""The price set charged while an override fixes some of the prices."""

from __future__ import annotations

import pytest
from psycopg.types.json import Jsonb

from tests.db.price_decisions import INPUT, OUTPUT
from tests.db.pricing import Pricing, Row

REQUEST, SEARCH = "price_per_request", "price_per_web_search"
TIER = {"min_prompt_tokens": 200000}


@pytest.mark.parametrize(
    ("synced", "fixed", "charged"),
    [
        ({INPUT: "1", OUTPUT: "2"}, {INPUT: "7"}, {INPUT: "7", OUTPUT: "2"}),
        ({}, {INPUT: "7"}, {INPUT: "7"}),
        ({INPUT: "1"}, {INPUT: "0"}, {INPUT: "0"}),
        ({INPUT: "1"}, {OUTPUT: "7.0"}, {INPUT: "1", OUTPUT: "7"}),
        # A person's fee of 0 is shown, a provider's is none.
        (
            {REQUEST: "1", SEARCH: "0"},
            {REQUEST: "0.0"},
            {REQUEST: "0"},
        ),
        # Prices for long prompts too.
        (
            {INPUT: "1", "conditions": [TIER | {INPUT: "3", OUTPUT: "4"}, TIER | {INPUT: "5"}]},
            {INPUT: "7"},
            {INPUT: "7", "conditions": [TIER | {OUTPUT: "4"}]},
        ),
        ({"conditions": [TIER | {INPUT: "3"}]}, {INPUT: "7"}, {INPUT: "7"}),
        (
            {"conditions": [TIER | {INPUT: "3"}]},
            {OUTPUT: "7"},
            {OUTPUT: "7", "conditions": [TIER | {INPUT: "3"}]},
        ),
    ],
)
def test_what_is_fixed_wins_and_the_rest_follows(
    pricing: Pricing, synced: Row, fixed: Row, charged: Row
) -> None:
    found = pricing.value(
        "select public.pricing_overridden_set(%s, %s)", Jsonb(synced), Jsonb(fixed)
    )
    assert found == charged
