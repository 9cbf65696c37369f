"""``pricing-sync uninstall``: drop everything of ours from the database, and nothing else.

Nothing is dropped with CASCADE: what the operator has made on top of ours is named, and refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql

from service.database_address.address import DatabaseAddress
from service.errors import MigrationError
from service.migrations.ledger import LEDGER, read_ledger
from service.migrations.migrate_lock import take_lock
from service.migrations.migration_failure import failure
from service.migrations.preconditions import refuse_other_login
from service.migrations.removal.installed_objects import (
    existing_relations,
    object_names,
    our_tables,
    read_cron_jobs,
    read_objects,
    read_types,
)
from service.migrations.removal.installed_roles import OUR_ROLES, drop_roles, existing_roles
from service.migrations.removal.kept_prices import KEPT, keep_prices
from service.migrations.removal.operator_additions import read_additions
from service.migrations.removal.running_processes import refuse_running_processes
from service.migrations.removal.search_extension import drop_search_extension
from service.migrations.schema import Roots, Schema
from service.migrations.schema_files import read_schema
from service.postgres.connect import connect
from service.postgres.sqlstates import DEPENDENT_OBJECTS


@dataclass(frozen=True)
class UninstallPlan:
    """What will be dropped; ``kept``: the tables that stay."""

    dropped: tuple[str, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True)
class UninstallResult:
    """``left``: roles and schemas that stay, and why."""

    dropped: tuple[str, ...]
    kept: tuple[str, ...]
    left: tuple[str, ...]


def planned_uninstall(
    address: DatabaseAddress | str, *, keep: bool = False, roots: Roots | None = None
) -> UninstallPlan:
    """What an uninstall would drop; changes nothing."""
    schema = read_schema(roots)
    with connect(address, autocommit=True) as connection:
        refuse_other_login(connection)
        _require_ours(connection)
        return UninstallPlan(tuple(object_names(connection, schema, keep)), KEPT if keep else ())


def uninstall(
    address: DatabaseAddress | str, *, keep: bool = False, roots: Roots | None = None
) -> UninstallResult:
    """Drop our objects in one transaction, then the roles that nothing needs any more.

    Raises MigrationError, and drops nothing, while a process of ours is connected or an object of
    the operator depends on ours.
    """
    schema = read_schema(roots)
    with connect(address, autocommit=True) as connection:
        connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        refuse_other_login(connection)
        _require_ours(connection)
        try:
            with connection.transaction():
                take_lock(connection)
                connection.execute("set local lock_timeout = '10s'")
                connection.execute("set local search_path = pg_catalog, pg_temp")
                refuse_running_processes(connection)
                _refuse_additions(connection, schema, keep)
                dropped = tuple(object_names(connection, schema, keep))
                _drop_all(connection, schema, keep)
        except psycopg.Error as error:
            raise failure("uninstall", error) from error
        return UninstallResult(dropped, KEPT if keep else (), tuple(drop_roles(connection)))


def _require_ours(connection: psycopg.Connection) -> None:
    if not read_ledger(connection):
        raise MigrationError(
            f"There is nothing to uninstall: {LEDGER} is not there, or empty.",
            hint="If it was dropped: `pricing-sync migrate --repair`, then uninstall.",
        )


def _refuse_additions(connection: psycopg.Connection, schema: Schema, keep: bool) -> None:
    """Refuse additions to our tables: Postgres would drop them with the tables."""
    ledger = read_ledger(connection)
    found = read_additions(connection, schema, ledger, except_on=KEPT if keep else ())
    if found:
        raise MigrationError(
            f"Objects of yours belong to tables of pricing-sync: {'; '.join(found)}.",
            hint="Nothing was dropped. They would be dropped too: save and drop them first.",
        )


def _drop_all(connection: psycopg.Connection, schema: Schema, keep: bool) -> None:
    for job_id, _ in read_cron_jobs(connection, schema):
        connection.execute("select cron.unschedule(%s)", [job_id])
    types = read_types(connection, schema)
    _drop_in_turn(connection, read_objects(connection, schema))
    if keep:
        keep_prices(connection)
    tables = existing_relations(connection, our_tables(schema, keep))
    _drop_in_turn(connection, [("tables", f"drop table {', '.join(tables)}")])
    drops = [(f"{kind} {name}", f"drop {kind} if exists {name}") for name, kind in types]
    _drop_in_turn(connection, [*drops, ("schema procrastinate", "drop schema procrastinate")])
    drop_search_extension(connection)
    database = sql.Identifier(connection.info.dbname)
    for role in existing_roles(connection, OUR_ROLES):
        for what in (sql.SQL("schema public"), sql.SQL("database {}").format(database)):
            connection.execute(
                sql.SQL("revoke all on {} from {}").format(what, sql.Identifier(role))
            )


def _drop_in_turn(connection: psycopg.Connection, drops: list[tuple[str, str]]) -> None:
    """Drop in rounds, because one object may depend on another; a last blocker is not ours."""
    while drops:
        refused: dict[str, str] = {}
        for name, statement in drops:
            try:
                with connection.transaction():
                    connection.execute(statement.encode())
            except psycopg.Error as error:
                if error.sqlstate != DEPENDENT_OBJECTS:
                    raise
                refused[name] = error.diag.message_detail or ""
        if len(refused) == len(drops):
            theirs = {
                line
                for detail in refused.values()
                for line in detail.splitlines()
                if line.partition(" depends on ")[0] not in refused
            }
            raise MigrationError(
                f"Objects of yours depend on pricing-sync: {'; '.join(sorted(theirs))}.",
                hint="Nothing was dropped. Drop or change them first.",
            )
        drops = [(name, statement) for name, statement in drops if name in refused]
