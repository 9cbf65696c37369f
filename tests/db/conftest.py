"""Fixtures for acting on a database: ``pricing`` is one connection, ``another`` opens more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

from tests.db.pricing import Pricing
from tests.support.postgres import Cluster
from tests.support.recycling import Contents

Another = Callable[[], Pricing]


@dataclass(frozen=True)
class SharedDatabase:
    """One database for the tests that change only rows: emptying it is quicker than a copy."""

    url: str
    connection: psycopg.Connection[DictRow]
    contents: Contents

    def empty(self) -> None:
        """Give it back the rows that it had at first."""
        self.contents.restore(self.connection)


@contextmanager
def emptied_database(migrated_cluster: Cluster) -> Iterator[SharedDatabase]:
    """A migrated database that is emptied for each test."""
    with migrated_cluster.database(template=migrated_cluster.template) as name:
        url = migrated_cluster.url_of(name)
        with psycopg.connect(url) as reader:
            contents = Contents.of(reader)
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
            yield SharedDatabase(url, connection, contents)


@pytest.fixture(scope="session")
def shared_database(migrated_cluster: Cluster) -> Iterator[SharedDatabase]:
    with emptied_database(migrated_cluster) as database:
        yield database


@pytest.fixture
def another(shared_database: SharedDatabase) -> Iterator[Another]:
    """Open a further connection to the database of ``pricing``."""
    shared_database.empty()
    with ExitStack() as stack:

        def connect() -> Pricing:
            connection = stack.enter_context(
                psycopg.connect(shared_database.url, autocommit=True, row_factory=dict_row)
            )
            # A test that waits for ever would block its thread, and the threads the whole run.
            connection.execute("set statement_timeout = '60s'")
            return Pricing(connection)

        yield connect


@pytest.fixture
def pricing(another: Another) -> Pricing:
    """A connection to a migrated database that other tests share: change rows only."""
    return another()


@pytest.fixture
def own_database(connection: psycopg.Connection[DictRow]) -> Pricing:
    """A connection to a database of its own, for tests that change more than rows."""
    return Pricing(connection)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """Threads for calls that wait while the test goes on."""
    with ThreadPoolExecutor(8) as threads:
        yield threads
