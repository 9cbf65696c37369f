"""Opens the worker's connections and sets each up: address, role, session settings.

Behind a transaction-mode pooler, where nothing can be set, checks the login's own settings instead.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from service.database_address.address import DatabaseAddress
from service.database_address.driver_arguments import psycopg_arguments
from service.postgres.connection_failure import failure_of
from service.postgres.pinned_settings import FIND_WRONG, PINS, pin_statement, wrong_settings
from service.postgres.pool import BoundedConnection
from service.postgres.rows import the_row
from service.postgres.sql_text import fill
from service.postgres.timestamps import bound_timestamps
from service.postgres.transaction_pooler import (
    PROBE_SECONDS,
    own_login_error,
    statement_mode_error,
)
from service.settings import read_settings

WORKER_ROLE = "pricing_worker"
# Defaults for what the URL leaves out. With these keepalives the kernel notices a dead peer within
# about half a minute, also on the LISTEN connection between two probes.
DEFAULTS: dict[str, Any] = {
    "application_name": "pricing-sync worker",
    "connect_timeout": 5,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}

# client_connection_check_interval: the server ends a statement whose client has gone, also one that
# waits for a lock. statement_timeout: the login's own may be too short for a clean-up, which is one
# transaction. lock_timeout: our functions bound their waits for row locks, but a locked table stops
# a statement before its function begins.
_PINNED = {
    **PINS,
    "client_connection_check_interval": "2s",
    "statement_timeout": "60s",
    "lock_timeout": "5s",
}
SEARCH_PATH = "procrastinate, pg_temp"
_CONFIGURE = pin_statement(_PINNED, search_path=SEARCH_PATH)
# Takes the worker's role, if the login is a member.
_TAKE_ROLE = fill(
    """
select set_config('role', r.rolname, false)
from pg_catalog.pg_roles r
where r.rolname = '{role}' and pg_has_role(session_user, r.oid, 'member')
""",
    role=WORKER_ROLE,
)


def worker_address() -> DatabaseAddress:
    """The worker's database; read when a connection is made, not at import."""
    settings = read_settings()
    return settings.worker_database_url or settings.require_database_url()


def worker_conninfo() -> str:
    """The conninfo of connections that procrastinate makes itself, to defer a job for example."""
    address = worker_address()
    return make_conninfo(**psycopg_arguments(address, address.targets()[0], DEFAULTS))


class WorkerSessions:
    """Makes the worker's connections, each set up for it.

    Behind a transaction-mode pooler a setting would reach the next client of the server connection,
    and LISTEN receives nothing. There nothing is set: the URL must name a login role whose own
    settings are right, and the worker polls. ``keeps_session`` is False there, and None before the
    first connection.
    """

    def __init__(self) -> None:
        self.keeps_session: bool | None = None
        self._probing = asyncio.Lock()
        self._abandoned: str | None = None
        # Connections in progress: the timeout of each, and those that have a socket already.
        self._openings: set[asyncio.Timeout] = set()
        self._unready: set[BoundedConnection] = set()

    async def connect(self) -> BoundedConnection:
        """A new connection; raises psycopg.Error, and SettingsError where a retry does not help.

        Autocommit: each statement of the worker is one transaction, so BEGIN and COMMIT would only
        cost round trips.
        """
        if self._abandoned is not None:
            raise psycopg.OperationalError(self._abandoned)
        try:
            async with asyncio.timeout(None) as opening:
                self._openings.add(opening)
                try:
                    return await self._open()
                finally:
                    self._openings.discard(opening)
        except TimeoutError:
            raise psycopg.OperationalError(str(self._abandoned)) from None

    def abandon_pending(self, reason: str) -> None:
        """End every wait for a new connection at once, and refuse new ones until ``reopen()``."""
        self._abandoned = reason
        for connection in self._unready:
            connection.shut_down(reason)
        for opening in self._openings:
            opening.reschedule(asyncio.get_running_loop().time())

    def reopen(self) -> None:
        """Make connections again."""
        self._abandoned = None

    async def _open(self) -> BoundedConnection:
        connection = await _connect()
        bound_timestamps(connection)
        self._unready.add(connection)
        try:
            await self._configure(connection)
        except psycopg.Error as error:
            # A pooler accepts the client before it has a server connection, so every error here
            # means that there is none.
            connection.pgconn.finish()
            raise psycopg.OperationalError(str(error)) from error
        except BaseException:
            connection.pgconn.finish()
            raise
        finally:
            self._unready.discard(connection)
        return connection

    async def _configure(self, connection: BoundedConnection) -> None:
        async with self._probing:
            if self.keeps_session is None:
                keeps_session = await _keeps_session(connection)
                if not keeps_session:
                    await _require_transactions(connection)
                self.keeps_session = keeps_session
        takes_role = read_settings().worker_database_url is None
        if self.keeps_session:
            text = f"{_CONFIGURE}; {_TAKE_ROLE}" if takes_role else _CONFIGURE
            await connection.execute(text.encode())
        else:
            connection.prepare_threshold = None
            await _require_own_settings(connection, takes_role)


async def _connect() -> BoundedConnection:
    """Connect to the first host that fits; the OperationalError contains no secret."""
    address = worker_address()
    failures = []
    for target in address.targets():
        arguments = psycopg_arguments(address, target, DEFAULTS)
        try:
            return await BoundedConnection.connect(**arguments, autocommit=True)
        except psycopg.OperationalError as error:
            failures.append(failure_of(error, address, target.host))
    raise psycopg.OperationalError("; ".join(dict.fromkeys(failures)))


async def _require_transactions(connection: BoundedConnection) -> None:
    try:
        for statement in (b"begin", b"commit"):
            await connection.execute(statement)
    except psycopg.Error as error:
        refused = statement_mode_error(error)
        if refused is not None:
            raise refused from None
        raise


async def _require_own_settings(connection: BoundedConnection, takes_role: bool) -> None:
    cursor = await connection.execute(FIND_WRONG.encode())
    wrong = wrong_settings([(*row,) for row in await cursor.fetchall()], "worker")
    if wrong is not None:
        raise wrong
    row = await _one(
        connection,
        "select to_regclass('procrastinate_jobs') is not null and exists (select from"
        " pg_catalog.pg_roles r where r.rolname = %s and pg_has_role(r.oid, 'usage'))",
        [WORKER_ROLE],
    )
    if takes_role or not row[0]:
        raise own_login_error(
            "worker",
            role=WORKER_ROLE,
            variable="PRICING_WORKER_DATABASE_URL",
            search_path=SEARCH_PATH,
        )


async def _keeps_session(connection: BoundedConnection) -> bool:
    """LISTEN here and NOTIFY from another connection: only a session of its own receives it."""
    channel = f"pricing_probe_{uuid.uuid4().hex}"
    await connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
    other = await _connect()
    try:
        await other.execute("select pg_notify(%s, '')", [channel], prepare=False)
    finally:
        other.pgconn.finish()
    # Without sessions this takes PROBE_SECONDS, once per process.
    heard = [n async for n in connection.notifies(timeout=PROBE_SECONDS, stop_after=1)]
    await connection.execute(sql.SQL("unlisten {}").format(sql.Identifier(channel)))
    # A slow server has sent the notification before its answer to UNLISTEN.
    heard += [n async for n in connection.notifies(timeout=0, stop_after=1)]
    return bool(heard)


async def _one(connection: BoundedConnection, query: str, parameters: list[Any]) -> TupleRow:
    return the_row(await (await connection.execute(query.encode(), parameters)).fetchone())
