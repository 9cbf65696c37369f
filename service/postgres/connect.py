"""Opens the synchronous connections of the migration runner, the command line and ``up``.

Also turns psycopg's errors into those of ``service/errors.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from service.database_address.address import DatabaseAddress
from service.database_address.driver_arguments import psycopg_arguments
from service.errors import (
    DatabaseRefused,
    DatabaseUnavailable,
    MigrationError,
    PricingError,
)
from service.postgres.connection_failure import failure_of
from service.postgres.pinned_connection import PinnedConnection
from service.postgres.sqlstates import (
    DEADLOCK,
    INSUFFICIENT_PRIVILEGE,
    LOCK_TIMEOUT,
    LOST_CONNECTION,
    NOT_MIGRATED,
    QUERY_CANCELED,
    READ_ONLY_TRANSACTION,
    SERIALIZATION_FAILURE,
    SESSION_ENDING_SEVERITIES,
    UNSTORABLE_TEXT,
    is_one_of,
)
from service.postgres.timestamps import bound_timestamps
from service.postgres.transaction_pooler import statement_mode_error

DEFAULTS: dict[str, Any] = {"application_name": "pricing-sync", "connect_timeout": 5}
# Behind a transaction-mode pooler a prepared statement would stay in another client's session.
ALWAYS: dict[str, Any] = {"prepare_threshold": None}
# A pooler without a free connection makes a statement wait without a message.
PIN_SECONDS = 6.0

_AGAIN = "Nothing was written; try again."
_OTHER_CHANGE = ("Another session changed the same rows meanwhile", _AGAIN)
_UNSTORABLE = ("The database cannot store this text", "Leave out what is not in its encoding.")
# Errors that a command reports with a sentence and a hint of ours.
_REFUSALS = {
    INSUFFICIENT_PRIVILEGE: (
        "The database does not let this login do that",
        "Commands need the login that runs `pricing-sync migrate`, or another member of"
        " pricing_owner, in DATABASE_URL; logins of web process and worker are not enough.",
    ),
    SERIALIZATION_FAILURE: _OTHER_CHANGE,
    DEADLOCK: _OTHER_CHANGE,
    QUERY_CANCELED: (
        "The statement was cancelled",
        "Nothing was written; try again. A statement_timeout of the login or the database may be"
        " too short.",
    ),
    READ_ONLY_TRANSACTION: (
        "This database takes no changes",
        "DATABASE_URL names a standby, or a login whose transactions are read-only.",
    ),
    **dict.fromkeys(UNSTORABLE_TEXT, _UNSTORABLE),
}


def connect(
    address: DatabaseAddress | str, *, autocommit: bool = False, connect_timeout: int | None = None
) -> PinnedConnection:
    """Open a connection; parameters of the address win over ``DEFAULTS``.

    Raises SettingsError for a text that is no address and for a pooler in statement mode, and
    DatabaseUnavailable when no host answers or the login is refused. Neither contains the password.
    """
    if isinstance(address, str):
        address = DatabaseAddress.from_text("DATABASE_URL", address)
    failures = []
    for target in address.targets():
        arguments = {**psycopg_arguments(address, target, DEFAULTS), **ALWAYS}
        if connect_timeout is not None:
            arguments["connect_timeout"] = connect_timeout
        try:
            connection = PinnedConnection.connect(**arguments, autocommit=True)
        except psycopg.OperationalError as error:
            failures.append(failure_of(error, address, target.host))
            continue
        try:
            connection.pin(PIN_SECONDS)
            connection.autocommit = autocommit
        # Whatever its code: a pooler accepts the client before it has a server connection.
        except psycopg.Error as error:
            connection.close()
            refused = statement_mode_error(error)
            if refused is not None:
                raise refused from None
            failures.append(failure_of(error, address, target.host))
            continue
        bound_timestamps(connection)
        return connection
    raise _unavailable("; ".join(dict.fromkeys(failures)))


@contextmanager
def refusals() -> Iterator[None]:
    """Replace psycopg's errors inside the block by ``refusal``'s, where it has one."""
    try:
        yield
    except psycopg.Error as error:
        refused = refusal(error)
        if refused is None:
            raise
        raise refused from error


def refusal(error: Exception) -> PricingError | None:
    """Our error for one of psycopg's; None for one that our statements do not cause.

    PT404, PT409, PT422, PT429 of a function: DatabaseRefused with that code and its hint. A lock
    timeout, a missing right, a serialization failure or deadlock, a cancelled statement, a standby,
    text that the database cannot store: DatabaseRefused with the SQLSTATE as code. A lost
    connection: DatabaseUnavailable. A missing table or function: MigrationError.
    """
    if not isinstance(error, psycopg.Error):
        return None
    said = error.diag.message_primary or str(error)
    if error.sqlstate is not None and error.sqlstate.startswith("PT4"):
        return DatabaseRefused(said, hint=error.diag.message_hint, code=error.sqlstate)
    if is_lost(error):
        lines = str(error).strip().splitlines() or ["no answer"]
        return _unavailable(lines[0])
    if error.sqlstate == LOCK_TIMEOUT:
        # Our functions name the session and give a hint; Postgres's own error does neither.
        named = error.diag.message_primary if error.diag.message_hint else None
        return DatabaseRefused(
            f"{named}." if named else "Another session locks what this would change.",
            hint=error.diag.message_hint
            or "Try again; `pricing-sync doctor` shows a transaction that was left open.",
            code=error.sqlstate,
        )
    if is_one_of(error.sqlstate, NOT_MIGRATED):
        return MigrationError(
            f"The database does not fit this version: {error.diag.message_primary}",
            hint="Run `pricing-sync migrate`.",
            code="not_migrated",
        )
    if error.sqlstate in _REFUSALS:
        sentence, hint = _REFUSALS[error.sqlstate]
        return DatabaseRefused(f"{sentence}: {said}.", hint=hint, code=error.sqlstate)
    return None


def is_lost(error: psycopg.Error) -> bool:
    """Whether the connection is gone: closed by the network, or the server is shutting down."""
    if error.diag.severity_nonlocalized in SESSION_ENDING_SEVERITIES:
        return True
    if not isinstance(error, psycopg.OperationalError):
        return False
    # libpq's own errors carry no code.
    return error.sqlstate is None or is_one_of(error.sqlstate, LOST_CONNECTION)


def _unavailable(why: str) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        f"The database does not answer: {why}",
        hint="Is the server running, and is the database URL right? "
        "`pricing-sync config` shows the one in use.",
    )
