from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

from tests.service.reviews import Reviews
from tests.service.web.queue import Queue
from tests.service.web.running import Web, running_web, settings_for
from tests.support.postgres import Cluster


@pytest.fixture
def web(database: str) -> Iterator[Web]:
    """The web server on ``database``, with the admin key."""
    with running_web(settings_for(database)) as web:
        yield web


@pytest.fixture
def queue(connection: psycopg.Connection[DictRow]) -> Queue:
    """A queue on which SQL acts instead of a worker."""
    return Queue(connection)


@pytest.fixture
def reviews(connection: psycopg.Connection[DictRow]) -> Reviews:
    return Reviews(connection)


@pytest.fixture(scope="package")
def untouched_database(migrated_cluster: Cluster) -> Iterator[str]:
    """One database for all tests that must leave it unchanged."""
    with migrated_cluster.database(template=migrated_cluster.template) as name:
        yield migrated_cluster.url_of(name)


@pytest.fixture(scope="package")
def untouched_web(untouched_database: str) -> Iterator[Web]:
    with running_web(settings_for(untouched_database)) as web:
        yield web


@pytest.fixture
def nothing_written(untouched_database: str) -> Iterator[None]:
    """Fails a test that changes the number of rows in a table that a sync request writes to."""
    with psycopg.connect(untouched_database, autocommit=True, row_factory=dict_row) as connection:
        queue = Queue(connection)
        before = queue.row_counts()
        yield
        assert queue.row_counts() == before
