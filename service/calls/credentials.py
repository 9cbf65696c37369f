"""Tells which providers' credentials this environment has and permits, and reports them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

import psycopg
from psycopg.rows import dict_row

from service.environment.credential_hosts import Host, refusal
from service.errors import FetchError, SettingsError
from service.fetch.http_rules import read_address
from service.postgres.connect import refusals
from service.providers.adapter import Adapter, adapter
from service.settings import Settings, read_credential, read_settings

logger = logging.getLogger(__name__)

WANTED = "select provider, adapter, base_url, variable from public.pricing_credential_variables()"
REPORT = "select provider from public.report_pricing_credentials(%(providers)s::text[]) as provider"


def permitted_hosts(provider: Adapter, variable: str, settings: Settings) -> tuple[Host, ...]:
    """Where a variable may be sent for a provider: the adapter's hosts and the environment's."""
    return (*provider.credential_hosts(variable), *settings.credential_hosts.of(variable))


def refusal_of_row(
    provider: Adapter, base_url: str | None, variable: str, settings: Settings
) -> str | None:
    """Why a provider's row cannot use that credential, as a sentence; None if it can."""
    hosts = permitted_hosts(provider, variable, settings)
    try:
        target = read_address(
            base_url or provider.base_url, allow_http=settings.allow_private_hosts
        )
    except FetchError as error:
        return error.message
    return refusal(variable, hosts, target.scheme, target.raw_host.decode("ascii"), target.port)


def report_credentials_of_next_worker(connection: psycopg.Connection) -> None:
    """Report the credentials of a worker that will start in this environment.

    Its first syncs then include the providers that need them.
    """
    with refusals():
        rows = connection.cursor(row_factory=dict_row).execute(WANTED).fetchall()
        connection.execute(REPORT, {"providers": supplied_providers(rows)})


def supplied_providers(wanted: Iterable[Mapping[str, Any]]) -> list[str]:
    """The providers whose credential is set and may be sent to their address."""
    settings = read_settings()
    return [row["provider"] for row in wanted if _is_supplied(row, settings)]


def supplied_variables(wanted: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of the variables with those credentials."""
    settings = read_settings()
    return sorted({row["variable"] for row in wanted if _is_supplied(row, settings)})


def _is_supplied(row: Mapping[str, Any], settings: Settings) -> bool:
    try:
        provider = adapter(row["adapter"])
    except LookupError:
        return False
    # In this order: the result must not reveal whether a variable is set that the row cannot use.
    if refusal_of_row(provider, row["base_url"], row["variable"], settings) is not None:
        return False
    try:
        return read_credential(row["variable"]) is not None
    except SettingsError as error:
        # The other providers' credentials are not affected.
        logger.warning("%s Its provider is not synced.", error.message)
        return False
