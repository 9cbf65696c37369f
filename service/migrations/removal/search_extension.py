"""Drop the extension pg_trgm and its schema, where db/search.sql made them and nothing else needs
them."""

from __future__ import annotations

import psycopg

from service.postgres.sqlstates import DEPENDENT_OBJECTS

# The comment that db/search.sql puts on them.
_OURS = "Made by pricing-sync for its search over models."
_MADE = """
select 'drop extension pg_trgm'
from pg_extension e
where e.extname = 'pg_trgm' and obj_description(e.oid, 'pg_extension') = %(ours)s
union all
select 'drop schema extensions'
from pg_namespace n
where n.nspname = 'extensions' and obj_description(n.oid, 'pg_namespace') = %(ours)s
"""


def drop_search_extension(connection: psycopg.Connection) -> None:
    made = connection.execute(_MADE.encode(), {"ours": _OURS}).fetchall()
    for (statement,) in made:
        try:
            with connection.transaction():
                connection.execute(statement.encode())
        except psycopg.Error as error:
            if error.sqlstate != DEPENDENT_OBJECTS:
                raise
