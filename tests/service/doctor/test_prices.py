"""The check of prices in force that their history lacks."""

from __future__ import annotations

import pytest

from service.doctor.prices import check_prices
from tests.db.pricing import Pricing, price
from tests.service.doctor.conftest import Diagnose

pytestmark = pytest.mark.usefixtures("without_comparison")


def test_a_price_changed_by_hand_is_found_and_recorded(people: Pricing, diagnose: Diagnose) -> None:
    people.sync("openrouter", [price("o'm"), price("other")])
    assert diagnose()["prices"].state == "ok"

    people.maintain("update model_pricing set price_per_input_token = 1 where model_id = 'o''m'")
    result = diagnose()["prices"]
    assert result.state == "warn"
    assert "1 price in force" in result.found
    assert "openrouter/o'm" in result.found
    people.do(str(result.advice))
    assert diagnose()["prices"].state == "ok"


def test_of_many_it_names_a_few() -> None:
    found = check_prices([("openrouter", f"m{n}") for n in range(1000)])
    assert "1,000 prices or more" in found.found
    assert "openrouter/m4 and 995 more" in found.found
    assert "m5" not in str(found.advice)
