"""Waits until the database answers and has the schema of this version."""

from __future__ import annotations

import asyncio

import psycopg
from procrastinate.exceptions import ConnectorException

from service.engine.connector import PricingConnector
from service.migrations.status import missing_steps
from service.postgres.retry import ThrottledWarning


async def wait_for_schema(connector: PricingConnector) -> None:
    """Return when the database answers and no part of this version's schema is missing.

    Raises SettingsError where waiting does not help.
    """
    warning = ThrottledWarning()
    while True:
        try:
            rows = await connector.execute_query_all_async(
                "select name, digest from public.pricing_schema_ledger"
            )
            missing = missing_steps((row["name"], row["digest"]) for row in rows)
            if not missing:
                return
            problem = f"The database lacks {missing[0]}. Run `pricing-sync migrate`."
        except ConnectorException as error:
            cause = error.__cause__
            if isinstance(cause, psycopg.errors.UndefinedTable):
                problem = "The database is not migrated. Run `pricing-sync migrate`."
            else:
                problem = f"No database: {cause}"
        warning.warn("Waiting. %s", " ".join(problem.split()))
        await asyncio.sleep(1)
