"""Without the override the provider's price is in force again."""

from __future__ import annotations

import pytest

from tests.db.price_decisions import audit, base, call, charged, course, override, prices, said
from tests.db.pricing import Pricing, Row, refused


def clear(
    pricing: Pricing,
    provider: str | None = "openrouter",
    model: str | None = "m",
    **given: object,
) -> Row:
    given = {"cleared_by": "bob"} | given
    (row,) = call(pricing, "clear_price_override", provider=provider, model=model, **given)
    return row


def test_the_newest_synced_price_comes_back(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    one = override(pricing, input_per_1m=5, author="ann")
    said(pricing, {"m": prices(3, 4)})
    row = clear(pricing)

    assert (row["id"], row["ended_by"]) == (one["id"], "bob")
    assert row["ended_at"] is not None
    assert charged(pricing) == base(pricing) == prices(3, 4)
    assert pricing.model("m")["synced"] is None
    assert course(pricing)[-1] == ("manual:bob", True, 3, 4)
    assert audit(pricing)[-1] == {
        "who": "bob",
        "action": "clear_price_override",
        "subject": "openrouter/m",
        "details": {"override": one["id"], "prices": one["prices"]},
    }


def test_there_may_be_none(pricing: Pricing) -> None:
    said(pricing, {"m": prices(1, 2)})
    with pricing.nothing_written(), refused("PT409"):
        clear(pricing)
    override(pricing, input_per_1m=5)
    clear(pricing)
    with pricing.nothing_written(), refused("PT409"):
        clear(pricing)


@pytest.mark.parametrize(
    ("provider", "model"), [("openrouter", "M"), ("openrouter", None), (None, "m"), ("nobody", "m")]
)
def test_an_unknown_model(pricing: Pricing, provider: str | None, model: str | None) -> None:
    said(pricing, {"m": prices(1, 2)})
    with pricing.nothing_written(), refused("PT404"):
        clear(pricing, provider, model)


@pytest.mark.parametrize("cleared_by", [None, "", "x" * 201])
def test_bad_names_are_refused(pricing: Pricing, cleared_by: str | None) -> None:
    said(pricing, {"m": prices(1, 2)})
    override(pricing, input_per_1m=5)
    with pricing.nothing_written(), refused("PT422"):
        clear(pricing, cleared_by=cleared_by)
