"""Published prices reach the rows for the database without losing a digit."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from service.prices.price_list import to_apply_rows
from service.providers.adapter import adapter


@pytest.mark.parametrize(
    "published",
    [
        "0.0000000208333333333333",
        "0.00000020000000000000002",
        "0.00000000000000000000000000000000000000000000000000000000001",
        "123456789012345678901234567890.5",
        "5e-07",
    ],
)
def test_every_digit_arrives(published: str) -> None:
    entry = {"id": "maker/model", "pricing": {"prompt": published, "completion": "1"}}
    listed = adapter("openrouter").parse(json.dumps({"data": [entry]}).encode())
    (row,) = to_apply_rows(listed, "openrouter", "api:openrouter")
    stored = row["price_per_input_token"]
    assert isinstance(stored, str)
    assert "e" not in stored.lower()
    assert Decimal(stored) == Decimal(published)
