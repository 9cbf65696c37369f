"""Two prices differ by more than float noise, or when only one of them is known."""

from __future__ import annotations

import pytest

from tests.db.pricing import Pricing


@pytest.mark.parametrize(
    ("old", "new", "differ"),
    [
        (["1"], ["1.0"], False),
        (["0"], ["0"], False),
        ([None], [None], False),
        ([None], ["0"], True),
        (["0"], [None], True),
        (["0"], ["1e-30"], True),
        (["1"], ["1.000000000001"], False),
        (["1"], ["1.0000000000011"], True),
        (["3e-20"], ["3.00000000001e-20"], True),
        (["3e-20"], ["3.0000000000001e-20"], False),
        (["1", "2", None], ["1", "2", None], False),
        (["1", "2", None], ["1", "2", "3"], True),
        (["1", "2"], ["2", "1"], True),
        ([], [], False),
    ],
)
def test_both_ways(
    pricing: Pricing, old: list[str | None], new: list[str | None], differ: bool
) -> None:
    question = "select public.pricing_prices_differ(%s::numeric[], %s::numeric[])"
    assert pricing.value(question, old, new) is differ
    assert pricing.value(question, new, old) is differ
