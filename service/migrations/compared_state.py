"""Remembers the state that a comparison found without a difference: the next one is not needed.

The comparison makes the whole release in a scratch schema, which is most of the time of a
``migrate`` that has nothing to do. It reads the catalogue, and a few rows, sequences and jobs of
pg_cron. Each change of a catalogue row makes a new version of it, at another place or by another
transaction: where all versions are those of the last comparison, all definitions are. The rest is
read each time. A restored dump or a copied database is compared anew.
"""

from __future__ import annotations

import logging
import re
from hashlib import sha256

import psycopg

from service import __version__
from service.migrations.comparison.compare import (
    CRON_JOBS,
    LOCK_TIMEOUT,
    cron_differences,
    released_tables,
)
from service.migrations.comparison.sequence_query import own_sequences, sequence_query
from service.migrations.ledger import LEDGER, LedgerRow
from service.migrations.schema import COMMENT, Schema
from service.migrations.status import schema_digests
from service.postgres.sql_text import fill

logger = logging.getLogger(__name__)

# Its ledger row. A replay deletes it, and older versions ignore what is below db/.
COMPARED = "db/compared"

# What definitions, owners and rights are read from.
_CATALOGUES = (
    "pg_am", "pg_attrdef", "pg_attribute", "pg_auth_members", "pg_cast", "pg_class",
    "pg_collation", "pg_constraint", "pg_db_role_setting", "pg_default_acl", "pg_depend",
    "pg_description", "pg_enum", "pg_event_trigger", "pg_extension", "pg_index", "pg_inherits",
    "pg_language", "pg_namespace", "pg_opclass", "pg_operator", "pg_partitioned_table",
    "pg_policy", "pg_proc", "pg_rewrite", "pg_sequence", "pg_trigger", "pg_type",
)  # fmt: skip

_VERSIONS = """
select '{name}', encode(sha256(convert_to(
    string_agg(c.ctid::text || c.xmin, ',' order by c.ctid), 'UTF8'
)), 'hex')
from pg_catalog.{name} c"""

# Most logins read roles by a view, which has no versions. The row of a database changes in place
# when it is vacuumed.
_STATE = fill(
    """
{versions}
union all
select 'roles', string_agg(r::text, ',' order by r.oid) from pg_catalog.pg_roles r
union all
select 'database', concat_ws(' ', d.oid, d.ctid, d.xmin)
from pg_catalog.pg_database d
where d.datname = current_database()
union all
select 'session', concat_ws(' ', version(), current_user, session_user)
union all
select 'ledger', string_agg(l.name || ' ' || l.digest, ',' order by l.name)
from {ledger} l
where l.name <> '{compared}'
""",
    versions="\nunion all".join(_VERSIONS.replace("{name}", name) for name in _CATALOGUES),
    ledger=LEDGER,
    compared=COMPARED,
).encode()

_INSERTED = re.compile(r"\binsert\s+into\s+(public\.\w+)", re.IGNORECASE)
_READERS = "pricing_api_readers"


def was_compared(
    connection: psycopg.Connection, schema: Schema, ledger: dict[str, LedgerRow]
) -> bool:
    """Whether the database is as the last comparison found it, without a difference."""
    if COMPARED not in ledger or ledger[COMPARED].digest != read_state(connection, schema):
        return False
    try:
        with connection.transaction(force_rollback=True):
            _bound(connection)
            sequences = own_sequences(released_tables(schema))
            behind = connection.execute(sequence_query(connection, sequences)).fetchall()
            has_cron_jobs = any(CRON_JOBS in file.creates for file in schema.db)
            return not behind and not (has_cron_jobs and cron_differences(connection, "public"))
    except psycopg.Error as error:
        logger.debug("the comparison begins anew: %s", error)
        return False


def read_state(connection: psycopg.Connection, schema: Schema) -> str | None:
    """A digest of the state, to be read before the comparison; None where a part is not readable.

    It has this version's texts, all versions of catalogue rows, and which tables with rows of the
    release are empty.
    """
    try:
        with connection.transaction(force_rollback=True):
            _bound(connection)
            found = connection.execute(_STATE).fetchall()
            rows = connection.execute(_rows_query(schema).encode()).fetchone()
    except psycopg.Error as error:
        logger.debug("the state is not readable: %s", error)
        return None
    release = [__version__, schema.engine_schema.digest, *sorted(schema_digests(schema).items())]
    return sha256(repr((release, sorted(found), rows)).encode()).hexdigest()


def record_comparison(connection: psycopg.Connection, state: str | None) -> None:
    """Record that a comparison which began in this state found no difference."""
    if state is None:
        return
    try:
        connection.execute(
            fill(
                "insert into {ledger} as known (name, digest) values (%s, %s)"
                " on conflict (name) do update set digest = excluded.digest, applied_at = now()"
                " where known.digest <> excluded.digest",
                ledger=LEDGER,
            ).encode(),
            [COMPARED, state],
        )
    except psycopg.Error as error:
        logger.debug("the comparison is not recorded: %s", error)


def filled_tables(schema: Schema) -> list[str]:
    """The tables into which migrations insert rows: those of the release are among them."""
    made = {name for file in schema.migrations for name in file.relations()}
    found = {
        name.lower()
        for file in schema.migrations
        for name in _INSERTED.findall(COMMENT.sub("", file.text))
    }
    return sorted(found & made)


def _rows_query(schema: Schema) -> str:
    parts = [f"exists (select from {name})" for name in filled_tables(schema)]
    if any(_READERS in file.creates for file in schema.db):
        # Rights depend on this setting.
        parts.append(f"public.{_READERS}()::text")
    return f"select {', '.join(parts) or 'true'}"


def _bound(connection: psycopg.Connection) -> None:
    connection.execute(
        "select set_config('lock_timeout', %s, true), set_config('statement_timeout', '60s', true)",
        [LOCK_TIMEOUT],
    )
