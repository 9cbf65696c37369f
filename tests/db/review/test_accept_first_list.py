"""A person accepts the first list of a provider as a whole."""

from __future__ import annotations

from typing import Any

import pytest

from tests.db.price_changes import guard
from tests.db.price_decisions import audit, call, charged
from tests.db.pricing import Pricing, Row, price, refused

# USD per token that no unit explains, and one that any may have.
ODD, PLAIN = "0.3", "0.0000003"


@pytest.fixture(autouse=True)
def reviewed_provider(pricing: Pricing) -> None:
    guard(pricing, review_first=True)


def accept(pricing: Pricing, provider: str | None = "openrouter", **given: Any) -> Row:
    arguments = {"provider": provider, "accepted_by": "ann"} | given
    (row,) = call(pricing, "accept_first_list", **arguments)
    return row


def test_its_prices_are_in_force_and_later_lists_need_no_person(pricing: Pricing) -> None:
    log = pricing.sync("openrouter", [price("a", PLAIN), price("b", PLAIN)])
    assert log["models_held"] == 2
    assert accept(pricing, note="looked at") == {
        "provider": "openrouter",
        "approved": 2,
        "still_held": 0,
        "job_id": log["job_id"],
    }
    assert charged(pricing, "a")["price_per_input_token"] == PLAIN
    assert [row["changed_by"] for row in pricing.history("b")] == ["manual:ann"]
    assert pricing.provider("openrouter")["review_first"] is False
    later = pricing.sync("openrouter", [price("a", PLAIN), price("b", "0.0000004")])
    assert (later["models_held"], later["models_updated"]) == (0, 1)


def test_what_looks_wrong_stays_held(pricing: Pricing) -> None:
    models = [price("a", PLAIN), price("b", PLAIN), price("odd", ODD)]
    pricing.sync("openrouter", models)
    # Said once more: the job is the last that reported them.
    log = pricing.sync("openrouter", models)
    row = accept(pricing)
    assert (row["approved"], row["still_held"], row["job_id"]) == (2, 1, log["job_id"])
    held = pricing.row("select model, class from public.pricing_held")
    assert held == {"model": "odd", "class": "unit"}
    assert pricing.model("odd")["price_per_input_token"] is None


def test_the_audit_log_has_it_once_and_the_end_of_the_review(pricing: Pricing) -> None:
    log = pricing.sync("openrouter", [price("a", PLAIN), price("odd", ODD)])
    accept(pricing, note="looked at")
    *_, ended, row = audit(pricing)
    assert ended["action"] == "end_first_review"
    assert (row["who"], row["action"], row["subject"]) == (
        *("ann", "accept_first_list", "openrouter"),
    )
    ids = row["details"].pop("ids")
    assert len(ids) == 1
    assert row["details"] == {
        "count": 1,
        "still_held": 1,
        "job_id": str(log["job_id"]),
        "note": "looked at",
    }


def test_nothing_of_a_first_list_waits(pricing: Pricing) -> None:
    with pricing.nothing_written(), refused("PT409"):
        accept(pricing)
    pricing.sync("openrouter", [price("odd", ODD)])
    with pricing.nothing_written(), refused("PT409") as info:
        accept(pricing)
    assert str(info.value.diag.message_hint).startswith("1 ")
    guard(pricing, review_first=False)
    pricing.sync("openrouter", [price("odd", ODD), price("a", PLAIN)])
    with pricing.nothing_written(), refused("PT409"):
        accept(pricing)


def test_another_provider_s_list_is_left_alone(pricing: Pricing) -> None:
    guard(pricing, "deepinfra", review_first=True)
    pricing.sync("openrouter", [price("a", PLAIN)])
    pricing.sync("deepinfra", [price("a", PLAIN, source="api:deepinfra")])
    accept(pricing)
    assert pricing.value("select array_agg(provider) from public.pricing_held") == ["deepinfra"]
    assert pricing.provider("deepinfra")["review_first"] is True


@pytest.mark.parametrize("provider", ["nope", None])
def test_an_unknown_provider_is_refused_with_the_known_ones(
    pricing: Pricing, provider: str | None
) -> None:
    with pricing.nothing_written(), refused("PT404") as info:
        accept(pricing, provider)
    assert "openrouter" in str(info.value.diag.message_hint)


@pytest.mark.parametrize("given", [{"accepted_by": None}, {"accepted_by": ""}, {"note": "x" * 501}])
def test_it_wants_a_name_and_a_short_note(pricing: Pricing, given: Row) -> None:
    pricing.sync("openrouter", [price("a", PLAIN)])
    with pricing.nothing_written(), refused("PT422"):
        accept(pricing, **given)
