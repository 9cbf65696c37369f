"""Which providers' credentials are here: the database is told at a worker's start, names only."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import psycopg

from service.database import refusals
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


def report_credentials_of_worker_to_come(connection: psycopg.Connection) -> None:
    """The same before a worker with this environment is there, so that it finds their syncs."""
    with refusals():
        rows = connection.execute(_WANTED).fetchall()
        connection.execute(_REPORT, {"variables": _here(variable for (variable,) in rows)})


_WANTED = "select variable from public.pricing_credential_variables() as variable"
_REPORT = (
    "select provider from public.report_pricing_credentials(%(variables)s::text[]) as provider"
)


async def _report(app: PricingApp) -> None:
    rows: list[dict[str, Any]] = await app.connector.execute_query_all_async(_WANTED)
    variables = _here(row["variable"] for row in rows)
    rows = await app.connector.execute_query_all_async(_REPORT, variables=variables)
    if rows:
        providers = ", ".join(row["provider"] for row in rows)
        logger.info("Credentials found, and now synced: %s", providers)


def _here(wanted: Iterable[str]) -> list[str]:
    return [variable for variable in wanted if read_credential(variable) is not None]
