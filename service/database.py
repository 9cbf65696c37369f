"""Synchronous connections: the migration runner, the command line and ``up`` use them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from service.errors import DatabaseRefused, DatabaseUnavailable, MigrationError, SettingsError
from service.timestamps import bound_timestamps

DEFAULTS: dict[str, Any] = {"application_name": "pricing-sync", "connect_timeout": 5}

# What this program reads and writes values as, whatever the database or the login has set.
PINNED = {
    "client_encoding": "UTF8",
    "DateStyle": "ISO",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "standard_conforming_strings": "on",
    "quote_all_identifiers": "off",
}
_PIN = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in PINNED.items())

# Undefined table, function, schema or column.
LOCK_NOT_AVAILABLE = "55P03"
NOT_MIGRATED = {"42P01", "42883", "3F000", "42703"}


def connect(url: str, **kwargs: Any) -> psycopg.Connection:
    """Open a connection; what the URL itself says wins over ``DEFAULTS``.

    Raises SettingsError for what is no database URL, and DatabaseUnavailable when nobody
    answers or we are not let in. Neither repeats the URL: it holds the password.
    """
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise SettingsError(
            "The database URL is not one.",
            hint="Write it as postgresql://user:password@host:5432/database.",
        ) from None
    defaults = {key: value for key, value in DEFAULTS.items() if key not in given}
    autocommit = kwargs.pop("autocommit", False)
    try:
        connection = psycopg.connect(url, **{**defaults, **kwargs}, autocommit=True)
        connection.execute(f"select {_PIN}".encode())
        connection.autocommit = autocommit
    except psycopg.OperationalError as error:
        raise _unavailable(error, secret=given.get("password")) from None
    bound_timestamps(connection)
    return connection


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what Postgres says about our statements into our errors.

    A lock that was not to be had in time: DatabaseRefused.
    A function's PT404, PT409, PT422, PT429: DatabaseRefused with that code and its hint.
    A lost connection: DatabaseUnavailable. A missing table or function: MigrationError.
    """
    try:
        yield
    except psycopg.Error as error:
        if error.sqlstate is not None and error.sqlstate.startswith("PT4"):
            raise DatabaseRefused(
                error.diag.message_primary or str(error),
                hint=error.diag.message_hint,
                code=error.sqlstate,
            ) from error
        if is_lost(error):
            raise _unavailable(error) from error
        if error.sqlstate == LOCK_NOT_AVAILABLE:
            # Our functions say who it is, with a hint; Postgres says that it was too long.
            named = error.diag.message_primary if error.diag.message_hint else None
            raise DatabaseRefused(
                f"{named}." if named else "Somebody else holds what this would change.",
                hint=error.diag.message_hint
                or "Try again; `pricing-sync doctor` shows a transaction that was left open.",
                code=error.sqlstate,
            ) from error
        if error.sqlstate in NOT_MIGRATED:
            raise MigrationError(
                f"The database does not fit this version: {error.diag.message_primary}",
                hint="Run `pricing-sync migrate`.",
            ) from error
        raise


def is_lost(error: psycopg.Error) -> bool:
    """True when the connection is gone: closed by the network, or the server is going down."""
    if not isinstance(error, psycopg.OperationalError):
        return False
    # libpq's own errors carry no code; 57P0x is a shutdown, 08 a broken connection.
    return error.sqlstate is None or error.sqlstate[:2] == "08" or error.sqlstate[:4] == "57P0"


def _unavailable(error: psycopg.Error, *, secret: str | int | None = None) -> DatabaseUnavailable:
    lines = str(error).strip().splitlines() or ["no answer"]
    message = lines[0] if secret in (None, "") else lines[0].replace(str(secret), "********")
    return DatabaseUnavailable(
        f"The database does not answer: {message}",
        hint="Is the server running, and is the database URL right? "
        "`pricing-sync config` shows the one in use.",
    )
