"""The price set that a provider published last and that was accepted."""

from __future__ import annotations

from tests.db.price_decisions import base, charged, listed, override, prices, said
from tests.db.pricing import Pricing


def test_it_is_what_is_charged(pricing: Pricing) -> None:
    said(pricing, {"m": prices("1", "2")})
    assert base(pricing) == charged(pricing) == prices("1", "2")


def test_beside_an_override_it_is_what_the_syncs_say(pricing: Pricing) -> None:
    said(pricing, {"m": prices("1", "2")})
    override(pricing, input_per_1m=7)
    assert (base(pricing), charged(pricing)) == (prices("1", "2"), prices("7", "2"))
    said(pricing, {"m": prices("3")})
    assert (base(pricing), charged(pricing)) == (prices("3"), prices("7"))


def test_a_model_without_a_price_has_none(pricing: Pricing) -> None:
    listed(pricing, "m")
    assert base(pricing) == {}
