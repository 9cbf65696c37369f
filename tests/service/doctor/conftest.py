"""Fixtures: the doctor on a real database, and the acts of people and workers there."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from psycopg.rows import DictRow

from service.doctor import checks
from service.doctor.check_result import CheckResult
from service.doctor.checks import CHECKS, run_checks
from service.settings import read_settings
from tests.db.pricing import Pricing

Diagnose = Callable[..., dict[str, CheckResult]]


@pytest.fixture
def diagnose(database: str) -> Diagnose:
    """A function that returns the results by check; keyword arguments are environment variables."""

    def diagnose(**variables: str) -> dict[str, CheckResult]:
        environment = {"DATABASE_URL": database, **variables}
        results = run_checks(lambda: read_settings(environment))
        assert tuple(result.check for result in results) == CHECKS
        for result in results:
            assert (result.advice is not None) == (result.state in ("warn", "fail")), result
        return {result.check: result for result in results}

    return diagnose


@pytest.fixture
def without_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip the comparison with the release, which takes most of the time of other checks' tests."""
    monkeypatch.setattr(checks, "_differences", lambda address: [])


@pytest.fixture
def people(connection: psycopg.Connection[DictRow]) -> Pricing:
    """A connection to ``database``, through which people, workers and the engine act."""
    return Pricing(connection)
