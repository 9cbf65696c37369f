"""The doctor on a real database, and the acts of people and workers there."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from psycopg.rows import DictRow

from service.doctor.check_result import Finding
from service.doctor.examination import CHECKS, examine
from service.settings import read_settings
from tests.db.pricing import Pricing

Diagnose = Callable[..., dict[str, Finding]]


@pytest.fixture
def diagnose(database: str) -> Diagnose:
    """``diagnose()``: the findings by check; keyword arguments are environment variables."""

    def diagnose(**variables: str) -> dict[str, Finding]:
        environment = {"DATABASE_URL": database, **variables}
        findings = examine(lambda: read_settings(environment))
        assert tuple(finding.check for finding in findings) == CHECKS
        for finding in findings:
            assert (finding.advice is not None) == (finding.state in ("warn", "fail")), finding
        return {finding.check: finding for finding in findings}

    return diagnose


@pytest.fixture
def people(connection: psycopg.Connection[DictRow]) -> Pricing:
    """A connection to ``database``, through which people, workers and the engine act."""
    return Pricing(connection)
