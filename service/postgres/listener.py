"""The worker's LISTEN: kept up, and probed, because one that has gone deaf looks like a quiet one.

A worker that hears nothing still asks for work every few seconds: what is lost is time only.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Iterable

import psycopg
from procrastinate.connector import Notify
from psycopg import sql

from service.postgres.pool import BoundedConnection, answer_within

logger = logging.getLogger(__name__)

# An answer has its seconds, then there is quiet until the next probe.
PROBE_ANSWER_SECONDS = 5.0
PROBE_EVERY_SECONDS = 10.0
FIRST_BACKOFF_SECONDS = 0.25
LONGEST_BACKOFF_SECONDS = 4.0

# What was inserted while nobody listened has notified nobody: a new LISTEN is news by itself
# (without it: 5 s for a trigger right after a start).
NEW_WORK = '{"type": "job_inserted", "job_id": 0}'


class ProbeLost(Exception):
    """A notification that this worker sent to itself did not arrive."""


async def listen_forever(
    connect: Callable[[], Awaitable[BoundedConnection]],
    channels: Iterable[str],
    on_notification: Notify,
    on_lost: Callable[[], None],
) -> None:
    """Pass on what is heard; a connection that is lost or deaf is replaced. Ends when cancelled.

    ``on_lost`` is told, because whoever else uses the same network should know.
    """
    channels = list(channels)
    backoff = FIRST_BACKOFF_SECONDS
    while True:
        connection = None
        try:
            connection = await connect()
            await _listen(connection, channels, on_notification)
        except (psycopg.Error, ProbeLost, UnicodeError) as error:
            if connection is not None:
                backoff = FIRST_BACKOFF_SECONDS
                on_lost()
                logger.warning(
                    "LISTEN was lost and is set up again: %s", " ".join(str(error).split())
                )
        finally:
            if connection is not None:
                connection.pgconn.finish()
        await asyncio.sleep(backoff)
        backoff = min(2 * backoff, LONGEST_BACKOFF_SECONDS)


async def _listen(
    connection: BoundedConnection, channels: list[str], on_notification: Notify
) -> None:
    # Of its own: nobody else is woken by a probe.
    probe = f"pricing_worker_{uuid.uuid4().hex}"
    with answer_within(PROBE_ANSWER_SECONDS):
        for channel in (*channels, probe):
            await connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
        await on_notification(channel="", payload=NEW_WORK)
        while True:
            await connection.execute(sql.SQL("notify {}").format(sql.Identifier(probe)))
            if not await _pass_on(connection, on_notification, probe, PROBE_ANSWER_SECONDS):
                raise ProbeLost("a notification to itself was not heard")
            await _pass_on(connection, on_notification, probe, PROBE_EVERY_SECONDS)


async def _pass_on(
    connection: BoundedConnection, on_notification: Notify, probe: str, seconds: float
) -> bool:
    """Pass on what comes in these seconds, all of them; True when the probe was heard."""
    heard = False
    # Never left early: psycopg forgets what came in the same packet.
    async for notification in connection.notifies(timeout=seconds):
        if notification.channel == probe:
            heard = True
            continue
        try:
            await on_notification(channel=notification.channel, payload=notification.payload)
        except Exception:
            # Anybody may NOTIFY anything.
            await on_notification(channel=notification.channel, payload=NEW_WORK)
    return heard
