"""A person accepts that a provider's list has lost half of its models or of their prices."""

from __future__ import annotations

import pytest

from tests.db.price_decisions import audit, call
from tests.db.pricing import Pricing, catalogue_price, price, refused


def models(*numbers: int, **more: object) -> list[dict[str, object]]:
    return [price(f"m{n}", **more) for n in numbers]  # type: ignore[arg-type]


def fails(pricing: Pricing, listed: list[dict[str, object]], provider: str = "openrouter") -> None:
    """A sync whose list is refused, ended as the worker ends it."""
    attempt = pricing.start(provider)
    with refused("PT422") as info:
        pricing.apply(attempt, listed)
    kind = "prices_gone" if "no price" in str(info.value) else "list_shrunk"
    pricing.end(attempt, "failed", kind, info.value.diag.message_primary)


def accept(pricing: Pricing, provider: str | None = "openrouter") -> dict[str, object]:
    (refused_attempt,) = call(pricing, "accept_shorter_list", provider=provider, accepted_by="ann")
    return refused_attempt


def active(pricing: Pricing) -> list[str]:
    rows = pricing.rows("select model_id from public.model_pricing where is_active order by id")
    return [row["model_id"] for row in rows]


def test_the_next_list_may_be_as_short(pricing: Pricing) -> None:
    pricing.sync("openrouter", models(*range(10)))
    fails(pricing, models(0, 1, 2))
    assert accept(pricing)["error_kind"] == "list_shrunk"
    assert len(active(pricing)) == 10, "nothing is inactive before the list has come"

    assert pricing.sync("openrouter", models(0, 1, 2))["status"] == "success"
    assert active(pricing) == ["m0", "m1", "m2"]
    assert len(pricing.history("m9")) == 1
    (row,) = audit(pricing)
    assert (row["who"], row["action"], row["subject"]) == (
        *("ann", "accept_shorter_list", "openrouter"),
    )
    assert row["details"]["error_message"].startswith("The list has 3 of 10 known models")
    # The shorter list is the new base.
    pricing.sync("openrouter", models(0, 1))
    fails(pricing, models(0))


def test_one_that_is_much_shorter_again_is_refused(pricing: Pricing) -> None:
    pricing.sync("openrouter", models(*range(10)))
    fails(pricing, models(0, 1, 2, 3))
    accept(pricing)
    fails(pricing, models(0, 1))
    assert pricing.sync("openrouter", models(0, 1, 2))["status"] == "success"


def test_models_that_all_have_new_names(pricing: Pricing) -> None:
    pricing.sync("openrouter", models(*range(4)))
    fails(pricing, models(7, 8))
    accept(pricing)
    pricing.sync("openrouter", models(7, 8))
    assert active(pricing) == ["m7", "m8"]


def test_prices_that_are_gone(pricing: Pricing) -> None:
    pricing.sync("openrouter", models(*range(10)))
    unpriced = models(*range(6), input=None, output=None)
    fails(pricing, [*unpriced, *models(6, 7, 8)])
    assert accept(pricing)["error_kind"] == "prices_gone"
    pricing.sync("openrouter", [*unpriced, *models(6, 7, 8)])
    assert pricing.model("m0")["price_per_input_token"] is None
    assert "m9" in active(pricing), "nobody has accepted that models are gone"


def test_models_and_then_prices(pricing: Pricing) -> None:
    """The first acceptance still holds when the second is made."""
    pricing.sync("openrouter", models(*range(20)))
    shorter = models(*range(6), input=None, output=None)
    for _ in range(2):
        fails(pricing, shorter)
        accept(pricing)
    assert pricing.sync("openrouter", shorter)["status"] == "success"


def test_a_success_ends_it(pricing: Pricing) -> None:
    pricing.sync("openrouter", models(*range(10)))
    fails(pricing, models(0))
    accept(pricing)
    pricing.sync("openrouter", models(*range(9)))
    assert "m9" in active(pricing), "one that is missing once is not gone"
    fails(pricing, models(0))
    pricing.sync("openrouter", None)
    with pricing.nothing_written(), refused("PT409"):
        accept(pricing)


def test_a_dry_run_does_not_use_it_up(pricing: Pricing) -> None:
    pricing.sync("openrouter", models(*range(10)))
    fails(pricing, models(0))
    accept(pricing)
    attempt = pricing.start("openrouter", dry_run=True)
    pricing.apply(attempt, models(0))
    assert len(active(pricing)) == 10
    pricing.sync("openrouter", models(0))
    assert active(pricing) == ["m0"]


def test_after_a_week_the_shorter_list_is_forgotten(pricing: Pricing) -> None:
    pricing.sync("openrouter", models(*range(10)))
    fails(pricing, models(0))
    accept(pricing)
    pricing.do(
        "update pricing_providers set accepted_list_at = accepted_list_at - interval '7 days'"
    )
    fails(pricing, models(0))


def test_the_catalogues_list(pricing: Pricing) -> None:
    pricing.sync("catalogue", [catalogue_price("anthropic", f"m{n}") for n in range(4)])
    fails(pricing, [catalogue_price("anthropic", "m0")], "catalogue")
    accept(pricing, "catalogue")
    pricing.sync("catalogue", [catalogue_price("anthropic", "m0")])
    assert active(pricing) == ["m0"]


@pytest.mark.parametrize("provider", ["nobody", None])
def test_an_unknown_provider(pricing: Pricing, provider: str | None) -> None:
    with pricing.nothing_written(), refused("PT404"):
        accept(pricing, provider)


def test_nothing_was_refused(pricing: Pricing) -> None:
    pricing.end(pricing.start("openrouter"), "failed", "http_status", "status 500")
    with pricing.nothing_written(), refused("PT409"):
        accept(pricing)


def test_a_person_accepts_it(pricing: Pricing) -> None:
    with refused("PT422"):
        call(pricing, "accept_shorter_list", provider="openrouter", accepted_by="")
