"""Logs what a worker is when it starts, and when the next sync is due."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from service import __version__
from service.calls.credentials import WANTED, supplied_variables
from service.engine.connector import PricingConnector
from service.postgres.timestamps import utc_text
from service.printable import one_line
from service.settings import read_settings

logger = logging.getLogger(__name__)

NEXT_SYNC = "select providers, provider, due_at from public.pricing_next_sync()"
REPORT_SECONDS = 10.0


async def report_start(connector: PricingConnector, concurrency: int) -> None:
    """Log one line, with what of it the database answers; raises nothing."""
    schedule = "the next sync is not known"
    variables: list[str] = []
    try:
        async with asyncio.timeout(REPORT_SECONDS):
            variables = supplied_variables(await connector.execute_query_all_async(WANTED))
            schedule = _shown_schedule(await connector.execute_query_all_async(NEXT_SYNC))
    except Exception as error:
        schedule += f" ({one_line(error.__cause__ or error)})"
    logger.info(
        "Worker %s on %s, process %d, starts: %d %s at once; database %s; credentials: %s; %s.",
        __version__,
        socket.gethostname(),
        os.getpid(),
        concurrency,
        "sync" if concurrency == 1 else "syncs",
        _shown_database(),
        ", ".join(variables) or "none",
        schedule,
    )


def _shown_database() -> str:
    settings = read_settings()
    address = settings.worker_database_url or settings.database_url
    return "of libpq's variables" if address is None else address.shown()


def _shown_schedule(rows: list[Mapping[str, Any]]) -> str:
    if not rows:
        return "no provider is synced"
    row = rows[0]
    providers = "1 provider" if row["providers"] == 1 else f"{row['providers']} providers"
    due = row["due_at"]
    when = "now" if due is None or due <= datetime.now(UTC) else f"at {utc_text(due)}"
    return f"{providers}; the next sync is due {when}, of {row['provider']}"
