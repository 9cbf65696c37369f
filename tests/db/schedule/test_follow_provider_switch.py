"""A provider's state follows its switch."""

from __future__ import annotations

import pytest

from tests.db.pricing import Pricing


@pytest.mark.parametrize(("adapter", "after"), [("openrouter", "ok"), (None, "no_price_api")])
def test_off_and_on_again(pricing: Pricing, adapter: str | None, after: str) -> None:
    pricing.do(
        "insert into public.pricing_providers (slug, name, adapter, enabled)"
        " values ('p', 'P', %s, false)",
        adapter,
    )
    assert pricing.provider("p")["state"] == "disabled"
    pricing.do("update public.pricing_providers set enabled = true where slug = 'p'")
    assert pricing.provider("p")["state"] == after


def test_the_switch_wins_over_the_state(pricing: Pricing) -> None:
    pricing.do("update public.pricing_providers set enabled = false, state = 'ok'")
    assert pricing.provider("openrouter")["state"] == "disabled"
    pricing.do("update public.pricing_providers set state = 'failing'")
    assert pricing.provider("openrouter")["state"] == "disabled"


def test_other_states_stay(pricing: Pricing) -> None:
    pricing.do("update public.pricing_providers set state = 'no_credentials'")
    pricing.do("update public.pricing_providers set enabled = true")
    assert pricing.provider("openrouter")["state"] == "no_credentials"
