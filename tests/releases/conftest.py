"""A database as an earlier version left it, and the same database after the upgrade."""

from __future__ import annotations

import pytest

from service.migrations.migrate import migrate
from tests.releases.dump import restore, versions
from tests.support.postgres import stop_schedule

*OLDER, NEWEST = versions()


@pytest.fixture(params=[NEWEST, *(pytest.param(each, marks=pytest.mark.long) for each in OLDER)])
def version(request: pytest.FixtureRequest) -> str:
    """Each version that has a dump."""
    name: str = request.param
    return name


@pytest.fixture
def released_database(empty_database: str, version: str) -> str:
    """The URL of a database as that version left it."""
    restore(empty_database, version)
    return empty_database


@pytest.fixture
def database(released_database: str) -> str:
    """The URL of that database, upgraded; ``connection``, ``queue`` and other fixtures use it."""
    migrate(released_database)
    stop_schedule(released_database)
    return released_database
