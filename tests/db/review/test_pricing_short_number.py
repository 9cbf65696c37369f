"""The form of numbers in sentences for people."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.db.pricing import Pricing


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        *(("0", "0"), ("0.3", "0.3"), ("0.30", "0.3"), ("1", "1"), ("10", "10"), ("100.0", "100")),
        *(("999", "999"), ("1000", "1,000"), ("1234567", "1,234,567"), ("1000000", "1,000,000")),
        *(("1234.56789", "1,234.57"), ("33.3333333333", "33.3333"), ("0.999999999", "1")),
        *(("0.000033333333333", "0.0000333333"), ("1e-20", "0.00000000000000000001")),
        ("1e30", "1" + ",000" * 10),
    ],
)
def test_six_digits_and_commas(pricing: Pricing, number: str, shown: str) -> None:
    assert pricing.value("select public.pricing_short_number(%s)", Decimal(number)) == shown
