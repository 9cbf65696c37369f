"""A database of the size that the figures are for: a million history rows, 100,000 jobs and 25,000
models. ``large_database.sql`` makes its rows, in a few minutes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from service.migrations.migrate import migrate

_STATEMENTS = Path(__file__).with_name("large_database.sql")
_END_OF_STATEMENT = re.compile(r";\n")
# Of the tables that get most rows: a build at the end takes a fifth of keeping them row by row.
_INDEXES = """
select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
from pg_index i
where i.indrelid in (
    'public.model_pricing_history'::regclass, 'public.pricing_sync_jobs'::regclass,
    'public.pricing_sync_log'::regclass, 'procrastinate.procrastinate_jobs'::regclass,
    'procrastinate.procrastinate_events'::regclass
)
    and not i.indisunique
"""


@dataclass(frozen=True)
class Scale:
    """At least this many rows."""

    models: int = 25_000
    jobs: int = 100_000
    history: int = 1_000_000


def prepare(url: str, scale: Scale) -> None:
    """Migrate the database; load the rows if it has none yet."""
    migrate(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("update pricing_settings set scheduler_enabled = false")
        if connection.execute("select from model_pricing limit 1").fetchone() is None:
            _load(connection, scale)


def counts(url: str) -> dict[str, int]:
    """The rows of the large tables."""
    tables = ("model_pricing", "model_pricing_history", "pricing_sync_jobs", "pricing_sync_log")
    with psycopg.connect(url) as connection:
        return {table: _count(connection, table) for table in tables}


def _load(connection: psycopg.Connection, scale: Scale) -> None:
    with connection.transaction():
        connection.execute("set local session_replication_role = replica")
        connection.execute("set local work_mem = '256MB'")
        connection.execute("set local maintenance_work_mem = '1GB'")
        connection.execute(
            "create temporary table scale on commit drop as"
            f" select {scale.models} as models, {scale.jobs} as jobs, {scale.history} as history"
        )
        indexes = connection.execute(_INDEXES).fetchall()
        for name, _ in indexes:
            connection.execute(f"drop index {name}".encode())
        for statement in _END_OF_STATEMENT.split(_STATEMENTS.read_text()):
            if statement.strip():
                connection.execute(statement.encode())
        for _, definition in indexes:
            connection.execute(definition.encode())
    connection.execute("vacuum analyze")


def _count(connection: psycopg.Connection, table: str) -> int:
    query = sql.SQL("select count(*) from {}").format(sql.Identifier(table))
    row = connection.execute(query).fetchone()
    return 0 if row is None else int(row[0])
