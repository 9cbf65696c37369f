"""A list that has lost its prices is refused; ``test_apply_provider_prices`` has shorter lists."""

from __future__ import annotations

import json

import pytest

from tests.db.pricing import Pricing, catalogue_price, price, refused


def unpriced(*numbers: int) -> list[dict[str, object]]:
    return [price(f"m{n}", None, None) for n in numbers]


def priced(*numbers: int) -> list[dict[str, object]]:
    return [price(f"m{n}") for n in numbers]


@pytest.mark.parametrize(
    ("known", "lost", "fits"), [(10, 5, False), (11, 5, True), (4, 4, True), (5, 5, False)]
)
def test_half_of_the_prices_gone_sinks_the_list(
    pricing: Pricing, known: int, lost: int, fits: bool
) -> None:
    pricing.sync("openrouter", [*priced(*range(known)), *unpriced(*range(100, 120))])
    listed = [*unpriced(*range(lost), *range(100, 120)), *priced(*range(lost, known))]
    attempt = pricing.start()
    if fits:
        assert pricing.apply(attempt, listed)["models_updated"] == lost
        return
    with pricing.nothing_written(), refused("PT422") as info:
        pricing.apply(attempt, listed)
    assert json.loads(str(info.value.diag.message_detail)) == {"error_kind": "prices_gone"}


def test_a_price_that_only_has_conditions_is_not_gone(pricing: Pricing) -> None:
    pricing.sync("openrouter", priced(*range(5)))
    windows = [{"utc_start": 0, "utc_end": 1200, "price_per_input_token": "0.0000003"}]
    listed = [row | {"conditions": windows} for row in unpriced(*range(5))]
    assert pricing.sync("openrouter", listed)["models_updated"] == 5


def test_beside_overrides_it_is_what_the_provider_said_that_counts(pricing: Pricing) -> None:
    pricing.sync("openrouter", [*priced(*range(5)), *unpriced(*range(5, 10))])
    for n in range(10):
        pricing.row(
            "select set_price_override('openrouter', %s, 'contract', input_per_1m => 1)", f"m{n}"
        )
    attempt = pricing.start()
    with refused("PT422"):
        pricing.apply(attempt, unpriced(*range(10)))


def test_prices_of_the_catalogue_are_no_promise_of_the_provider(pricing: Pricing) -> None:
    pricing.do("update pricing_providers set enabled = true where slug = 'chutes'")
    pricing.sync("catalogue", [catalogue_price("chutes", f"m{n}") for n in range(5)])
    own = [row | {"source": "api:chutes"} for row in unpriced(*range(5))]
    assert pricing.sync("chutes", own)["status"] == "success"
