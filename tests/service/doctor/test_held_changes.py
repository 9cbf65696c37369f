"""The checks of held changes and of prices that were not confirmed in time."""

from __future__ import annotations

import pytest

from service.doctor.facts import Facts, HeldChanges, StalePrices
from service.doctor.held_changes import check_held
from service.doctor.stale_prices import check_stale
from tests.db.price_decisions import held, prices, said
from tests.db.pricing import Pricing
from tests.service.doctor.conftest import Diagnose

DAY = 86_400.0


@pytest.mark.parametrize(
    ("waits", "state"),
    [
        (HeldChanges(), "ok"),
        (HeldChanges(rejected=393), "ok"),
        (HeldChanges(held=2, oldest_held_seconds=DAY / 2), "ok"),
        (HeldChanges(held=2, oldest_held_seconds=DAY + 1), "warn"),
        (HeldChanges(held=2, oldest_held_seconds=60, standing_still=["novita"]), "warn"),
    ],
)
def test_held_changes(waits: HeldChanges, state: str) -> None:
    found = check_held(Facts(held=waits))
    assert found.state == state
    for count in (waits.held, waits.rejected):
        assert not count or str(count) in found.found
    assert {name in found.found for name in waits.standing_still} <= {True}


def stale(provider: str, why: str, models: int = 3) -> StalePrices:
    return StalePrices(provider=provider, why=why, models=models, seconds=3 * DAY)


@pytest.mark.parametrize("why", ["failing", "overdue", "rate limited", "not understood"])
def test_what_should_have_been_confirmed(why: str) -> None:
    found = check_stale(Facts(stale=[stale("novita", why), stale("groq", "disabled")]))
    assert found.state == "warn"
    assert f"novita ({why}, 3 models, last 3 d ago)" in found.found
    assert "disabled: 3 models of groq" in found.found
    assert found.advice == "pricing-sync sync novita --watch"


@pytest.mark.parametrize("why", ["disabled", "no credential", "schedule off", "not in the list"])
def test_what_cannot_be_confirmed_is_told_apart(why: str) -> None:
    found = check_stale(Facts(stale=[stale("novita", why), stale("groq", why, models=0)]))
    assert found.state == "ok"
    assert f"{why}: 3 models of novita" in found.found


@pytest.mark.usefixtures("without_comparison")
def test_the_doctor_sees_them(diagnose: Diagnose, people: Pricing) -> None:
    assert diagnose()["held"].state == "ok"
    people.do("update pricing_settings set scheduler_enabled = true")
    said(people, {"m": prices(1, 2)})
    held(people, "m", prices(300, 2))
    people.do("update pricing_providers set last_success_at = now() - interval '3 days'")
    found = diagnose()
    assert found["held"].state == "warn"
    assert found["held"].advice is not None
    assert "openrouter" in found["held"].advice
    assert found["stale"].state == "warn"
    assert "openrouter (overdue, 1 model, last 3 d ago)" in found["stale"].found
