"""A session with a process's URL: its login, roles and settings, and whether it hears NOTIFY."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass

import psycopg
from psycopg import sql

from service.database_address.address import DatabaseAddress
from service.postgres.connect import connect
from service.postgres.pinned_connection import PinnedConnection
from service.postgres.pinned_settings import FIND_WRONG
from service.postgres.rows import the_row
from service.postgres.transaction_pooler import PROBE_SECONDS

_ROLES = """
select
    wanted.name,
    r.oid is not null as is_there,
    coalesce(pg_catalog.pg_has_role(r.oid, 'member'), false) as may_take,
    coalesce(pg_catalog.pg_has_role(r.oid, 'usage'), false) as has
from unnest(%s::text[]) as wanted (name)
left join pg_catalog.pg_roles as r on r.rolname = wanted.name
"""

# What the login can do beside its role, as the result words it.
_MORE = """
select more.what
from pg_catalog.pg_roles as login
cross join lateral (
    values
        ('is a superuser', login.rolsuper),
        ('passes row level security by', login.rolbypassrls and not login.rolsuper),
        ('makes roles', login.rolcreaterole and not login.rolsuper)
    union all
    select 'is a member of ' || other.rolname, not login.rolsuper
    from pg_catalog.pg_roles as other
    where other.rolname in (
            'pricing_owner', 'pricing_worker', 'pricing_web',
            'service_role', 'authenticated', 'anon'
        )
        and other.rolname <> login.rolname
        and pg_catalog.pg_has_role(login.oid, other.oid, 'member')
) as more (what, applies)
where login.rolname = session_user and more.applies
"""


@dataclass(frozen=True)
class Role:
    """``may_take``: by ``set role``. ``has``: its rights without that."""

    is_there: bool
    may_take: bool
    has: bool


@dataclass(frozen=True)
class Session:
    """``is_pooled``: a pooler answers for the server. ``heard_ms``: null if nothing was heard.

    ``more``: what the login can do, such as "is a superuser" or "is a member of pricing_web".
    ``wrong``: settings of the login that processes need otherwise, and cannot set themselves.
    """

    username: str
    version: int
    roles: dict[str, Role]
    finds_engine: bool
    is_pooled: bool
    heard_ms: float | None
    more: tuple[str, ...] = ()
    wrong: tuple[tuple[str, str, str], ...] = ()

    def beside(self, role: str) -> str:
        """What the login can do that a member of this role alone cannot; empty is nothing."""
        return ", ".join(what for what in self.more if what != f"is a member of {role}")

    @property
    def lasts(self) -> bool:
        return self.heard_ms is not None


def open_session(address: DatabaseAddress, roles: list[str], connect_seconds: int) -> Session:
    """Connect as the process would, read its rights, and listen for a notification of our own."""
    with _connect(address, connect_seconds) as connection:
        with connection.transaction():
            # The login's own search_path, which commands do not use.
            connection.execute("set local search_path to default")
            username, pid, finds_engine = the_row(
                connection.execute(
                    "select current_user::text, pg_backend_pid(),"
                    " to_regclass('procrastinate_jobs') is not null"
                ).fetchone()
            )
        found = connection.execute(_ROLES.encode(), [roles]).fetchall()
        return Session(
            username=username,
            version=connection.info.server_version,
            roles={name: Role(*rights) for name, *rights in found},
            finds_engine=finds_engine,
            # A pooler reports a process id of its own when a client connects.
            is_pooled=pid != connection.info.backend_pid,
            heard_ms=_heard(connection, address, connect_seconds),
            more=tuple(what for (what,) in connection.execute(_MORE.encode()).fetchall()),
            wrong=_wrong_settings(connection),
        )


def _connect(address: DatabaseAddress, seconds: int) -> PinnedConnection:
    return connect(address, autocommit=True, connect_timeout=seconds)


def _wrong_settings(connection: PinnedConnection) -> tuple[tuple[str, str, str], ...]:
    """Read on the bare connection: behind a pooler each command sets ours for its transaction."""
    if connection.keeps_session:
        return ()
    return tuple(psycopg.Cursor(connection).execute(FIND_WRONG.encode()).fetchall())


def _heard(
    connection: psycopg.Connection, address: DatabaseAddress, connect_seconds: int
) -> float | None:
    """Milliseconds from NOTIFY on another connection to here; the same probe as the worker's."""
    channel = f"pricing_probe_{uuid.uuid4().hex}"
    connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
    with _connect(address, connect_seconds) as other:
        sent = time.monotonic()
        other.execute("select pg_notify(%s, '')", [channel])
    for _ in connection.notifies(timeout=PROBE_SECONDS, stop_after=1):
        return (time.monotonic() - sent) * 1000
    # Behind a transaction-mode pooler another client has the listening connection now.
    connection.execute(sql.SQL("unlisten {}").format(sql.Identifier(channel)))
    return None
