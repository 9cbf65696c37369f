"""Lists the session settings that every process pins, whatever database, login or environment set.

Each kind of connection sets them right after it is opened: commands
(``service/postgres/connect.py``), worker (``service/postgres/sessions.py``) and web process
(``service/web/database/web_database.py``). Not pinned, because the operator decides them:
``default_transaction_read_only``, ``synchronous_commit``, ``default_tablespace``, ``role``, the
planner's settings and ``lock_timeout`` of a command.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from service.errors import SettingsError
from service.postgres.sql_text import fill

# How values are written and read.
FORMATS = {
    "client_encoding": "UTF8",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "array_nulls": "on",
    "xmloption": "content",
    "standard_conforming_strings": "on",
    "backslash_quote": "safe_encoding",
    "quote_all_identifiers": "off",
}
# What statements see and mean. Our functions lock rows, then read them, and refuse to work with a
# snapshot older than the lock: hence read committed. session_replication_role: without triggers a
# sync would have no log row.
MEANINGS = {
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
    "row_security": "on",
    "transform_null_equals": "off",
    "session_replication_role": "origin",
    "restrict_nonsystem_relation_kind": "",
    "plpgsql.extra_errors": "none",
    "exit_on_error": "off",
    "client_min_messages": "notice",
}
# What would end our sessions and transactions.
LIMITS = {
    "idle_session_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "transaction_timeout": "0",
}
SEARCH_PATH = "pg_catalog, pg_temp"
PINS: Mapping[str, str] = FORMATS | MEANINGS | LIMITS

# What an exported file sets for itself. Not client_encoding: the file runs in the session of
# another program, whose client has chosen its own.
BLOCK_PINS: Mapping[str, str] = {
    name: value for name, value in PINS.items() if name != "client_encoding"
} | {"default_table_access_method": "heap"}

# What must be right behind a transaction-mode pooler, where nothing can be set. A time in another
# zone is the same time; the pooler decides how long a session may be idle.
REQUIRED: Mapping[str, str] = {
    name: value
    for name, value in (FORMATS | MEANINGS).items()
    if name not in ("client_encoding", "TimeZone", "xmloption", "plpgsql.extra_errors")
}


def pin_statement(pins: Mapping[str, str], *, search_path: str, local: bool = False) -> str:
    """SQL that sets those that this server has; with ``local``, until the transaction ends.

    The search path comes first, because it decides what the other names mean. Settings that are
    right already are skipped, because some of them only a superuser may set.
    """
    return fill(
        "select pg_catalog.set_config('search_path', '{search_path}', {is_local});"
        " select set_config(name, value, {is_local}) from (values {values}) as pin (name, value)"
        " where name like '%.%' or current_setting(name, true) <> value",
        search_path=search_path,
        values=_values(pins),
        is_local="true" if local else "false",
    )


def _values(pins: Mapping[str, str]) -> str:
    return ", ".join(f"('{name}', '{value}')" for name, value in pins.items())


# The login and each required setting that is wrong in its session, with what it should be.
FIND_WRONG = fill(
    # Names the login and database for ALTER ROLE ... IN DATABASE, which wins over other settings.
    "select quote_ident(session_user) || ' in database ' || quote_ident(current_database())"
    " as login, pin.name, pin.value"
    " from (values {values}) as pin (name, value)"
    " where current_setting(pin.name, true) <> pin.value"
    # Postgres treats it as read committed.
    " and current_setting(pin.name, true) <> 'read uncommitted' order by pin.name",
    values=_values(REQUIRED),
)


def wrong_settings(found: Sequence[tuple[str, str, str]], process: str) -> SettingsError | None:
    """The error for the rows of FIND_WRONG, with the repairing statements; None without rows."""
    if not found:
        return None
    statements = [
        f"alter role {login} set {name} = {_literals(value)};" for login, name, value in found
    ]
    return SettingsError(
        f"Behind a transaction-mode pooler the {process}'s settings are not what it needs:"
        f" {', '.join(name for _, name, _ in found)}.",
        hint=f"{' '.join(statements)} Sessions that the pooler has open keep their settings until"
        " it reconnects. Or connect directly or through a session pooler.",
    )


def _literals(value: str) -> str:
    """The value as SQL literals; DateStyle is a list of two."""
    return ", ".join(f"'{each}'" for each in value.split(", "))
