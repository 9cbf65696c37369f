"""Turn errors of database calls into HTTP errors."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import asyncpg
from pydantic import ValidationError

from service.errors import SettingsError
from service.postgres import sqlstates
from service.web.http_server.repeated_lines import RepeatedLines
from service.web.responses.error_responses import HttpError, bad_input, internal_error
from service.web.responses.sync_responses import HeldLock

logger = logging.getLogger(__name__)

# Seconds: longer than a restart of Postgres, short for a person who waits.
RETRY_AFTER_OUTAGE = "5"
# For a sync that already takes longer than the last ones.
RETRY_AFTER_LOCK = "30"

# What asyncpg raises while the database is away, next to SQLSTATEs.
CONNECTION_ERRORS = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    # For a connection that died between two messages.
    asyncpg.InternalClientError,
)

# SQLSTATE -> status, code. Two characters stand for a whole class.
STATUS_BY_SQLSTATE: Mapping[str, tuple[int, str]] = {
    sqlstates.NOT_FOUND: (404, "not_found"),
    sqlstates.CONFLICT: (409, "conflict"),
    sqlstates.INVALID: (422, "bad_input"),
    sqlstates.REJECTED: (429, "rejected"),
    **dict.fromkeys(sqlstates.UNSTORABLE_TEXT, (422, "bad_input")),
    **dict.fromkeys(sqlstates.NOT_MIGRATED, (503, "not_migrated")),
    # An operator revoked a right, or a restore left it out.
    sqlstates.INSUFFICIENT_PRIVILEGE: (503, "not_permitted"),
    **dict.fromkeys(sqlstates.CONNECTION_REFUSED, (503, "database_unavailable")),
    **dict.fromkeys(sqlstates.OUTAGE, (503, "database_unavailable")),
    # Our functions wait for a row lock for a bounded time.
    sqlstates.LOCK_TIMEOUT: (503, "locked"),
}


class CannotConnect(ConnectionError):
    """There is no connection, whatever error the server or a pooler gave."""


# Message and hint of errors that end when the database or its operator acts.
OUTAGES = {
    "database_unavailable": (
        "The database is not available.",
        "Nothing is lost; ask again. Use an Idempotency-Key to repeat a trigger safely.",
    ),
    "locked": (
        "An open transaction of another session locks rows that this needs.",
        "Nothing was written; ask again. `pricing-sync doctor` shows the operator which.",
    ),
    "not_migrated": (
        "The database has not been migrated to this version.",
        "The operator runs `pricing-sync migrate`.",
    ),
    "not_permitted": (
        "The database denies the web process a right that this needs.",
        "The operator runs `pricing-sync doctor`, then `pricing-sync migrate`.",
    ),
}


def database_error(error: Exception, lines: RepeatedLines) -> HttpError:
    """The HTTP error for an exception of a database call; 500 for an unknown one.

    Errors that all requests get until the operator acts are logged once for all.
    """
    if _is_unsendable(error):
        status, code = 422, "bad_input"
    elif _ends_connection(error):
        status, code = 503, "database_unavailable"
    elif isinstance(error, asyncpg.PostgresError):
        status, code = _status_of(error.sqlstate or "")
    elif isinstance(error, SettingsError):
        # The message is for the operator: it goes to the log, not to clients.
        _log(lines, logging.ERROR, f"{error.message} {error.hint or ''}")
        status, code = 503, "database_unavailable"
    elif isinstance(error, CONNECTION_ERRORS):
        status, code = 503, "database_unavailable"
    else:
        status, code = 500, "internal"

    if code == "database_unavailable":
        if not isinstance(error, SettingsError):
            why = str(error) or type(error).__name__
            _log(lines, logging.WARNING, f"the database is not available: {why}")
    elif code == "locked":
        _log(lines, logging.WARNING, f"a request waited too long for a lock: {error}")
    elif code == "not_migrated":
        _log(lines, logging.ERROR, f"the schema is not what this version needs: {error}")
    elif code == "not_permitted":
        _log(lines, logging.ERROR, f"the database denies a right that this needs: {error}")
    if code in OUTAGES:
        message, hint = OUTAGES[code]
        headers = {"Retry-After": RETRY_AFTER_OUTAGE}
        return HttpError(status, code, message, hint=hint, headers=headers)
    if code == "internal":
        if isinstance(error, asyncpg.PostgresError):
            logger.error("the database answers %s: %s", error.sqlstate, error)
        else:
            logger.error("unexpected error of a database call", exc_info=error)
        return internal_error()
    if not isinstance(error, asyncpg.PostgresError) or not (error.sqlstate or "").startswith("PT"):
        return bad_input(
            "A value cannot be stored.",
            hint="Leave out NUL characters, halves of surrogate pairs, and numbers beyond 64 bits.",
        )
    return HttpError(
        status,
        code,
        str(error.args[0]) if error.args else code,
        hint=error.hint,
        headers={"Retry-After": RETRY_AFTER_LOCK} if status == 429 else None,
        details={"lock": _lock(error.detail)} if status == 429 else None,
    )


def _log(lines: RepeatedLines, level: int, message: str) -> None:
    lines.log(level, message, message)


def _is_unsendable(error: Exception) -> bool:
    """An argument that asyncpg cannot encode: its DataError has no severity."""
    if isinstance(error, asyncpg.DataError):
        return error.severity is None
    return isinstance(error, UnicodeError)


def _ends_connection(error: Exception) -> bool:
    """Whether the session ended with the error."""
    severity = getattr(error, "severity_en", None) or getattr(error, "severity", None)
    return severity in sqlstates.SESSION_ENDING_SEVERITIES


def _status_of(sqlstate: str) -> tuple[int, str]:
    return (
        STATUS_BY_SQLSTATE.get(sqlstate)
        or STATUS_BY_SQLSTATE.get(sqlstate[:2])
        or (500, "internal")
    )


def _lock(detail: str | None) -> dict[str, Any] | None:
    """The sync in the way, from the error detail of ``trigger_pricing_sync``."""
    try:
        return HeldLock.model_validate_json(detail or "").model_dump()
    except ValidationError:
        return None
