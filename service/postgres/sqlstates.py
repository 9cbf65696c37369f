"""Groups SQLSTATEs by what they mean here: one table for worker, commands and web process.

A group lists whole codes (five characters) and classes (the first two); ``is_one_of`` tests a code
against a group. The codes are those of PostgreSQL's documentation, Appendix A "PostgreSQL Error
Codes"; PT404 to PT429 are raised by our own functions and carry an HTTP status, as PostgREST
defines it.
"""

from __future__ import annotations

# Raised by our functions.
NOT_FOUND = "PT404"
CONFLICT = "PT409"
CHANGED_MEANWHILE = "PT412"
INVALID = "PT422"
REJECTED = "PT429"

READ_ONLY_TRANSACTION = "25006"
INVALID_LOGIN = "28P01"
DEPENDENT_OBJECTS = "2BP01"
SERIALIZATION_FAILURE = "40001"
DEADLOCK = "40P01"
INSUFFICIENT_PRIVILEGE = "42501"
LOCK_TIMEOUT = "55P03"
QUERY_CANCELED = "57014"

# A value that the database's encoding cannot hold, such as a text with a NUL character.
UNSTORABLE_TEXT = ("22021", "22P05")
# A schema, table, column or function that this version needs and the database lacks.
NOT_MIGRATED = ("3F000", "42P01", "42703", "42883")
# The login or the database was refused.
CONNECTION_REFUSED = ("28", "3D")
# A lost connection (08), a rolled back transaction (40, deadlocks among them), a server out of
# something (53), a statement cut short or a server going down (57), a server that was demoted.
OUTAGE = ("08", "40", "53", "57", READ_ONLY_TRANSACTION)
# The same statement may succeed later: also a lock timeout, and an I/O error (58).
TRANSIENT = (*OUTAGE, LOCK_TIMEOUT, "58")
# The statement succeeds after a person restored a function, a table, a right (42) or a schema (3F).
REPAIRABLE = (*TRANSIENT, "42", "3F")
# The server undid the statement for certain: it may be sent again at once. A cancellation need not
# come from a person: when two sessions wait for one row under a lock_timeout, Postgres cancels the
# second if its time is over at the moment at which the first one ends.
ROLLED_BACK = ("40", QUERY_CANCELED)
# The server shuts down or starts up, or an operator ended the session.
SHUTDOWN = ("57P0",)
LOST_CONNECTION = ("08", *SHUTDOWN)

# An error of this severity ends the session, whatever its code: Supavisor's own errors are XX000.
SESSION_ENDING_SEVERITIES = ("FATAL", "PANIC")


def is_one_of(sqlstate: str | None, group: tuple[str, ...]) -> bool:
    """Whether the code, or its class, is in the group; False without a code."""
    return sqlstate is not None and sqlstate.startswith(group)
