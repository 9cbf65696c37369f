"""The web process's way to Postgres: a pool that opens when it can, and says 503 when it cannot.

Every statement is one ``select`` from a function or view with a qualified name, so a connection
never holds state between two requests.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from typing import Any

import asyncpg

from service.errors import SettingsError
from service.settings import Settings
from service.web.database_url import asyncpg_url
from service.web.errors import CONNECTION_ERRORS, database_error

logger = logging.getLogger(__name__)

ROLE = "pricing_web"
POOL_SIZE = 8
CONNECT_SECONDS = 3.0
ACQUIRE_SECONDS = 5.0
COMMAND_SECONDS = 10.0
# Generous: a session that is only slow must not be taken for none.
PROBE_SECONDS = 3.0


class StatelessConnection(asyncpg.Connection):
    """Without the reset on release: it would cost a second round trip, and there is no state."""

    def get_reset_query(self) -> str:
        return ""


class WebDatabase:
    """Reads and calls; every failure comes out as an HttpError.

    With no URL of its own the process connects as the owner and takes the role ``pricing_web``,
    which may only select and execute.
    """

    def __init__(self, url: str, *, take_role: bool) -> None:
        self._url = asyncpg_url(url)
        self._take_role = take_role
        self._sessions = True
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._opening: asyncio.Task[None] | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> WebDatabase:
        if settings.web_database_url is not None:
            return cls(settings.web_database_url.get_secret_value(), take_role=False)
        return cls(settings.require_database_url(), take_role=True)

    @property
    def can_listen(self) -> bool:
        """False behind a transaction-mode pooler, where notifications never arrive."""
        return self._sessions

    async def open(self) -> None:
        """Connect now instead of at the first request; HttpError when the database is away."""
        try:
            await self._open()
        except (*CONNECTION_ERRORS, asyncpg.PostgresError) as error:
            raise database_error(error) from error

    async def row(self, query: str, *args: object) -> asyncpg.Record | None:
        rows = await self.rows(query, *args)
        return rows[0] if rows else None

    async def rows(self, query: str, *args: object) -> list[asyncpg.Record]:
        try:
            pool = await self._open()
            async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                return await connection.fetch(query, *args)
        except (*CONNECTION_ERRORS, asyncpg.PostgresError, SettingsError, UnicodeError) as error:
            raise database_error(error) from error

    async def listening_connection(self) -> asyncpg.Connection[asyncpg.Record]:
        """A connection beside the pool, for LISTEN; raises what asyncpg raises."""
        await self._open()
        connection = await self._connect()
        await self._prepare(connection)
        return connection

    async def close(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
        if self._pool is not None:
            try:
                await asyncio.wait_for(self._pool.close(), timeout=1.0)
            except (TimeoutError, *CONNECTION_ERRORS, asyncpg.PostgresError):
                self._pool.terminate()

    async def _open(self) -> asyncpg.Pool[asyncpg.Record]:
        # While the database is away all requests wait for the same try, not one after the other.
        while self._pool is None:
            if self._opening is None or self._opening.done():
                self._opening = asyncio.create_task(self._create_pool())
            await asyncio.shield(self._opening)
        return self._pool

    async def _create_pool(self) -> None:
        self._sessions = await self._probe_sessions()
        self._pool = await asyncpg.create_pool(
            self._url,
            # Nothing is opened here: the server may be gone again at any time, also right now.
            min_size=0,
            max_size=POOL_SIZE,
            connect=lambda *args, **kwargs: self._connect(),
            init=self._prepare,
        )

    async def _connect(self) -> asyncpg.Connection[asyncpg.Record]:
        connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
            self._url,
            timeout=CONNECT_SECONDS,
            command_timeout=COMMAND_SECONDS,
            # A transaction-mode pooler gives the next statement to another server connection.
            statement_cache_size=100 if self._sessions else 0,
            server_settings={"application_name": "pricing-sync web"},
            connection_class=StatelessConnection,
        )
        return connection

    async def _prepare(self, connection: Any) -> None:
        # Behind a transaction-mode pooler the role would leak to whoever comes next.
        if not (self._take_role and self._sessions):
            return
        try:
            await connection.execute(f"set role {ROLE}")
        except (
            asyncpg.InsufficientPrivilegeError,
            asyncpg.InvalidParameterValueError,
            asyncpg.UndefinedObjectError,
        ) as error:
            logger.warning("goes on with the rights of DATABASE_URL's user: %s", error)

    async def _probe_sessions(self) -> bool:
        """Whether a session lasts as long as its connection: LISTEN on one, NOTIFY on another."""
        self._sessions = False
        heard = asyncio.Event()
        channel = f"pricing_probe_{uuid.uuid4().hex}"
        listener = await self._connect()
        try:
            notifier = await self._connect()
            try:
                await listener.add_listener(channel, lambda *notification: heard.set())
                await notifier.execute(f"notify {channel}")
                async with asyncio.timeout(PROBE_SECONDS):
                    await heard.wait()
                return True
            except TimeoutError:
                await self._require_login_role(notifier)
                logger.warning(
                    "LISTEN is silent, as behind a transaction-mode pooler: going on by polling"
                )
                return False
            finally:
                await notifier.close(timeout=CONNECT_SECONDS)
        finally:
            await listener.close(timeout=CONNECT_SECONDS)

    async def _require_login_role(self, connection: Any) -> None:
        is_member = await connection.fetchval(
            "select exists (select from pg_catalog.pg_roles as role where role.rolname = $1"
            " and pg_catalog.pg_has_role(role.oid, 'usage'))",
            ROLE,
        )
        if self._take_role or not is_member:
            raise SettingsError(
                "Behind a transaction-mode pooler the web process needs a login role of its own.",
                hint=f"Make a role that is a member of {ROLE} and put its URL into "
                "PRICING_WEB_DATABASE_URL, or connect directly or through a session pooler.",
            )
