"""Which credentials a worker has and may send: the database is told at a worker's start."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row

from service.environment.credential_hosts import Host, refusal
from service.errors import FetchError, SettingsError
from service.fetch.http_rules import read_address
from service.postgres.connect import refusals
from service.providers.adapter import Adapter, adapter
from service.settings import Settings, read_credential, read_settings

if TYPE_CHECKING:
    from service.engine.app import PricingApp

logger = logging.getLogger(__name__)

# It may be missed: a sync that is triggered by hand shows the same.
REPORT_SECONDS = 10.0


def permitted_hosts(provider: Adapter, variable: str, settings: Settings) -> tuple[Host, ...]:
    """Where a variable may be sent for a provider: what its adapter says, and the environment."""
    return (*provider.credential_hosts(variable), *settings.credential_hosts.of(variable))


def refusal_of_row(
    provider: Adapter, base_url: str | None, variable: str, settings: Settings
) -> str | None:
    """Why a provider's row cannot have that credential, as a sentence; None: it can."""
    hosts = permitted_hosts(provider, variable, settings)
    try:
        target = read_address(
            base_url or provider.base_url, allow_http=settings.allow_private_hosts
        )
    except FetchError as error:
        return error.message
    return refusal(variable, hosts, target.scheme, target.raw_host.decode("ascii"), target.port)


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
        rows = connection.cursor(row_factory=dict_row).execute(_WANTED).fetchall()
        connection.execute(_REPORT, {"providers": _supplied(rows)})


_WANTED = "select provider, adapter, base_url, variable from public.pricing_credential_variables()"
_REPORT = (
    "select provider from public.report_pricing_credentials(%(providers)s::text[]) as provider"
)


async def _report(app: PricingApp) -> None:
    rows: list[dict[str, Any]] = await app.connector.execute_query_all_async(_WANTED)
    supplied = _supplied(rows)
    rows = await app.connector.execute_query_all_async(_REPORT, providers=supplied)
    if rows:
        providers = ", ".join(row["provider"] for row in rows)
        logger.info("Credentials found, and now synced: %s", providers)


def _supplied(wanted: Iterable[Mapping[str, Any]]) -> list[str]:
    """The providers whose credential is here, and may be sent where they are."""
    settings = read_settings()
    return [row["provider"] for row in wanted if _is_supplied(row, settings)]


def _is_supplied(row: Mapping[str, Any], settings: Settings) -> bool:
    try:
        provider = adapter(row["adapter"])
    except LookupError:
        return False
    # In this order: nobody learns from a row whether a variable is there that it cannot have.
    if refusal_of_row(provider, row["base_url"], row["variable"], settings) is not None:
        return False
    try:
        return read_credential(row["variable"]) is not None
    except SettingsError as error:
        # The others' are not the worse for it.
        logger.warning("%s Its provider stays without a credential.", error.message)
        return False
