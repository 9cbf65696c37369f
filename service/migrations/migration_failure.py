"""Turn an error of Postgres during a step into one of ours, with file, line and hint."""

from __future__ import annotations

import re

import psycopg

from service.errors import DatabaseUnavailable, ForeignRelations, MigrationError
from service.migrations.do_block import REFUSED, UNFIT
from service.migrations.temporary_objects import BLOCKED_BY_DEPENDENTS, advice_on_temporary_objects
from service.postgres.connect import is_lost
from service.postgres.sqlstates import DEPENDENT_OBJECTS, INSUFFICIENT_PRIVILEGE, LOCK_TIMEOUT


def advice_on(connection: psycopg.Connection, error: psycopg.Error) -> str | None:
    """Whose temporary objects block the step: Postgres names the objects only."""
    return (
        advice_on_temporary_objects(connection) if error.sqlstate in BLOCKED_BY_DEPENDENTS else None
    )


def failure(
    step: str, error: psycopg.Error, advice: str | None = None
) -> MigrationError | DatabaseUnavailable:
    said = error.diag.message_primary or str(error).strip()
    if is_lost(error):
        return DatabaseUnavailable(
            f"The connection to the database was lost during {step}: {said}",
            hint="Nothing of that step was kept. Run `pricing-sync migrate` again.",
        )
    if error.sqlstate == REFUSED:
        kind = ForeignRelations if step == "check" else MigrationError
        return kind(said, hint=error.diag.message_hint)
    if error.sqlstate == UNFIT:
        return MigrationError(said, hint=error.diag.message_hint)
    if error.sqlstate == LOCK_TIMEOUT and (error.diag.message_hint or "").startswith("Nothing was"):
        return MigrationError(said, hint=error.diag.message_hint)
    detail = f" {error.diag.message_detail}" if error.diag.message_detail else ""
    hint = error.diag.message_hint
    if error.sqlstate == INSUFFICIENT_PRIVILEGE:
        hint = "Run it as the user that ran the first migrate, or as a superuser."
    elif error.sqlstate == DEPENDENT_OBJECTS:
        hint = "Drop what depends on it, migrate, and create it again."
    if advice is not None:
        hint = advice
    return MigrationError(f"{_place(step, error.diag)}: {said}{detail}", hint=hint)


def _place(step: str, diagnostic: psycopg.errors.Diagnostic) -> str:
    """The SQL file that failed, with the line where Postgres gives a position."""
    query = diagnostic.internal_query or ""
    heading = re.match(r"-- (\S+\.sql)\n", query)
    if heading and diagnostic.internal_position:
        # Minus the heading that names the file.
        line = query.count("\n", 0, int(diagnostic.internal_position) - 1)
        return f"{heading[1]}, line {line}"
    context = diagnostic.context or ""
    files = re.findall(r"^SQL statement \"-- (\S+\.sql)$", context, re.MULTILINE)
    return files[-1] if files else step
