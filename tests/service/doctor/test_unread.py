"""The check of prices that were published and not read."""

from __future__ import annotations

import pytest

from service.doctor.facts import Facts
from service.doctor.unread import check_unread
from tests.db.pricing import Pricing, price
from tests.service.doctor.conftest import Diagnose

pytestmark = pytest.mark.usefixtures("without_comparison")


def test_models_are_counted_by_provider(people: Pricing, diagnose: Diagnose) -> None:
    people.sync("openrouter", [price("a", extra={"fees": 1}), price("b")])
    result = diagnose()["unread"]
    assert result.state == "warn"
    assert "1 model with" in result.found
    assert "openrouter 1" in result.found
    assert len(people.rows(str(result.advice))) == 1


def test_the_provider_with_most_models_comes_first() -> None:
    assert check_unread(Facts()).state == "ok"
    found = check_unread(Facts(incomplete={"a": 2, "b": 1_200})).found
    assert found.startswith("1,202 models")
    assert found.endswith("b 1,200, a 2")
