"""The web process's pool of connections: opened when possible; without it requests get 503.

Every statement is one ``select`` from a function or view with a qualified name, so a connection
never holds state between two requests.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg

from service.database_address.address import DatabaseAddress
from service.errors import SettingsError
from service.postgres.pinned_settings import PINS, SEARCH_PATH, pin_statement
from service.postgres.rows import the_row
from service.settings import Settings
from service.web.database.asyncpg_connect import open_connection
from service.web.database.asyncpg_timestamps import bound_timestamps
from service.web.database.database_errors import CONNECTION_ERRORS, CannotConnect, database_error
from service.web.database.fair_pool import FairPool
from service.web.database.pooler_check import (
    has_sessions,
    require_login_role,
    require_transactions,
)
from service.web.http_server.repeated_lines import RepeatedLines

logger = logging.getLogger(__name__)

ROLE = "pricing_web"
# Default of PRICING_WEB_CONNECTIONS, less the one that listens.
POOL_SIZE = 8
CONNECT_SECONDS = 3.0
COMMAND_SECONDS = 10.0
END_SECONDS = 1.0

# Postgres ends statements that the process has abandoned, and waits for locked tables. Compiling a
# page's query takes longer than the page.
_CONFIGURE = pin_statement(
    {**PINS, "statement_timeout": "60s", "lock_timeout": "5s", "jit": "off"},
    search_path=SEARCH_PATH,
)
# Poolers pass these two on from the client's start-up message.
_AT_START = {name: PINS[name] for name in ("DateStyle", "TimeZone")}


class StatelessConnection(asyncpg.Connection):
    """Without the reset on release: a second round trip, and there is no state to reset."""

    def get_reset_query(self) -> str:
        return ""


class WebDatabase:
    """Runs statements; every failure becomes an HttpError.

    With no URL of its own the process connects as the owner and takes the role ``pricing_web``,
    which may only select and execute.
    """

    def __init__(
        self, address: DatabaseAddress, *, take_role: bool, connections: int = POOL_SIZE + 1
    ) -> None:
        self._address = address
        self._take_role = take_role
        self._pool_size = connections - 1
        self._lines = RepeatedLines(logger)
        # None until probed.
        self._sessions: bool | None = None
        self._pool: FairPool | None = None
        self._opening: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()

    @classmethod
    def from_settings(cls, settings: Settings) -> WebDatabase:
        most = settings.web_connections
        if settings.web_database_url is not None:
            return cls(settings.web_database_url, take_role=False, connections=most)
        return cls(settings.require_database_url(), take_role=True, connections=most)

    @property
    def can_listen(self) -> bool:
        """False behind a transaction-mode pooler, where notifications never arrive."""
        return self._sessions is not False

    async def open(self) -> None:
        """Connect now instead of at the first request; HttpError if the database is away."""
        try:
            await self._open()
        except (*CONNECTION_ERRORS, asyncpg.PostgresError) as error:
            raise database_error(error, self._lines) from error

    async def row(self, query: str, *args: object) -> asyncpg.Record | None:
        rows = await self.rows(query, *args)
        return rows[0] if rows else None

    async def the_row(self, query: str, *args: object) -> asyncpg.Record:
        """The row of a statement that always returns one."""
        return the_row(await self.row(query, *args))

    async def rows(self, query: str, *args: object) -> list[asyncpg.Record]:
        try:
            pool = await self._open()
            connection = await pool.take()
            try:
                rows = await connection.fetch(query, *args)
            except BaseException as error:
                if isinstance(error, TimeoutError | asyncpg.ReadOnlySQLTransactionError):
                    self._replace_pool(pool)
                await pool.give_up(connection)
                raise
            pool.put_back(connection)
            return rows
        except (*CONNECTION_ERRORS, asyncpg.PostgresError, SettingsError, UnicodeError) as error:
            raise database_error(error, self._lines) from error

    def reconnect(self) -> None:
        """Replace all connections: the old ones get no answers."""
        if self._pool is not None:
            self._replace_pool(self._pool)

    async def listening_connection(self) -> asyncpg.Connection[asyncpg.Record]:
        """A connection beside the pool, for LISTEN; raises what asyncpg raises."""
        await self._open()
        connection = await self._connect()
        try:
            await self._prepare(connection)
        except BaseException:
            # Outside of the pool, so nothing else closes it.
            connection.terminate()
            raise
        return connection

    async def close(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
            # It may have opened connections.
            await asyncio.gather(self._opening, return_exceptions=True)
        if self._pool is not None:
            await _close_pool(self._pool, END_SECONDS)
        for ending in self._ending:
            ending.cancel()
        await asyncio.gather(*self._ending, return_exceptions=True)

    async def _open(self) -> FairPool:
        # While the database is away all requests wait for the same attempt.
        while self._pool is None:
            if self._opening is None or self._opening.done():
                self._opening = asyncio.create_task(self._create_pool())
            await asyncio.shield(self._opening)
        return self._pool

    async def _create_pool(self) -> None:
        if self._sessions is None:
            with _connecting():
                sessions = await has_sessions(self._connect)
                if not sessions:
                    await require_transactions(self._connect)
                    await require_login_role(self._connect, ROLE, take_role=self._take_role)
            if not sessions:
                logger.warning(
                    "LISTEN is silent, as behind a transaction-mode pooler: polling instead"
                )
            self._sessions = sessions
        pool = await asyncpg.create_pool(
            # No connection yet: the server may be away again already.
            min_size=0,
            max_size=self._pool_size,
            connect=lambda *args, **kwargs: self._connect(),
            init=self._prepare,
        )
        self._pool = FairPool(pool, self._pool_size)

    def _replace_pool(self, pool: FairPool) -> None:
        # A network that dropped one connection has dropped the others, and a demoted server keeps
        # its sessions: each would fail one more request.
        if pool is not self._pool:
            return
        self._pool = None
        ending = asyncio.create_task(_close_pool(pool, COMMAND_SECONDS))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def _connect(self) -> asyncpg.Connection[asyncpg.Record]:
        with _connecting():
            connection = await open_connection(
                self._address,
                name="pricing-sync web",
                seconds=CONNECT_SECONDS,
                at_start=_AT_START,
                command_timeout=COMMAND_SECONDS,
                # A transaction-mode pooler runs the next statement on another server connection.
                statement_cache_size=100 if self._sessions else 0,
                connection_class=StatelessConnection,
            )
            await bound_timestamps(connection)
            return connection

    async def _prepare(self, connection: Any) -> None:
        # Behind a transaction-mode pooler a setting would leak to the next client.
        if not self._sessions:
            return
        with _connecting():
            await connection.execute(_CONFIGURE)
        if not self._take_role:
            return
        try:
            await connection.execute(f"set role {ROLE}")
        except (
            asyncpg.InsufficientPrivilegeError,
            asyncpg.InvalidParameterValueError,
            asyncpg.UndefinedObjectError,
        ) as error:
            logger.warning("continuing with the rights of DATABASE_URL's login: %s", error)


@contextmanager
def _connecting() -> Iterator[None]:
    """Raise CannotConnect for any error while connecting, whatever its SQLSTATE."""
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        raise CannotConnect(str(error) or type(error).__name__) from error


async def _close_pool(pool: FairPool, seconds: float) -> None:
    """Close it once its statements have ended; terminate it after ``seconds``."""
    try:
        async with asyncio.timeout(seconds):
            await pool.close()
    except (*CONNECTION_ERRORS, asyncpg.PostgresError):
        pool.terminate()
