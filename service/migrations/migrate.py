"""``pricing-sync migrate``: bring a database to this version."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Set
from dataclasses import dataclass

import psycopg

from service.database_address.address import DatabaseAddress
from service.migrations.compared_state import was_compared
from service.migrations.comparison.difference import Difference
from service.migrations.ledger import LedgerRow, read_ledger
from service.migrations.locked_transaction import in_locked_transaction
from service.migrations.model_counts import recount_models
from service.migrations.preconditions import refuse_other_history, refuse_other_login
from service.migrations.removal.kept_prices import KEPT, move_kept_prices, restore_kept_prices
from service.migrations.restored_objects import restore_objects
from service.migrations.role_advice import role_advice
from service.migrations.schema import Roots, Schema
from service.migrations.schema_files import read_schema
from service.migrations.search_index import index_search
from service.migrations.steps.step_list import Step, all_steps
from service.postgres.connect import connect

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class MigrateResult:
    """``applied``: the steps that this run applied. ``advice``: what a superuser could run.

    ``mended``: what differed from the release and was restored. ``differences``: what still
    differs, with the statement for it.
    """

    applied: tuple[str, ...]
    advice: tuple[str, ...]
    mended: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()


def migrate(address: DatabaseAddress | str, *, roots: Roots | None = None) -> MigrateResult:
    """Apply what the database lacks, step by step, each in a transaction of its own.

    Safe twice, from several places at once, and after a run that was killed. Raises
    ForeignRelations, MigrationError or DatabaseUnavailable; a failing step leaves nothing behind.
    """
    schema = read_schema(roots)
    with connect(address, autocommit=True) as connection:
        # A snapshot older than the lock would not show what its last holder committed.
        connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        ledger = read_ledger(connection)
        refuse_other_login(connection)
        refuse_other_history(schema, ledger)
        if not ledger:
            in_locked_transaction(connection, "kept prices", move_kept_prices)
        applied: tuple[str, ...] = ()
        mended: tuple[str, ...] = ()
        left: tuple[Difference, ...] = ()
        is_as_compared = was_compared(connection, schema, ledger)
        if not is_as_compared:
            applied = _apply_steps(connection, schema, _recorded(schema, ledger))
            mended, left = restore_objects(connection, schema)
        if "db" in applied and KEPT[0] in _relations(schema):
            mended += tuple(in_locked_transaction(connection, "kept prices", restore_kept_prices))
        # A restore of rows has the triggers off, which also changes the catalogue.
        if not is_as_compared and "db" not in applied:
            mended += recount_models(connection, schema)
        advice = (*role_advice(connection), *index_search(connection, schema))
        return MigrateResult(applied, advice, mended, left)


def _recorded(schema: Schema, ledger: Mapping[str, LedgerRow]) -> set[str]:
    """The steps that would do nothing: each is several round trips, and `up` waits for them."""
    recorded = {file.name for file in schema.engine_steps if file.name in ledger} | {
        file.name
        for file in schema.migrations
        if file.name in ledger and ledger[file.name].digest == file.digest
    }
    return recorded | ({"ledger"} if ledger else set())


def _relations(schema: Schema) -> set[str]:
    return {name for file in schema.migrations for name in file.relations()}


def _apply_steps(
    connection: psycopg.Connection, schema: Schema, recorded: Set[str]
) -> tuple[str, ...]:
    return tuple(
        step.name
        for step in all_steps(schema)
        if step.name not in recorded and _apply(connection, step)
    )


def _apply(connection: psycopg.Connection, step: Step) -> bool:
    """Run one step; True when it changed anything."""

    def run(connection: psycopg.Connection) -> bool:
        before = read_ledger(connection)
        connection.execute(step.sql.encode())
        return read_ledger(connection) != before

    changed = in_locked_transaction(connection, step.name, run)
    if changed:
        logger.info("applied %s", step.name)
    return changed
