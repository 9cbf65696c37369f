"""Errors for poolers that do not keep one server session per client, shared by worker and web.

A pooler in transaction mode (Supavisor's port 6543, PgBouncer's ``pool_mode = transaction``) may
give each transaction another server session: LISTEN hears nothing, and a setting or a role would
reach the next client. A pooler in statement mode refuses BEGIN.
"""

from __future__ import annotations

from service.errors import SettingsError

# Generous: a slow session must not be mistaken for a missing one.
PROBE_SECONDS = 3.0


def statement_mode_error(error: Exception) -> SettingsError | None:
    """What to set where BEGIN failed because PgBouncer is in statement mode; else None."""
    if "statement pooling mode" not in str(error):
        return None
    return SettingsError(
        "The connection goes through a pooler in statement mode, which refuses transactions.",
        hint="Set its pool_mode to session, or to transaction, or connect directly.",
    )


def own_login_error(
    process: str, *, role: str, variable: str, search_path: str | None = None
) -> SettingsError:
    """A process behind a transaction-mode pooler cannot take ``role``: it must log in as a member.

    ``variable`` is the setting for the login's URL; ``search_path`` what the login has to set.
    """
    settings = f", alter role ... set search_path = {search_path}," if search_path else ""
    return SettingsError(
        f"Behind a transaction-mode pooler the {process} needs a login role of its own.",
        hint=f"Make a role that is a member of {role}{settings} and put its URL into {variable},"
        " or connect directly or through a session pooler.",
    )
