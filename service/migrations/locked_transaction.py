"""Run one step in a transaction under the lock of ``migrate``, again after contention."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

import psycopg

from service.migrations.migrate_lock import take_lock
from service.migrations.migration_failure import advice_on, failure
from service.postgres.sqlstates import DEADLOCK, SERIALIZATION_FAILURE

logger = logging.getLogger(__name__)

# A step that fails with one of these has changed nothing, and may succeed when repeated: deadlock,
# serialization failure, and two databases of one server changing its roles at the same moment.
CONTENTION = {DEADLOCK, SERIALIZATION_FAILURE, "XX000"}
TRIES = 5

T = TypeVar("T")


def in_locked_transaction(
    connection: psycopg.Connection, step: str, act: Callable[[psycopg.Connection], T]
) -> T:
    """The result of ``act``; MigrationError or DatabaseUnavailable, with nothing changed."""
    for attempt in range(1, TRIES + 1):
        try:
            with connection.transaction():
                take_lock(connection)
                return act(connection)
        except psycopg.Error as error:
            if error.sqlstate in CONTENTION and attempt < TRIES:
                logger.warning("%s failed, trying again: %s", step, error.diag.message_primary)
                continue
            raise failure(step, error, advice_on(connection, error)) from error
    raise AssertionError("unreachable")
