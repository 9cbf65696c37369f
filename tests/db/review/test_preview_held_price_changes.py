"""The numbers of a decision before it is made: held changes, rules, overrides, rollbacks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.db.price_changes import guard
from tests.db.price_decisions import (
    call,
    charged,
    ended_job,
    held,
    listed,
    override,
    prices,
    said,
)
from tests.db.pricing import Pricing, Row, price, refused

REJECTED: dict[str, Any] = {
    "status": "rejected",
    "decided_at": "2026-01-03T00:00:00Z",
    "decided_by": "bob",
}


def preview(pricing: Pricing, function: str, **given: Any) -> Row:
    if "ids" in given:
        given["ids"] = "{" + ",".join(str(each) for each in given["ids"]) + "}"
    with pricing.nothing_written():
        (row,) = call(pricing, f"preview_{function}", **given)
    return row


def impact(models: int, factor: object, *to_free: str, providers: str = "openrouter") -> Row:
    return {
        "models": models,
        "providers": providers.split(),
        "largest_factor": None if factor is None else Decimal(str(factor)),
        "to_free_count": len(to_free),
        "to_free": list(to_free),
    }


# Held changes.


def test_models_and_the_largest_factor_either_way(pricing: Pricing) -> None:
    said(pricing, {"a": prices(1, 2), "b": prices(1, 2)})
    said(pricing, {"n": prices(8)}, provider="novita")
    ids = [
        held(pricing, "a", prices(20, 3)),
        held(pricing, "b", prices("1.5", "0.05")),
        held(pricing, "n", prices("0.5"), provider="novita"),
    ]
    assert preview(pricing, "held_price_changes", ids=ids) == impact(
        3, 40, providers="novita openrouter"
    )


def test_every_axis_counts_and_every_condition(pricing: Pricing) -> None:
    tier = {"service_tier": "batch"}
    said(pricing, {"m": prices(1, price_per_image="0.1", conditions=[tier | prices(2)])})
    image = held(pricing, "m", prices(1, price_per_image="5", conditions=[tier | prices(2)]))
    assert preview(pricing, "held_price_changes", ids=[image])["largest_factor"] == 50
    pricing.do("delete from public.pricing_held_changes")
    tiered = held(pricing, "m", prices(1, price_per_image="0.1", conditions=[tier | prices(60)]))
    assert preview(pricing, "held_price_changes", ids=[tiered])["largest_factor"] == 30


def test_a_new_condition_is_measured_by_the_base_price(pricing: Pricing) -> None:
    said(pricing, {"m": prices(2)})
    new = held(pricing, "m", prices(2, conditions=[{"service_tier": "fast"} | prices(50)]))
    assert preview(pricing, "held_price_changes", ids=[new])["largest_factor"] == 25


@pytest.mark.parametrize(
    ("before", "now", "becomes_free"),
    [
        (prices(1, 2), prices(0, 0), True),
        (prices(1, 2), prices(0, 2), True),
        (prices(1, price_per_image="0.1"), prices(1, price_per_image="0"), True),
        ({}, prices(0, 0), True),
        ({}, prices(0, 0, price_per_web_search="0.01"), True),
        ({}, prices(0, 0, price_per_request="0.01"), False),
        ({}, prices(0, 0, conditions=[{"min_prompt_tokens": 1000} | prices(1)]), False),
        (prices(1, 2), prices(3, 4), False),
        (prices(1, 2), prices(1, None), False),
        (
            prices(1, conditions=[{"service_tier": "batch"} | prices(1)]),
            prices(1, conditions=[{"service_tier": "batch"} | prices(0)]),
            True,
        ),
        (
            prices(1, 2),
            prices(1, 2, conditions=[{"effective_from": "2999-01-01T00:00:00Z"} | prices(0, 0)]),
            True,
        ),
    ],
)
def test_which_become_free(pricing: Pricing, before: Row, now: Row, becomes_free: bool) -> None:
    listed(pricing, "vendor/m")
    if before:
        said(pricing, {"vendor/m": before})
    row = preview(pricing, "held_price_changes", ids=[held(pricing, "vendor/m", now)])
    assert row["to_free"] == ["openrouter/vendor/m"] * becomes_free
    assert row["to_free_count"] == becomes_free


def test_the_first_twenty_that_become_free_are_named_and_all_are_counted(pricing: Pricing) -> None:
    job_id = ended_job(pricing)
    names = [f"m{number:02}" for number in range(25)]
    said(pricing, {name: prices(1, 2) for name in names})
    for name in names:
        held(pricing, name, prices(0, 0), job_id=job_id)
    row = preview(pricing, "held_price_changes", job_id=job_id)
    assert row["to_free"] == [f"openrouter/{name}" for name in names[:20]]
    assert (row["models"], row["to_free_count"]) == (25, 25)


def test_a_rejected_one_can_be_approved_and_not_rejected(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    held_id = held(pricing, "m", prices(30, 2), **REJECTED)
    assert preview(pricing, "held_price_changes", ids=[held_id]) == impact(1, 30)
    with refused("PT409"):
        preview(pricing, "held_price_changes", ids=[held_id], decision="reject")


def test_what_is_not_there_and_what_no_longer_waits(pricing: Pricing) -> None:
    with refused("PT404"):
        preview(pricing, "held_price_changes", ids=[999])
    with refused("PT404"):
        preview(pricing, "held_price_changes", job_id="0" * 32)
    with refused("PT409"):
        preview(pricing, "held_price_changes", job_id=ended_job(pricing))
    for given in ({}, {"ids": [1], "job_id": "0" * 32}, {"ids": [1], "decision": "forget"}):
        with refused("PT422"):
            preview(pricing, "held_price_changes", **given)


def test_an_override_s_price_is_not_what_the_change_replaces(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    override(pricing, input_per_1m=5, output_per_1m=6)
    held_id = held(pricing, "m", prices(20, 2))
    assert preview(pricing, "held_price_changes", ids=[held_id]) == impact(1, 20)


# Rules.


def test_a_rule_previews_what_the_next_sync_applies_by_it(pricing: Pricing) -> None:
    """Of factors inside and outside, a fall to zero, and a price outside of the bounds."""
    guard(pricing)
    amounts = ("1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "900", "1")
    now = ("15", "0.05", "30", "0", "1", "1", "1", "1", "1", "1", "1", "11000", "1")
    before, after = (
        [price(f"m{n}", f"{each}e-6") for n, each in enumerate(amounts)]
        for amounts in (amounts, now)
    )
    pricing.sync("openrouter", before)
    assert pricing.sync("openrouter", after)["models_held"] == 5
    shown = preview(pricing, "price_change_rule", provider="openrouter", up_to_ratio=20)
    assert shown == impact(2, 20) | {"covered": 13}
    call(
        pricing,
        "accept_price_changes",
        **{"provider": "openrouter", "up_to_ratio": 20, "reason": "announced"},
        until=pricing.value("select now() + interval '1 hour'"),
    )
    assert pricing.sync("openrouter", after)["models_updated"] == shown["models"]


def test_a_rule_of_one_model(pricing: Pricing) -> None:
    said(pricing, {"a": prices(1, 2), "b": prices(1, 2)})
    for model in "ab":
        held(pricing, model, prices(15, 2), ratio=15, evidence='[{"kind": "ratio"}]')
    row = preview(pricing, "price_change_rule", provider="openrouter", up_to_ratio=20, model="a")
    assert row == impact(1, 15) | {"covered": 1}
    with refused("PT404"):
        preview(pricing, "price_change_rule", provider="openrouter", up_to_ratio=20, model="c")
    with refused("PT404"):
        preview(pricing, "price_change_rule", provider="nope", up_to_ratio=20)
    for ratio in (1, None, "NaN"):
        with refused("PT422"):
            preview(pricing, "price_change_rule", provider="openrouter", up_to_ratio=ratio)


# Overrides.


def test_an_override_is_measured_by_the_price_in_force(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    model = {"provider": "openrouter", "model": "m"}
    assert preview(pricing, "price_override", **model, input_per_1m=5) == impact(1, 5)
    override(pricing, input_per_1m=4)
    assert preview(pricing, "price_override", **model, input_per_1m=5) == impact(1, "1.25")
    free = preview(pricing, "price_override", **model, input_per_1m=0, output_per_1m=0)
    assert free == impact(1, None, "openrouter/m")
    assert preview(pricing, "price_override", **model) == impact(1, 4)


def test_an_override_that_cannot_be_previewed(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    model = {"provider": "openrouter", "model": "m"}
    with refused("PT409"):
        preview(pricing, "price_override", **model)
    with refused("PT404"):
        preview(pricing, "price_override", provider="openrouter", model="nope", input_per_1m=1)
    with refused("PT422"):
        preview(pricing, "price_override", **model, prices={"nope": 1})


# Rollbacks.


def test_a_rollback_previews_what_it_does(pricing: Pricing) -> None:
    said(pricing, {"a": prices(1, 2), "b": prices(0, 0), "c": prices(1, 2)})
    job_id = said(pricing, {"a": prices(12, 2), "b": prices(3, 4), "c": prices(1, 2)})
    assert preview(pricing, "pricing_rollback", job_id=job_id) == impact(2, 12, "openrouter/b")
    call(pricing, "rollback_pricing_sync", job_id=job_id, dry_run=False)
    assert (charged(pricing, "a"), charged(pricing, "b")) == (prices(1, 2), prices(0, 0))
    with refused("PT409"):
        preview(pricing, "pricing_rollback", job_id=job_id)


def test_a_rollback_leaves_out_what_a_later_job_changed(pricing: Pricing) -> None:
    said(pricing, {"a": prices(1, 2), "b": prices(1, 2)})
    job_id = said(pricing, {"a": prices(3, 2), "b": prices(50, 2)})
    said(pricing, {"b": prices(4, 2)})
    assert preview(pricing, "pricing_rollback", job_id=job_id) == impact(1, 3)
