"""Tells the database, at a worker's start, which credentials this worker has and may send."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from service.calls.credentials import REPORT, WANTED, supplied_providers
from service.engine.connector import PricingConnector

logger = logging.getLogger(__name__)

# It may be missed: a sync that is triggered by hand shows the same.
REPORT_SECONDS = 10.0


async def report_credentials(connector: PricingConnector) -> None:
    """Say which of the credentials that providers want are here; never raises an error."""
    try:
        async with asyncio.timeout(REPORT_SECONDS):
            await _report(connector)
    except Exception as error:
        logger.warning(
            "Which credentials are here could not be reported; providers without one stay so: %s",
            " ".join(str(error.__cause__ or error).split()) or type(error).__name__,
        )


async def _report(connector: PricingConnector) -> None:
    rows: list[dict[str, Any]] = await connector.execute_query_all_async(WANTED)
    supplied = supplied_providers(rows)
    rows = await connector.execute_query_all_async(REPORT, providers=supplied)
    if rows:
        providers = ", ".join(row["provider"] for row in rows)
        logger.info("Credentials found, and now synced: %s", providers)
