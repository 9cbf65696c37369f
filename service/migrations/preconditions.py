"""Refuse a login without the rights of the owner, and a database with another history."""

from __future__ import annotations

import psycopg

from service import __version__
from service.errors import MigrationError
from service.migrations.ledger import LEDGER, LedgerRow
from service.migrations.schema import Schema
from service.migrations.status import is_db_object, schema_digests


def _some(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def refuse_other_login(connection: psycopg.Connection) -> None:
    """Raise MigrationError for a login without the owner's rights, such as a worker's.

    To such a login most objects look foreign, and granting it more would remove the border
    between it and the owner.
    """
    row = connection.execute(
        """
        select current_user::text, pg_get_userbyid(ledger.relowner)::text
        from pg_catalog.pg_class ledger
        left join pg_catalog.pg_roles r on r.rolname = 'pricing_owner'
        where ledger.oid = to_regclass(%s)
            and not pg_has_role(ledger.relowner, 'usage')
            and not coalesce(pg_has_role(r.oid, 'usage'), false)
        """,
        [LEDGER],
    ).fetchone()
    if row is not None:
        raise MigrationError(
            f"{row[0]} does not have the rights of {row[1]}, the owner of pricing-sync's tables.",
            hint="Put the login that ran the first migrate into DATABASE_URL, or a superuser's.",
        )


def refuse_other_history(schema: Schema, ledger: dict[str, LedgerRow]) -> None:
    """Raise MigrationError for an edited migration, or a database of a newer version."""
    wanted = schema_digests(schema)
    for file in schema.migrations:
        if file.name in ledger and ledger[file.name].digest != file.digest:
            raise MigrationError(
                f"{file.name} was applied with another text.",
                hint="A released migration is never edited: undo the edit, and write a new one.",
            )
    newer = [name for name in sorted(ledger) if name not in wanted and not is_db_object(name)]
    if newer:
        raise MigrationError(
            f"The database was migrated by a newer version: {_some(newer)} is not known here.",
            hint=f"This is pricing-sync {__version__}: install the newer one.",
        )
