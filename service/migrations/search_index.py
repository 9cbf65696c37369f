"""Index the search over models by trigrams, once the extension pg_trgm is to be had.

A replay does so too; an extension that came later causes none.
"""

from __future__ import annotations

import logging

import psycopg

from service.migrations.locked_transaction import in_locked_transaction
from service.migrations.schema import Schema

logger = logging.getLogger(__name__)

_IS_MISSING = """
select to_regclass('public.pricing_model_search_words') is null
    and to_regclass('public.pricing_model_search') is not null
    and exists (select from pg_catalog.pg_available_extensions a where a.name = 'pg_trgm')
"""
_INSTALLED = "select from pg_catalog.pg_extension e where e.extname = 'pg_trgm'"
# Which a superuser may run.
CREATE = "create schema if not exists extensions; create extension pg_trgm schema extensions;"


def index_search(connection: psycopg.Connection, schema: Schema) -> tuple[str, ...]:
    """Make the index if it is missing; returns the statement that a superuser has to run first."""
    texts = [file.text for file in schema.db if file.path == "db/search.sql"]
    if not texts or not _is_missing(connection):
        return ()

    def make(connection: psycopg.Connection) -> None:
        connection.execute(texts[0].encode())

    in_locked_transaction(connection, "db/search.sql", make)
    if not _is_missing(connection):
        return ()
    logger.warning("no right to create the extension pg_trgm; a search reads all models")
    return () if connection.execute(_INSTALLED.encode()).fetchone() else (CREATE,)


def _is_missing(connection: psycopg.Connection) -> bool:
    return connection.execute(_IS_MISSING.encode()).fetchone() == (True,)
