"""Listens for notifications, probes the connection, and replaces it when it fails.

The probe is needed because a dead LISTEN connection looks like a quiet one. A worker without
notifications polls every few seconds, so a failure costs only time.
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
from service.printable import one_line

logger = logging.getLogger(__name__)

# How long a probe may take to arrive, and how long to wait until the next one.
PROBE_ANSWER_SECONDS = 5.0
PROBE_EVERY_SECONDS = 10.0
FIRST_BACKOFF_SECONDS = 0.25
LONGEST_BACKOFF_SECONDS = 4.0

# Delivered after each new LISTEN: the session received no notification of rows inserted before it.
# Without it a sync triggered right after the start waits 5 s for the next poll.
NEW_WORK = '{"type": "job_inserted", "job_id": 0}'


class ProbeLost(Exception):
    """A notification that this worker sent to itself did not arrive."""


async def listen_forever(
    connect: Callable[[], Awaitable[BoundedConnection]],
    channels: Iterable[str],
    on_notification: Notify,
    on_lost: Callable[[], None],
) -> None:
    """Forward notifications until cancelled; replace a connection that fails or loses a probe.

    ``on_lost`` is called then, because other connections use the same network.
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
                logger.warning("LISTEN failed and is set up again: %s", one_line(error))
        finally:
            if connection is not None:
                connection.pgconn.finish()
        await asyncio.sleep(backoff)
        backoff = min(2 * backoff, LONGEST_BACKOFF_SECONDS)


async def _listen(
    connection: BoundedConnection, channels: list[str], on_notification: Notify
) -> None:
    # A channel of its own, so that a probe wakes no other worker.
    probe = f"pricing_worker_{uuid.uuid4().hex}"
    with answer_within(PROBE_ANSWER_SECONDS):
        for channel in (*channels, probe):
            await connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
        await on_notification(channel="", payload=NEW_WORK)
        while True:
            await connection.execute(sql.SQL("notify {}").format(sql.Identifier(probe)))
            if not await _pass_on(connection, on_notification, probe, PROBE_ANSWER_SECONDS):
                raise ProbeLost("a notification to itself did not arrive")
            await _pass_on(connection, on_notification, probe, PROBE_EVERY_SECONDS)


async def _pass_on(
    connection: BoundedConnection, on_notification: Notify, probe: str, seconds: float
) -> bool:
    """Forward what arrives within ``seconds``; True if the probe was among it."""
    heard = False
    # Always iterate to the end: psycopg drops the rest of a packet.
    async for notification in connection.notifies(timeout=seconds):
        if notification.channel == probe:
            heard = True
            continue
        try:
            await on_notification(channel=notification.channel, payload=notification.payload)
        except Exception:
            # The payload may be anything: any login may NOTIFY.
            await on_notification(channel=notification.channel, payload=NEW_WORK)
    return heard
