"""Check whether sessions last as long as their connections: not behind a transaction pooler."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

import asyncpg

from service.postgres.pinned_settings import FIND_WRONG, wrong_settings
from service.postgres.transaction_pooler import (
    PROBE_SECONDS,
    own_login_error,
    statement_mode_error,
)

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Connect = Callable[[], Awaitable[Connection]]

CLOSE_SECONDS = 3.0


async def has_sessions(connect: Connect) -> bool:
    """LISTEN on one connection, NOTIFY on another: nothing arrives behind a transaction pooler.

    Raises asyncpg's error when a connection is lost meanwhile, because that silence proves nothing.
    """
    heard, over = asyncio.Event(), asyncio.Event()
    channel = f"pricing_probe_{uuid.uuid4().hex}"

    def hear(*notification: object) -> None:
        heard.set()
        over.set()

    async with _closed_after(connect) as listener:
        listener.add_termination_listener(lambda *connection: over.set())
        await listener.add_listener(channel, hear)
        async with _closed_after(connect) as notifier:
            await notifier.execute(f"notify {channel}")
        with suppress(TimeoutError):
            async with asyncio.timeout(PROBE_SECONDS):
                await over.wait()
        if not heard.is_set():
            # A slow server sends the notification before it answers this.
            await listener.execute("select")
        return heard.is_set()


async def require_transactions(connect: Connect) -> None:
    """SettingsError behind a pooler in statement mode."""
    async with _closed_after(connect) as connection:
        try:
            for statement in ("begin", "commit"):
                await connection.execute(statement)
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            refused = statement_mode_error(error)
            if refused is not None:
                raise refused from None
            raise


async def require_login_role(connect: Connect, role: str, *, take_role: bool) -> None:
    """SettingsError unless the URL is the web process's own, of a member of ``role``.

    A role set there would leak to the next client of the server connection.
    """
    async with _closed_after(connect) as connection:
        is_member = await connection.fetchval(
            "select exists (select from pg_catalog.pg_roles as role where role.rolname = $1"
            " and pg_catalog.pg_has_role(role.oid, 'usage'))",
            role,
        )
        found = await connection.fetch(FIND_WRONG)
    wrong = wrong_settings([(*row,) for row in found], "web process")
    if wrong is not None:
        raise wrong
    if take_role or not is_member:
        raise own_login_error("web process", role=role, variable="PRICING_WEB_DATABASE_URL")


@asynccontextmanager
async def _closed_after(connect: Connect) -> AsyncIterator[Connection]:
    connection = await connect()
    try:
        yield connection
    except BaseException:
        # Not closed properly, which could take seconds and replace this error by its own.
        connection.terminate()
        raise
    await connection.close(timeout=CLOSE_SECONDS)
