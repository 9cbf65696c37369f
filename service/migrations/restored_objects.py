"""Restore functions, views, triggers and rights that differ from the release."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import psycopg

from service.database_address.address import DatabaseAddress
from service.migrations.compared_state import read_state, record_comparison
from service.migrations.comparison.compare import read_differences, restore_statements
from service.migrations.comparison.difference import MISSING, Difference
from service.migrations.ledger import LEDGER
from service.migrations.migrate_lock import take_lock
from service.migrations.migration_failure import advice_on, failure
from service.migrations.preconditions import refuse_other_login
from service.migrations.schema import Roots, Schema
from service.migrations.schema_files import read_schema
from service.migrations.steps.replay import replay
from service.postgres.connect import connect
from service.postgres.sql_text import fill

logger = logging.getLogger(__name__)


def state_differences(
    address: DatabaseAddress | str, *, roots: Roots | None = None
) -> list[Difference]:
    """How the database differs from this release beside its ledger; changes nothing."""
    with connect(address, autocommit=True) as connection:
        refuse_other_login(connection)
        return compare_or_fail(connection, read_schema(roots))


def run_restore_statements(
    connection: psycopg.Connection, schema: Schema, differences: list[Difference]
) -> None:
    """Run the statements for our objects, and replay ``db/`` even if the ledger has it."""
    connection.execute("select set_config('search_path', 'procrastinate, pg_temp', true)")
    for statement in restore_statements(schema, differences):
        connection.execute(statement.encode())
    connection.execute(fill("delete from {ledger} where name = 'db'", ledger=LEDGER).encode())
    connection.execute(replay(schema).encode())


def restore_objects(
    connection: psycopg.Connection, schema: Schema
) -> tuple[tuple[str, ...], tuple[Difference, ...]]:
    """Restore our objects that differ from the release; returns what was restored, what is left."""
    before = _compare_and_record(connection, schema)
    if not any(each.is_ours for each in before):
        return (), tuple(before)
    try:
        with connection.transaction():
            take_lock(connection)
            run_restore_statements(connection, schema, before)
    except psycopg.Error as error:
        advice = advice_on(connection, error) or _advice_on_missing(before)
        raise failure("db", error, advice) from error
    left = _compare_and_record(connection, schema)
    mended = [each.sentence for each in before if each not in left]
    for sentence in mended:
        logger.warning("restored: %s", sentence)
    return tuple(mended), tuple(left)


def _compare_and_record(connection: psycopg.Connection, schema: Schema) -> list[Difference]:
    state = read_state(connection, schema)
    found = compare_or_fail(connection, schema)
    if not found:
        record_comparison(connection, state)
    return found


def compare_or_fail(connection: psycopg.Connection, schema: Schema) -> list[Difference]:
    try:
        return read_differences(connection, schema)
    except psycopg.Error as error:
        raise failure("comparison with the release", error) from error


def _advice_on_missing(differences: Iterable[Difference]) -> str | None:
    """Statements for missing types and tables of the engine: a replay needs them."""
    statements = [
        each.statement
        for each in differences
        if each.statement is not None
        and not each.is_ours
        and each.object.startswith(("type ", "table ", "column "))
        and each.found == MISSING
    ]
    return f"Run these first, then migrate again: {' '.join(statements)}" if statements else None
