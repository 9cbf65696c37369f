"""The check of providers that fail or lack what they need."""

from __future__ import annotations

import re

import pytest

from tests.db.pricing import Pricing, price
from tests.service.doctor.conftest import Diagnose

pytestmark = pytest.mark.usefixtures("without_comparison")


def test_well(diagnose: Diagnose, people: Pricing) -> None:
    result = diagnose()["providers"]
    assert result.state == "ok"
    assert "not yet synced: catalogue, deepinfra, openrouter" in result.found
    people.do("update pricing_providers set enabled = false where slug <> 'openrouter'")
    people.sync("openrouter", [price("m")])
    result = diagnose()["providers"]
    assert re.fullmatch(
        r"1 enabled, none failing; longest without a success: openrouter, \d s", result.found
    )


def test_failing(diagnose: Diagnose, people: Pricing) -> None:
    for _ in range(3):
        people.end(people.start("openrouter"), "failed", "http_status", "It answered 500.")
    result = diagnose()["providers"]
    assert result.state == "warn"
    assert "openrouter failed 3 times in a row (http_status: It answered 500.)" in result.found
    assert "never succeeded" in result.found
    assert result.advice == "pricing-sync sync openrouter --watch"


LACKS_CREDENTIAL = (
    "update pricing_providers set state = 'no_credentials',"
    " credential_variable = 'DEEPINFRA_API_KEY' where slug = 'deepinfra'"
)


def test_one_that_never_had_a_credential_is_no_failure(diagnose: Diagnose, people: Pricing) -> None:
    people.do(LACKS_CREDENTIAL)
    result = diagnose()["providers"]
    assert result.state == "ok"
    assert result.found == (
        "3 enabled, none failing; not asked, for want of a credential: deepinfra;"
        " not yet synced: catalogue, openrouter"
    )


def test_one_that_lost_its_credential(diagnose: Diagnose, people: Pricing) -> None:
    people.sync("deepinfra", [price("m", source="api:deepinfra")])
    people.do(LACKS_CREDENTIAL)
    result = diagnose()["providers"]
    assert result.state == "warn" and result.found == "deepinfra has lost its credential"
    assert result.advice is not None and "export DEEPINFRA_API_KEY=..." in result.advice


def test_none_enabled(diagnose: Diagnose, people: Pricing) -> None:
    people.do("update pricing_providers set enabled = false")
    result = diagnose()["providers"]
    assert (result.state, result.found) == ("warn", "none is enabled")
    assert result.advice is not None
    people.do(result.advice)
    assert diagnose()["providers"].state == "ok"


def test_of_many_the_first_are_named(diagnose: Diagnose, people: Pricing) -> None:
    people.do(
        "insert into pricing_providers (slug, name, adapter, base_url)"
        " select 'p' || n, 'P', 'openrouter', 'https://p.example' from generate_series(1, 9) n"
    )
    # Its list has no prices, but the worker fetches its models like the others'.
    people.do("update pricing_providers set state = 'no_price_api' where slug = 'p9'")
    people.do("update pricing_providers set enabled = false where slug = 'catalogue'")
    result = diagnose()["providers"]
    assert result.found == (
        "11 enabled, none failing; not yet synced: deepinfra, openrouter, p1, p2, p3 and 6 more"
    )
