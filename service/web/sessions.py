"""Whether a session lasts as long as its connection: not behind a transaction-mode pooler."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable

import asyncpg

from service.errors import SettingsError

Connect = Callable[[], Awaitable["asyncpg.Connection[asyncpg.Record]"]]

# Generous: a session that is only slow must not be taken for none.
PROBE_SECONDS = 3.0
CLOSE_SECONDS = 3.0


async def has_sessions(connect: Connect) -> bool:
    """LISTEN on one connection, NOTIFY on another: behind such a pooler nothing arrives."""
    heard = asyncio.Event()
    channel = f"pricing_probe_{uuid.uuid4().hex}"
    listener = await connect()
    try:
        await listener.add_listener(channel, lambda *notification: heard.set())
        notifier = await connect()
        try:
            await notifier.execute(f"notify {channel}")
        finally:
            await notifier.close(timeout=CLOSE_SECONDS)
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await heard.wait()
        except TimeoutError:
            return False
        return True
    finally:
        await listener.close(timeout=CLOSE_SECONDS)


async def require_login_role(connect: Connect, role: str, *, take_role: bool) -> None:
    """SettingsError unless the URL is the web process's own, of a member of ``role``.

    A role that was taken there would leak to whoever gets the server connection next.
    """
    connection = await connect()
    try:
        is_member = await connection.fetchval(
            "select exists (select from pg_catalog.pg_roles as role where role.rolname = $1"
            " and pg_catalog.pg_has_role(role.oid, 'usage'))",
            role,
        )
    finally:
        await connection.close(timeout=CLOSE_SECONDS)
    if take_role or not is_member:
        raise SettingsError(
            "Behind a transaction-mode pooler the web process needs a login role of its own.",
            hint=f"Make a role that is a member of {role} and put its URL into "
            "PRICING_WEB_DATABASE_URL, or connect directly or through a session pooler.",
        )
