"""The check of providers with a foreign address or a foreign credential."""

from __future__ import annotations

import pytest

from tests.db.pricing import Pricing
from tests.service.doctor.conftest import Diagnose

pytestmark = pytest.mark.usefixtures("without_comparison")


def change(people: Pricing, slug: str, **columns: str | None) -> None:
    for column, value in columns.items():
        people.do(f"update pricing_providers set {column} = %s where slug = %s", value, slug)


def test_well(diagnose: Diagnose, people: Pricing) -> None:
    people.do("update pricing_providers set enabled = adapter is not null")
    # A slash, capitals and the default port do not make it another address.
    change(people, "deepinfra", base_url="https://API.deepinfra.com:443/")
    change(people, "openrouter", base_url=None)
    result = diagnose()["addresses"]
    assert (result.state, result.found) == ("ok", "18 providers, each at its own address")


def test_another_address(diagnose: Diagnose, people: Pricing) -> None:
    change(people, "openrouter", base_url="https://me:secret@evil.example/x")
    result = diagnose()["addresses"]
    assert result.state == "warn"
    assert result.found == (
        "openrouter is asked at https://evil.example/x, not at https://openrouter.ai"
    )
    assert result.advice is not None
    people.do(result.advice)
    assert diagnose()["addresses"].state == "ok"


def test_a_credential_that_is_not_its_own(diagnose: Diagnose, people: Pricing) -> None:
    change(people, "deepinfra", credential_variable="GROQ_API_KEY")
    result = diagnose()["addresses"]
    assert result.state == "warn"
    said = "deepinfra gets no credential: GROQ_API_KEY may not be sent to api.deepinfra.com"
    assert said in result.found
    listed = diagnose(PRICING_CREDENTIAL_HOSTS="GROQ_API_KEY=api.deepinfra.com")
    assert listed["addresses"].state == "ok"
    assert result.advice is not None
    people.do(result.advice)
    assert diagnose()["addresses"].state == "ok"
