"""Reports to the database, when a worker starts, which credentials it has and may send."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from service.calls.credentials import REPORT, WANTED, supplied_providers
from service.engine.connector import PricingConnector
from service.printable import one_line

logger = logging.getLogger(__name__)

# Short, because a missed report costs little: a sync triggered by hand shows the same.
REPORT_SECONDS = 10.0


async def report_credentials(connector: PricingConnector) -> None:
    """Report which of the credentials that providers need this worker has; raises nothing."""
    try:
        async with asyncio.timeout(REPORT_SECONDS):
            await _report(connector)
    except Exception as error:
        logger.warning(
            "The credentials of this worker could not be reported, so providers that wait for one"
            " are not synced yet: %s",
            one_line(error.__cause__ or error),
        )


async def _report(connector: PricingConnector) -> None:
    rows: list[dict[str, Any]] = await connector.execute_query_all_async(WANTED)
    supplied = supplied_providers(rows)
    rows = await connector.execute_query_all_async(REPORT, providers=supplied)
    if rows:
        providers = ", ".join(row["provider"] for row in rows)
        logger.info("Credentials found; these providers are synced from now on: %s", providers)
