"""Logins with few rights, and every lock that Postgres lets them take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import make_conninfo

from tests.support.postgres import Cluster

MODES = (
    "access share",
    "row share",
    "row exclusive",
    "share update exclusive",
    "share",
    "share row exclusive",
    "exclusive",
    "access exclusive",
)
STRENGTHS = ("key share", "share", "no key update", "update")

# The keys of 0.3.0, and some likely guesses. pg_locks has room for a few thousand.
ADVISORY = (
    "select pg_advisory_xact_lock(hashtextextended(prefix || slug, 0))"
    " from pricing_slugs, unnest(array['pricing_provider_prices:', 'pricing_provider_triggers:',"
    " 'pricing_sync:', 'prices of ', 'triggers of ']) as prefix",
    "select pg_advisory_xact_lock(hashtextextended(key, 0)) from unnest(array["
    " 'pricing_sync_idempotency:k', 'pricing_schedule:worker', 'pricing_schedule:pg_cron',"
    " 'schedule of worker', 'schedule of pg_cron']) as key",
    "select pg_advisory_xact_lock(n) from generate_series(-300, 300) as n",
    "select pg_advisory_xact_lock(n, m) from generate_series(0, 20) as n, generate_series(0, 20) m",
    "select pg_advisory_xact_lock(31654434524329575)",
)

RELATIONS = """
select format('%I.%I', n.nspname, c.relname) as name
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'v')
    and (n.nspname in ('public', 'procrastinate')
        or c.relname in ('pg_class', 'pg_proc', 'pg_database', 'pg_authid', 'pg_locks'))
order by n.nspname, c.relname
"""


@contextmanager
def login(
    cluster: Cluster, url: str, *, member_of: str | None = None, reads: bool = False
) -> Iterator[psycopg.Connection]:
    """A transaction of a login that may connect, and is a member of this role or reads all
    tables."""
    with (
        cluster.login_role(can_create_roles=False) as (user, password),
        psycopg.connect(url, autocommit=True) as owner,
    ):
        if member_of is not None:
            owner.execute(f"grant {member_of} to {user}".encode())
        if reads:
            for schema in ("public", "procrastinate"):
                owner.execute(f"grant usage on schema {schema} to {user}".encode())
                owner.execute(f"grant select on all tables in schema {schema} to {user}".encode())
        try:
            with psycopg.connect(make_conninfo(url, user=user, password=password)) as connection:
                # Its own attempts must not wait for the sync, either.
                connection.execute("set lock_timeout = '1s'")
                connection.commit()
                yield connection
                connection.rollback()
        finally:
            owner.execute(f"drop owned by {user}".encode())


def take_every_lock(connection: psycopg.Connection, slugs: list[str]) -> list[str]:
    """Try every lock in the transaction of this connection; returns the statements allowed."""
    relations = [row[0] for row in connection.execute(RELATIONS.encode()).fetchall()]
    connection.execute("create temp table pricing_slugs (slug text) on commit drop")
    with connection.cursor() as cursor:
        cursor.executemany("insert into pricing_slugs values (%s)", [[slug] for slug in slugs])
    statements = [
        *ADVISORY,
        *(f"lock table {name} in {mode} mode" for name in relations for mode in MODES),
        *(f"select from {name} for {how}" for name in relations for how in STRENGTHS),
        # PREPARE locks the table; rights are checked only on execution.
        *(f"prepare w{n} as delete from {name}" for n, name in enumerate(relations)),
    ]
    return [statement for statement in statements if _is_allowed(connection, statement)]


def _is_allowed(connection: psycopg.Connection, statement: str) -> bool:
    connection.execute("savepoint tried")
    try:
        connection.execute(statement.encode())
    except psycopg.Error:
        connection.execute("rollback to savepoint tried")
        return False
    connection.execute("release savepoint tried")
    return True
