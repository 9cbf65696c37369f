"""Which providers' credentials this worker has: the database is told at its start, names only."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from service.settings import read_credential

if TYPE_CHECKING:
    from service.engine import PricingApp

logger = logging.getLogger(__name__)

# It may be missed: a sync that is triggered by hand shows the same.
REPORT_SECONDS = 10.0


async def report_credentials(app: PricingApp) -> None:
    """Say which of the credentials that providers want are here; never raises an error."""
    try:
        async with asyncio.timeout(REPORT_SECONDS):
            await _report(app)
    except Exception as error:
        logger.warning(
            "Which credentials are here could not be reported; providers without one stay so: %s",
            " ".join(str(error.__cause__ or error).split()) or type(error).__name__,
        )


async def _report(app: PricingApp) -> None:
    rows = await app.connector.execute_query_all_async(
        "select variable from public.pricing_credential_variables() as variable"
    )
    variables = [row["variable"] for row in rows if read_credential(row["variable"]) is not None]
    rows = await app.connector.execute_query_all_async(
        "select provider from public.report_pricing_credentials(%(variables)s::text[]) as provider",
        variables=variables,
    )
    if rows:
        providers = ", ".join(row["provider"] for row in rows)
        logger.info("Credentials found, and now synced: %s", providers)
