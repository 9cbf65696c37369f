"""``migrate --adopt``: move objects with our names that are not ours to pricing_legacy.

They are moved and never copied, so that rows, indexes, constraints, triggers, policies and grants
stay, and foreign keys and views of the operator's follow. Then the database is migrated, and the
price history that fits is copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
from psycopg import sql

from service.database_address.address import DatabaseAddress
from service.errors import MigrationError
from service.migrations.adoption.foreign_objects import ForeignObject, read_foreign_objects
from service.migrations.adoption.legacy_history import copy_history
from service.migrations.adoption.legacy_schema import (
    KINDS,
    SCHEMA,
    make_legacy_schema,
    move_relation,
)
from service.migrations.ledger import LEDGER, read_ledger
from service.migrations.migrate import MigrateResult, migrate
from service.migrations.migrate_lock import take_lock
from service.migrations.migration_failure import advice_on, failure
from service.migrations.preconditions import refuse_other_history, refuse_other_login
from service.migrations.repair.unrecorded_files import applied_without_row
from service.migrations.schema import Roots
from service.migrations.schema_files import read_schema
from service.postgres.connect import connect

LOCK_TIMEOUT = "10s"
OWNER = "pricing_owner"


@dataclass(frozen=True)
class AdoptResult:
    """``moved``: a sentence each. ``copied``: history rows. ``left``: those not copied, and why."""

    moved: tuple[str, ...]
    copied: int
    left: tuple[str, ...]
    migrated: MigrateResult


def adopt(address: DatabaseAddress | str, *, roots: Roots | None = None) -> AdoptResult:
    """Move the objects in one transaction; migrate; copy the history that fits in another.

    Raises MigrationError, and moves nothing, where one object cannot be moved.
    """
    schema = read_schema(roots)
    with connect(address, autocommit=True) as connection:
        connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        refuse_other_login(connection)
        ledger = read_ledger(connection)
        refuse_other_history(schema, ledger)
        found = list(read_foreign_objects(connection, schema, set(ledger)))
        if applied_without_row(connection, schema) or (
            ledger and any(each.owner == OWNER for each in found)
        ):
            raise MigrationError(
                f"The objects with our names look like those of pricing-sync, but {LEDGER}"
                f" {'has lost rows' if ledger else 'is gone'}: nothing was moved.",
                hint="`pricing-sync migrate --repair` makes it again.",
            )
        try:
            with connection.transaction():
                take_lock(connection)
                connection.execute(f"set local lock_timeout = '{LOCK_TIMEOUT}'".encode())
                connection.execute("set local search_path = pg_catalog, pg_temp")
                moved = tuple(
                    _move_all(
                        connection, list(read_foreign_objects(connection, schema, set(ledger)))
                    )
                )
        except psycopg.Error as error:
            raise failure("adopt", error, advice_on(connection, error)) from error
    result = migrate(address, roots=roots)
    with connect(address, autocommit=True) as connection:
        try:
            with connection.transaction():
                take_lock(connection)
                copied, left = copy_history(connection)
        except psycopg.Error as error:
            raise failure("legacy history", error) from error
    return AdoptResult(moved, copied, left, result)


def _move_all(connection: psycopg.Connection, found: list[ForeignObject]) -> Iterator[str]:
    _refuse_others_property(connection, found)
    moved = {each.oid for each in found if each.kind in KINDS and each.of_table is None}
    for each in found:
        if each.of_table in moved:
            continue
        if each.owner == OWNER and each.of_table is None:
            # From an older installation: pricing_owner has no rights outside of ours.
            kind = KINDS.get(each.kind, each.kind)
            connection.execute(f"alter {kind} {each.named} owner to current_user".encode())
        if each.kind in KINDS and each.of_table is None:
            new = move_relation(connection, each.oid, KINDS[each.kind], each.schema, each.name)
            yield f"{KINDS[each.kind]} {each.named} is {new} now"
        elif each.of_table is not None:
            # It cannot leave its table, which does not move: its name is not ours.
            to = f"{each.name[:56]}_legacy"
            kind = "sequence" if each.kind == "S" else "index"
            connection.execute(
                sql.SQL("alter {} {} rename to {}").format(
                    sql.SQL(kind), sql.Identifier(each.schema, each.name), sql.Identifier(to)
                )
            )
            yield f"{kind} {each.named} is called {to} now"
        elif each.kind in ("domain", "type", "routine"):
            make_legacy_schema(connection)
            connection.execute(f"alter {each.kind} {each.named} set schema {SCHEMA}".encode())
            yield f"{each.kind} {each.named} is in {SCHEMA} now"


def _refuse_others_property(connection: psycopg.Connection, found: list[ForeignObject]) -> None:
    extensions = [f"{each.named} ({each.extension})" for each in found if each.extension]
    if extensions:
        raise MigrationError(
            f"Objects with our names belong to extensions: {', '.join(extensions)}.",
            hint="Nothing was changed. Use another database.",
        )
    others = [each for each in found if not each.is_movable]
    if others:
        named = ", ".join(f"{each.named} (of {each.owner})" for each in others)
        owners = ", ".join(sorted({each.owner for each in others}))
        raise MigrationError(
            f"Objects with our names belong to roles that {connection.info.user} is no member of:"
            f" {named}.",
            hint=f"Nothing was changed. As a superuser: grant {owners} to {connection.info.user};",
        )
