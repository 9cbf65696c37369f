"""The worker's connections: which URL, which role, and whether a session lasts at all."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from service.errors import SettingsError
from service.settings import read_settings

WORKER_ROLE = "pricing_worker"
# Generous: a session that is only slow must not be taken for none.
PROBE_SECONDS = 3.0

# In one round trip: the search path, and the role where there is one that we may take.
_CONFIGURE = """
select
    set_config('search_path', 'procrastinate, public', false),
    (
        select set_config('role', r.rolname, false)
        from pg_catalog.pg_roles r
        where %s and r.rolname = %s and pg_has_role(session_user, r.oid, 'member')
    )
"""


def worker_url() -> str:
    """The worker's database URL; asked when a connection is made, not at import."""
    settings = read_settings()
    if settings.worker_database_url is not None:
        return settings.worker_database_url.get_secret_value()
    return settings.require_database_url()


class WorkerSessions:
    """Sets up each new connection of a pool; ``refusal`` says why it cannot be done, if so.

    Behind a transaction-mode pooler a setting goes to whoever has the server connection next, and
    LISTEN is silently deaf. There nothing is set: the URL must name a login role whose own
    settings are right, and the worker goes on by polling.
    """

    def __init__(self) -> None:
        self.lasting: bool | None = None
        self.refusal: SettingsError | None = None
        self._probing = asyncio.Lock()

    async def configure(self, connection: psycopg.AsyncConnection[TupleRow]) -> None:
        async with self._probing:
            if self.lasting is None:
                self.lasting = await _session_lasts(connection)
        takes_role = read_settings().worker_database_url is None
        if self.lasting:
            await connection.execute(_CONFIGURE, (takes_role, WORKER_ROLE))
        else:
            connection.prepare_threshold = None
            await self._require_own_settings(connection, takes_role)
        await connection.commit()

    async def _require_own_settings(
        self, connection: psycopg.AsyncConnection[TupleRow], takes_role: bool
    ) -> None:
        row = await _one(
            connection,
            "select to_regclass('procrastinate_jobs') is not null and exists (select from"
            " pg_catalog.pg_roles r where r.rolname = %s and pg_has_role(r.oid, 'usage'))",
            [WORKER_ROLE],
        )
        if takes_role or not row[0]:
            self.refusal = SettingsError(
                "Behind a transaction-mode pooler the worker needs a login role of its own.",
                hint=f"Make one that is a member of {WORKER_ROLE}, alter role ... set search_path"
                " = procrastinate, public, and put its URL into PRICING_WORKER_DATABASE_URL; or"
                " connect directly or through a session pooler.",
            )
            raise self.refusal
        self.refusal = None


async def _session_lasts(connection: psycopg.AsyncConnection[TupleRow]) -> bool:
    """LISTEN here, NOTIFY from another connection: only a session of our own hears it."""
    channel = f"pricing_probe_{uuid.uuid4().hex}"
    await connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
    await connection.commit()
    async with await psycopg.AsyncConnection.connect(worker_url(), autocommit=True) as other:
        await other.execute("select pg_notify(%s, '')", [channel], prepare=False)
    # Silence is an answer too: it costs these seconds, once a process.
    heard = [n async for n in connection.notifies(timeout=PROBE_SECONDS, stop_after=1)]
    await connection.execute(sql.SQL("unlisten {}").format(sql.Identifier(channel)))
    await connection.commit()
    return bool(heard)


async def _one(
    connection: psycopg.AsyncConnection[TupleRow], query: str, parameters: list[Any]
) -> TupleRow:
    row = await (await connection.execute(query.encode(), parameters)).fetchone()
    assert row is not None
    return row
