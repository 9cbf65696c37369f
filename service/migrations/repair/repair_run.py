"""``migrate --repair``: make dropped objects again, and reconcile what depends on them.

What is gone is made empty, with its shipped rows; rows of other tables that named rows of it are
kept in the schema pricing_legacy. What a person has added stays.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass, replace

import psycopg

from service.database_address.address import DatabaseAddress
from service.errors import MigrationError
from service.migrations.comparison.compare import read_differences
from service.migrations.comparison.difference import MISSING, Difference
from service.migrations.ledger import LEDGER, read_ledger
from service.migrations.locked_transaction import CONTENTION, in_locked_transaction
from service.migrations.migrate import MigrateResult, migrate
from service.migrations.model_counts import count_anew
from service.migrations.preconditions import refuse_other_history, refuse_other_login
from service.migrations.repair.missing_objects import make_missing_objects, read_missing
from service.migrations.repair.rebuilt_jobs import rebuild_jobs, reconcile_jobs
from service.migrations.repair.reconciled_prices import reconcile_prices
from service.migrations.repair.repair_work import RepairWork
from service.migrations.repair.unrecorded_files import applied_without_row, ledger_row, make_ledger
from service.migrations.restored_objects import run_restore_statements
from service.migrations.schema import Roots, Schema
from service.migrations.schema_files import read_schema
from service.migrations.steps.step_list import all_steps
from service.postgres.connect import connect

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RepairResult:
    """``repaired``: what was made again. ``lost``: which rows or values are gone or were moved.

    ``refused``: what could not be made again, and why.
    """

    repaired: tuple[str, ...]
    lost: tuple[str, ...]
    refused: tuple[str, ...]
    migrated: MigrateResult


def planned_repairs(
    address: DatabaseAddress | str, *, roots: Roots | None = None
) -> list[Difference]:
    """What a repair would make first, in its order; changes nothing.

    What depends on a missing table, such as a foreign key, is known only once that is made again.
    """
    schema = read_schema(roots)
    with connect(address, autocommit=True) as connection:
        refuse_other_login(connection)
        known = read_ledger(connection)
        lost = applied_without_row(connection, schema)
        if lost and not known:
            return [Difference(f"table {LEDGER}", MISSING, None, False)]
        rows = [Difference(ledger_row(file), MISSING, None, False) for file in lost]
        applied = {*known, *(file.name for file in lost)}
        migrated = as_migrated(schema, applied)
        if migrated != schema:
            return rows + read_missing(connection, migrated)
        ours = [each for each in read_differences(connection, schema) if each.is_ours]
        return rows + read_missing(connection, migrated) + ours


def repair(address: DatabaseAddress | str, *, roots: Roots | None = None) -> RepairResult:
    """Make again what is gone, in one transaction, and migrate.

    A database of an older version needs three transactions: for what that version had, for the
    migrations that it lacks, and for the rest.
    """
    schema = read_schema(roots)
    with connect(address, autocommit=True) as connection:
        connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        refuse_other_login(connection)
        refuse_other_history(schema, read_ledger(connection))
        work = _tried(connection, schema)
    result = migrate(address, roots=roots)
    if not work.is_whole:
        with connect(address, autocommit=True) as connection:
            connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
            work = _tried(connection, schema, after=work)
        result = replace(migrate(address, roots=roots), applied=result.applied)
    left = {each.sentence for each in result.differences}
    mended = tuple(each for each in work.mended if each not in left)
    result = replace(result, mended=mended + result.mended)
    return RepairResult(tuple(work.repaired), tuple(work.lost), tuple(_sentences(work)), result)


def _sentences(work: RepairWork) -> list[str]:
    return [f"{what}: {why}" for what, why in work.refused.items()]


def _tried(
    connection: psycopg.Connection, schema: Schema, *, after: RepairWork | None = None
) -> RepairWork:
    def run(connection: psycopg.Connection) -> RepairWork:
        work = RepairWork(after)
        _repair(connection, schema, work)
        return work

    return in_locked_transaction(connection, "repair", run)


def _repair(connection: psycopg.Connection, schema: Schema, work: RepairWork) -> None:
    make_ledger(connection, schema, work)
    migrated = as_migrated(schema, read_ledger(connection))
    _make_engine(connection, migrated, work)
    make_missing_objects(connection, migrated, work, foreign_keys=False)
    if f"table {_JOBS}" in work.made:
        work.jobs += rebuild_jobs(connection)
    if len(migrated.migrations) < len(schema.migrations):
        # This version's functions need its migrations, and those may need the foreign keys.
        make_missing_objects(connection, migrated, work, foreign_keys=True)
        return
    try:
        work.mended += _replay(connection, schema)
    except psycopg.Error as error:
        if not work.refused or error.sqlstate in CONTENTION:
            raise
        raise MigrationError(
            "; ".join(_sentences(work)),
            hint="Nothing was changed. Without these the rest cannot be made again. Drop a table"
            " whose rows you do not need, and repair again.",
        ) from error
    work.lost += reconcile_jobs(connection, work.jobs)
    make_missing_objects(connection, schema, work, foreign_keys=True)
    work.lost += reconcile_prices(connection, work.made)
    work.lost += count_anew(connection, schema)
    work.is_whole = True


_JOBS = "public.pricing_sync_jobs"


def as_migrated(schema: Schema, ledger: Collection[str]) -> Schema:
    """The release with only those migrations that the database has."""
    if not ledger:
        raise MigrationError(
            "There is nothing to repair: this database was never migrated.",
            hint="Run `pricing-sync migrate`.",
        )
    applied = tuple(file for file in schema.migrations if file.name in ledger)
    return replace(schema, migrations=applied)


def _make_engine(connection: psycopg.Connection, schema: Schema, work: RepairWork) -> None:
    (sql,) = [step.sql for step in all_steps(schema) if step.name == "engine"]
    was_there = connection.execute("select to_regnamespace('procrastinate')").fetchone()
    connection.execute(sql.encode())
    if was_there == (None,):
        work.repaired.append(f"schema procrastinate: {MISSING}")
        work.lost.append(
            "schema procrastinate is made again, empty: queued syncs are gone, and end as failed"
        )


def _replay(connection: psycopg.Connection, schema: Schema) -> list[str]:
    """Restore what ``migrate`` would: functions, views, triggers, rights. Returns what differed."""
    differences = read_differences(connection, schema)
    run_restore_statements(connection, schema, differences)
    return [each.sentence for each in differences if each.is_ours]
