"""The bound on the names of callers."""

from __future__ import annotations

import pytest

from tests.db.pricing import Pricing, refused

CHECK = "select public.require_author('author', %s, 'Name the person.')"


@pytest.mark.parametrize("name", [None, "", "x" * 201])
def test_a_missing_or_long_name_is_refused(pricing: Pricing, name: str | None) -> None:
    with refused("PT422") as info:
        pricing.do(CHECK, name)
    assert str(info.value).startswith("author must ")
    assert info.value.diag.message_hint == "Name the person."


@pytest.mark.parametrize("name", ["x", "x" * 200])
def test_a_name_within_the_bound_is_accepted(pricing: Pricing, name: str) -> None:
    pricing.do(CHECK, name)
