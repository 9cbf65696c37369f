"""Count the models anew: what was written while a trigger was gone or off is not counted.

A replay does so too.
"""

from __future__ import annotations

from typing import Any

import psycopg

from service.migrations.locked_transaction import in_locked_transaction
from service.migrations.schema import Schema

_FILE = "db/model_counts.sql"


def recount_models(connection: psycopg.Connection[Any], schema: Schema) -> tuple[str, ...]:
    """In a transaction of its own; returns what was wrong, a sentence.

    Without a lock that writers wait for where nothing is. A release without the file counts none.
    """
    if not any(file.path == _FILE for file in schema.db):
        return ()
    found = connection.execute("select from public.pricing_miscounted_models limit 1").fetchone()
    if found is None:
        return ()
    return in_locked_transaction(connection, _FILE, lambda each: count_anew(each, schema))


def count_anew(connection: psycopg.Connection[Any], schema: Schema) -> tuple[str, ...]:
    """In the caller's transaction."""
    wrong = 0
    for text in [file.text for file in schema.db if file.path == _FILE]:
        cursor = connection.execute(text.encode())
        # The last statement writes.
        while cursor.nextset():
            wrong = cursor.rowcount
    return (f"{wrong} numbers of models were wrong and are counted anew",) if wrong else ()
