"""Which steps of this version a database has, by its ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import psycopg

from service.database_address.address import DatabaseAddress
from service.migrations.ledger import LedgerRow, read_ledger
from service.migrations.schema import Roots, Schema
from service.migrations.schema_files import read_schema
from service.postgres.connect import connect


@dataclass(frozen=True)
class StepStatus:
    """``changed``: applied with another text. ``unknown``: this version has no such step."""

    name: str
    state: Literal["applied", "pending", "changed", "unknown"]
    applied_at: datetime | None


def migration_status(
    address: DatabaseAddress | str, *, roots: Roots | None = None
) -> list[StepStatus]:
    """Every step of this version, then ledger rows that it does not know; changes nothing."""
    with connect(address, autocommit=True) as connection:
        return step_statuses(connection, roots=roots)


def step_statuses(
    connection: psycopg.Connection, *, roots: Roots | None = None
) -> list[StepStatus]:
    """As ``migration_status``, on an open connection."""
    schema = read_schema(roots)
    ledger = read_ledger(connection)
    wanted = schema_digests(schema)
    steps = [_status(name, digest, ledger.get(name)) for name, digest in wanted.items()]
    unknown = [name for name in sorted(ledger) if name not in wanted and not is_db_object(name)]
    return steps + [StepStatus(name, "unknown", ledger[name].applied_at) for name in unknown]


def missing_steps(rows: Iterable[tuple[str, str]], *, roots: Roots | None = None) -> list[str]:
    """The steps that this version needs and a ledger lacks; rows are its (name, digest).

    A database that a newer version has migrated lacks nothing: old workers go on beside it.
    """
    schema = read_schema(roots)
    known = dict(rows)
    wanted = schema_digests(schema)
    newer = any(name not in wanted and not is_db_object(name) for name in known)
    missing = []
    for name, digest in wanted.items():
        # Two releases of the engine that need the same steps may differ in their text.
        same = name in known if name.startswith("engine:") else known.get(name) == digest
        if not same and not (newer and name == "db" and name in known):
            missing.append(name)
    return missing


def schema_digests(schema: Schema) -> dict[str, str]:
    files = (*schema.engine_steps, *schema.migrations)
    return {**{file.name: file.digest for file in files}, "db": schema.db_digest}


def is_db_object(name: str) -> bool:
    return name.startswith("db/")


def _status(name: str, digest: str, row: LedgerRow | None) -> StepStatus:
    if row is None:
        return StepStatus(name, "pending", None)
    same = row.digest == digest or name.startswith("engine:")
    return StepStatus(name, "applied" if same else "changed", row.applied_at)
