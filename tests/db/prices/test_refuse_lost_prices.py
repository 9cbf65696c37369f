"""A list that has lost its prices is refused; ``test_apply_provider_prices`` has shorter lists."""

from __future__ import annotations

import json

import pytest

from tests.db.price_changes import FEES, OTHER_AXES, TOKEN_AXES, guard
from tests.db.price_decisions import INPUT
from tests.db.pricing import Pricing, catalogue_price, price, refused

AXES = tuple(axis for axis in (*TOKEN_AXES, *OTHER_AXES) if axis not in FEES)


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


@pytest.mark.parametrize("axis", AXES)
def test_one_price_gone_from_half_of_the_models_sinks_the_list(pricing: Pricing, axis: str) -> None:
    other = {"price_per_output_token" if axis == INPUT else INPUT: "0.000001"}

    def listed(having: int, known: int) -> list[dict[str, object]]:
        return [
            price(f"m{n}", None, None) | other | ({axis: "0.000001"} if n < having else {})
            for n in range(known)
        ]

    pricing.do("update pricing_providers set guards_enabled = false")
    pricing.sync("openrouter", listed(20, 30))
    attempt = pricing.start()
    with pricing.nothing_written(), refused("PT422") as info:
        pricing.apply(attempt, listed(10, 30))
    assert json.loads(str(info.value.diag.message_detail)) == {"error_kind": "prices_gone"}
    assert f"no {axis} any more for 10 of 20" in str(info.value)
    assert pricing.apply(attempt, listed(11, 30))["models_updated"] == 9, "less than half"
    assert pricing.sync("openrouter", listed(2, 30))["models_updated"] == 9, "fewer than 10"


def test_a_fee_is_no_such_price(pricing: Pricing) -> None:
    guard(pricing)
    pricing.sync("openrouter", [price(f"m{n}", price_per_image="1") for n in range(20)])
    assert pricing.sync("openrouter", priced(*range(20)))["models_held"] == 20


def test_a_price_that_moves_into_conditions_is_not_gone_nor_is_one_that_is_unknown_there(
    pricing: Pricing,
) -> None:
    pricing.do("update pricing_providers set guards_enabled = false")
    pricing.sync("openrouter", priced(*range(10)))
    window = {"utc_start": 0, "utc_end": 1200}

    def moved(output: str | None) -> list[dict[str, object]]:
        entry = window | {"price_per_output_token": output}
        return [price(f"m{n}", output=None, conditions=[entry]) for n in range(10)]

    attempt = pricing.start()
    with refused("PT422"):
        pricing.apply(attempt, moved(None))
    assert pricing.apply(attempt, moved("0.000002"))["models_updated"] == 10


def test_a_skipped_model_has_not_lost_its_prices(pricing: Pricing) -> None:
    pricing.sync("openrouter", priced(*range(30)))
    skipped = [{"model_id": f"m{n}", "reason": "odd"} for n in range(10)]
    assert (
        pricing.sync("openrouter", priced(*range(10, 30)), skipped=skipped)["status"] == "success"
    )


def test_a_person_may_accept_that_one_price_is_gone(pricing: Pricing) -> None:
    without = [price(f"m{n}", output=None) for n in range(10)]
    pricing.sync("openrouter", priced(*range(10)))
    attempt = pricing.start()
    with refused("PT422") as info:
        pricing.apply(attempt, without)
    pricing.end(attempt, "failed", "prices_gone", str(info.value))
    pricing.rows("select * from accept_shorter_list('openrouter')")
    assert pricing.sync("openrouter", without)["models_updated"] == 10
    # For that list alone.
    pricing.sync("openrouter", priced(*range(10)))
    with refused("PT422"):
        pricing.sync("openrouter", without)


def test_beside_overrides_one_price_is_gone_all_the_same(pricing: Pricing) -> None:
    pricing.sync("openrouter", priced(*range(10)))
    for n in range(10):
        pricing.row(
            "select set_price_override('openrouter', %s, 'contract', output_per_1m => 1)", f"m{n}"
        )
    with refused("PT422"):
        pricing.sync("openrouter", [price(f"m{n}", output=None) for n in range(10)])


def test_prices_of_the_catalogue_are_no_promise_of_the_provider(pricing: Pricing) -> None:
    pricing.do("update pricing_providers set enabled = true where slug = 'chutes'")
    pricing.sync("catalogue", [catalogue_price("chutes", f"m{n}") for n in range(5)])
    own = [row | {"source": "api:chutes"} for row in priced(*range(10, 15))]
    pricing.sync("chutes", own)
    own += [row | {"source": "api:chutes"} for row in unpriced(*range(5))]
    assert pricing.sync("chutes", own)["status"] == "success"
