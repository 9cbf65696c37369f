"""The check that shows which public roles may read prices."""

from __future__ import annotations

import pytest

from tests.db.pricing import Pricing
from tests.service.doctor.conftest import Diagnose

pytestmark = pytest.mark.usefixtures("without_comparison")


def test_it_names_the_roles_of_the_setting(people: Pricing, diagnose: Diagnose) -> None:
    shown = diagnose()["readers"]
    assert shown.state == "ok"
    assert "may read" in shown.found and "every caller" not in shown.found
    people.do("update pricing_settings set api_readers = '{anon}'")
    shown = diagnose()["readers"]
    assert shown.state == "ok"
    assert "anon (every caller" in shown.found and "authenticated" not in shown.found
