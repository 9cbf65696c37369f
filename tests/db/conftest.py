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

Another = Callable[[], Pricing]

# Children first: triggers and foreign keys are off while the tables are emptied.
EMPTIED = (
    "public.pricing_held_changes",
    "public.pricing_said_again",
    "public.pricing_overrides",
    "public.pricing_change_rules",
    "public.pricing_catalogue_prices",
    "public.model_pricing_history",
    "public.model_pricing",
    "public.pricing_idempotency_keys",
    "public.pricing_given_up_syncs",
    "public.pricing_locks",
    "public.pricing_scheduler_ticks",
    "public.pricing_sync_log",
    "public.pricing_sync_jobs",
    "public.pricing_api_keys",
    "public.pricing_audit_log",
    "procrastinate.procrastinate_periodic_defers",
    "procrastinate.procrastinate_events",
    "procrastinate.procrastinate_jobs",
    "procrastinate.procrastinate_workers",
)
RESTORED = ("public.pricing_providers", "public.pricing_settings")


@dataclass(frozen=True)
class SharedDatabase:
    """One database for the tests that change only rows: emptying it is quicker than a copy."""

    url: str
    connection: psycopg.Connection[DictRow]

    def keep_shipped_rows(self) -> None:
        self.connection.execute("set session_replication_role = replica; set lock_timeout = '10s'")
        for number, table in enumerate(RESTORED):
            self.connection.execute(f"create temp table shipped_{number} as table {table}".encode())

    def empty(self) -> None:
        statements = [f"delete from {table}" for table in (*EMPTIED, *RESTORED)]
        statements += [
            f"insert into {table} table shipped_{number}" for number, table in enumerate(RESTORED)
        ]
        self.connection.execute("; ".join(statements).encode())


@contextmanager
def emptied_database(migrated_cluster: Cluster) -> Iterator[SharedDatabase]:
    """A migrated database that is emptied for each test."""
    with migrated_cluster.database(template=migrated_cluster.template) as name:
        url = migrated_cluster.url_of(name)
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
            shared = SharedDatabase(url, connection)
            shared.keep_shipped_rows()
            yield shared


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
            connection.execute("set statement_timeout = '20s'")
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
