"""``migrate --repair``: make again what a person dropped, and put right what hung on it.

What is gone is made empty, with its shipped rows; rows of other tables that named rows of it are
kept in the schema pricing_legacy. What a person has added stays.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from uuid import UUID

import psycopg

from service.database_address.address import DatabaseAddress
from service.errors import MigrationError
from service.migrations.blocks import LEDGER, quote
from service.migrations.orphans import settle_orphans
from service.migrations.ownership import applied_without_row
from service.migrations.parts import all_parts
from service.migrations.reconcile import rebuild_jobs, settle_aftermath, settle_jobs
from service.migrations.runner import (
    CONTENTION,
    TRIES,
    MigrateResult,
    advice_on,
    failure,
    migrate,
    put_back,
    read_ledger,
    refuse_other_history,
    refuse_other_login,
    take_lock,
)
from service.migrations.schema import Roots, Schema, SqlFile, read_schema
from service.migrations.schema_state import MISSING, Difference, read_differences
from service.postgres.connect import connect
from service.postgres.sql_text import fill

logger = logging.getLogger(__name__)

ROUNDS = 8

_REFERENCES = re.compile(r"\breferences\s+(?:public\.|procrastinate\.)?(\w+)", re.IGNORECASE)
_PRIMARY_KEY = re.compile(
    r"alter table (?P<table>\S+) add constraint \S+ PRIMARY KEY \((?P<columns>[^)]*)\)"
)


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
    """What a repair would begin with, in its order; changes nothing.

    What hangs on a missing table, such as a foreign key, is only known once that is there again.
    """
    schema = read_schema(roots)
    with connect(address, autocommit=True) as connection:
        refuse_other_login(connection)
        known = read_ledger(connection)
        lost = applied_without_row(connection, schema)
        if lost and not known:
            return [Difference(f"table {LEDGER}", MISSING, None, False)]
        rows = [Difference(_ledger_row(file), MISSING, None, False) for file in lost]
        applied = {*known, *(file.name for file in lost)}
        migrated = _as_migrated(schema, applied)
        if migrated != schema:
            return rows + _to_repair(connection, migrated)
        ours = [each for each in read_differences(connection, schema) if each.is_ours]
        return rows + _to_repair(connection, migrated) + ours


def repair(address: DatabaseAddress | str, *, roots: Roots | None = None) -> RepairResult:
    """Make again what is gone, in one transaction, and migrate.

    Only a database that an older version has migrated needs three: what it had, the migrations
    that it lacks, and the rest.
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


class _Work:
    """One repair under way: what is done, what is lost, what cannot be."""

    def __init__(self, after: _Work | None = None) -> None:
        self.repaired: list[str] = list(after.repaired) if after else []
        self.mended: list[str] = list(after.mended) if after else []
        self.lost: list[str] = list(after.lost) if after else []
        self.refused: dict[str, str] = {}
        self.made: set[str] = set(after.made) if after else set()
        self.jobs: list[UUID] = list(after.jobs) if after else []
        self.is_whole = False


def _sentences(work: _Work) -> list[str]:
    return [f"{what}: {why}" for what, why in work.refused.items()]


def _tried(connection: psycopg.Connection, schema: Schema, *, after: _Work | None = None) -> _Work:
    for attempt in range(1, TRIES + 1):
        work = _Work(after)
        try:
            with connection.transaction():
                take_lock(connection)
                _repair(connection, schema, work)
            return work
        except psycopg.Error as error:
            if error.sqlstate in CONTENTION and attempt < TRIES:
                logger.warning("repair: %s; again", error.diag.message_primary)
                continue
            raise failure("repair", error, advice_on(connection, error)) from error
    raise AssertionError("unreachable")


def _repair(connection: psycopg.Connection, schema: Schema, work: _Work) -> None:
    _make_ledger(connection, schema, work)
    migrated = _as_migrated(schema, read_ledger(connection))
    _make_engine(connection, migrated, work)
    _run_statements(connection, migrated, work, foreign_keys=False)
    if f"table {_JOBS}" in work.made:
        work.jobs += rebuild_jobs(connection)
    if len(migrated.migrations) < len(schema.migrations):
        # The functions of this version need what its migrations bring, which may need the keys.
        _run_statements(connection, migrated, work, foreign_keys=True)
        return
    try:
        work.mended += _replay(connection, schema)
    except psycopg.Error as error:
        if not work.refused or error.sqlstate in CONTENTION:
            raise
        raise MigrationError(
            "; ".join(_sentences(work)),
            hint="Nothing was changed. Without these the rest cannot be made again; a table whose"
            " rows are of no use may be dropped, and repaired then.",
        ) from error
    work.lost += settle_jobs(connection, work.jobs)
    _run_statements(connection, schema, work, foreign_keys=True)
    work.lost += settle_aftermath(connection, work.made)
    work.is_whole = True


_JOBS = "public.pricing_sync_jobs"


def _as_migrated(schema: Schema, ledger: Collection[str]) -> Schema:
    """The release with the migrations that the database has: an older one lacks some."""
    if not ledger:
        raise MigrationError(
            "There is nothing to repair: this database was never migrated.",
            hint="Run `pricing-sync migrate`.",
        )
    applied = tuple(file for file in schema.migrations if file.name in ledger)
    return replace(schema, migrations=applied)


def _make_ledger(connection: psycopg.Connection, schema: Schema, work: _Work) -> None:
    """A ledger that is gone, or has lost rows: what it said is what this version has."""
    known = read_ledger(connection)
    lost = applied_without_row(connection, schema)
    if not lost:
        return
    (sql,) = [part.sql for part in all_parts(schema) if part.name == "ledger"]
    connection.execute(sql.encode())
    rows = ", ".join(f"({quote(file.name)}, {quote(file.digest)})" for file in lost)
    connection.execute(
        fill(
            "insert into {ledger} (name, digest) values {rows}",
            ledger=LEDGER,
            rows=rows,
        ).encode()
    )
    if known:
        work.repaired += [f"{_ledger_row(file)}: {MISSING}" for file in lost]
    else:
        work.repaired.append(f"table {LEDGER}: {MISSING}")


def _ledger_row(file: SqlFile) -> str:
    return f"row {file.name} of {LEDGER}"


def _make_engine(connection: psycopg.Connection, schema: Schema, work: _Work) -> None:
    (sql,) = [part.sql for part in all_parts(schema) if part.name == "engine"]
    was_there = connection.execute("select to_regnamespace('procrastinate')").fetchone()
    connection.execute(sql.encode())
    if was_there == (None,):
        work.repaired.append(f"schema procrastinate: {MISSING}")
        work.lost.append(
            "schema procrastinate is made again, empty: what waited in the queue is"
            " gone, and its syncs end as failed"
        )


def _replay(connection: psycopg.Connection, schema: Schema) -> list[str]:
    """Put back what ``migrate`` would: functions, views, triggers, rights. What differed of it."""
    differences = read_differences(connection, schema)
    put_back(connection, schema, differences)
    return [each.sentence for each in differences if each.is_ours]


def _run_statements(
    connection: psycopg.Connection, schema: Schema, work: _Work, *, foreign_keys: bool
) -> None:
    """Round by round: a statement may need what another one makes."""
    for _ in range(ROUNDS):
        todo = [
            each
            for each in _to_repair(connection, schema)
            if foreign_keys or not _is_foreign_key(each)
        ]
        keys = _lost_keys(schema, todo)
        done = [each for each in todo if _run(connection, each, work, keys)]
        if not done:
            return


def _lost_keys(schema: Schema, todo: Collection[Difference]) -> set[str]:
    """Columns that are gone, and by which other tables name rows: as ``column <table>.<name>``."""
    texts = [schema.engine_schema.text, *(file.text for file in schema.migrations)]
    named = {name for text in texts for name in _REFERENCES.findall(text)}
    keys = set()
    for each in todo:
        match = _PRIMARY_KEY.search(each.statement or "")
        if match is not None and match["table"].rpartition(".")[2] in named:
            keys |= {f"column {match['table']}.{name}" for name in match["columns"].split(", ")}
    return keys


def _run(
    connection: psycopg.Connection, each: Difference, work: _Work, keys: Collection[str]
) -> bool:
    """One statement in a savepoint of its own; True when it worked."""
    statement = each.statement or ""
    if each.object in keys and each.found == MISSING and _has_rows(connection, each):
        work.refused[each.object] = (
            "its values are gone, and other tables name rows by it; restore the table from a backup"
        )
        return False
    try:
        with connection.transaction():
            told = settle_orphans(connection, statement) if _is_foreign_key(each) else []
            connection.execute(statement.encode())
            if each.found == MISSING and each.object.startswith("table "):
                told.append(f"{each.object} is made again: the rows that it had are gone")
            elif each.found == MISSING and each.object.startswith("column "):
                told += _fill_column(connection, each)
    except psycopg.Error as error:
        if error.sqlstate in CONTENTION:
            raise
        work.refused[each.object] = _reason(each, error)
        return False
    work.refused.pop(each.object, None)
    work.repaired.append(each.sentence)
    work.lost += told
    if each.found == MISSING:
        work.made.add(each.object)
    return True


def _reason(each: Difference, error: psycopg.Error) -> str:
    if error.sqlstate == "23502" and each.found == MISSING:
        return "its values are gone, and it may not be null; restore the table from a backup"
    detail = f" ({error.diag.message_detail})" if error.diag.message_detail else ""
    return f"{error.diag.message_primary or error}{detail}"


def _has_rows(connection: psycopg.Connection, column: Difference) -> bool:
    table = column.object.removeprefix("column ").rpartition(".")[0]
    return connection.execute(f"select from {table} limit 1".encode()).fetchone() is not None


def _fill_column(connection: psycopg.Connection, column: Difference) -> list[str]:
    """Say what a column lost; a finished queue row must not wait again."""
    if not _has_rows(connection, column):
        return []
    if column.object == "column procrastinate.procrastinate_jobs.status":
        for statement in _STATUSES:
            connection.execute(statement)
        return ["the states of queue rows are gone: they are what the log says, or failed"]
    return [f"{column.object} is made again: the values that it had are gone"]


_STATUSES = (
    b"alter table procrastinate.procrastinate_jobs disable trigger user",
    b"""
    update procrastinate.procrastinate_jobs q
    set status = coalesce(
        (
            select case l.status
                    when 'success' then 'succeeded'
                    when 'failed' then 'failed'
                    when 'cancelled' then 'cancelled'
                    else 'todo'
                end
            from public.pricing_sync_log l
            where l.queue_job_id = q.id
            order by l.attempt desc
            limit 1
        ),
        'failed'
    )::procrastinate.procrastinate_job_status
    """,
    b"alter table procrastinate.procrastinate_jobs enable trigger user",
)


def _to_repair(connection: psycopg.Connection, schema: Schema) -> list[Difference]:
    # Tables stand on nothing of db/, and most of a comparison's time goes to that.
    tables = replace(schema, db=())
    return [each for each in read_differences(connection, tables) if each.is_repaired]


def _is_foreign_key(each: Difference) -> bool:
    return each.object.startswith("constraint ") and " FOREIGN KEY (" in (each.statement or "")
