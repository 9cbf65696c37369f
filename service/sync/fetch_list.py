"""Fetches one provider's list, page by page, and parses it in a thread."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx2

from service import __version__
from service.calls.credentials import permitted_hosts
from service.environment.credential_hosts import Credential
from service.errors import FetchError, SettingsError, SyncError
from service.fetch.client import fetch, make_client
from service.fetch.deadlines import DEADLINES
from service.fetch.http_rules import read_address, require_permitted
from service.prices.catalogue import catalogue_source, read_catalogue
from service.prices.price_list import to_apply_rows
from service.providers.adapter import CATALOGUE, Adapter, adapter
from service.settings import Settings, read_credential, read_settings
from service.sync.attempt import Attempt
from service.sync.list_reader import ListReader, ProviderList
from service.sync.network_check import NetworkCheck

T = TypeVar("T")

# Parsing a list is CPU work: on the event loop it would delay the heartbeats of this worker. Two
# threads at most, so that they do not delay its exit either.
PARSING_THREADS = 2


@dataclass(frozen=True)
class SyncTools:
    """What the syncs of one worker share."""

    settings: Settings
    client: httpx2.AsyncClient
    threads: ThreadPoolExecutor
    network: NetworkCheck = field(default_factory=NetworkCheck)


@asynccontextmanager
async def sync_tools() -> AsyncIterator[dict[str, Any]]:
    """Open the HTTP client and the parsing threads; a task's context has them as ``tools``."""
    settings = read_settings()
    threads = ThreadPoolExecutor(PARSING_THREADS, thread_name_prefix="parse")
    try:
        async with make_client(settings) as client:
            yield {"tools": SyncTools(settings=settings, client=client, threads=threads)}
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


async def fetch_provider_list(attempt: Attempt, tools: SyncTools) -> ProviderList:
    """Fetch and parse all pages within the provider's timeout.

    Raises SyncError (FetchError, ParseError) with the attempt's error kind as code.
    """
    try:
        async with asyncio.timeout(attempt.timeout_seconds):
            if attempt.adapter == CATALOGUE:
                return await _read_catalogue(tools)
            return await _read_provider(attempt, tools)
    except FetchError as failure:
        raise await tools.network.explained(failure, _host(attempt.base_url)) from None
    except TimeoutError:
        raise FetchError(
            f"No complete price list within {attempt.timeout_seconds:g} s", code="timeout"
        ) from None


def _host(base_url: str | None) -> str:
    """The address's host; empty for what is no address."""
    try:
        return httpx2.URL(base_url or "").host
    except (httpx2.InvalidURL, ValueError):
        return ""


async def _read_provider(attempt: Attempt, tools: SyncTools) -> ProviderList:
    provider = _adapter(attempt)
    credential = _credential(attempt, provider, tools.settings)
    reader = ListReader(provider, attempt.provider)
    while reader.next_page is not None:
        unchanged = await _take_page(attempt, tools, provider, credential, reader)
        if unchanged is not None:
            return unchanged
    provider_list = await _in_thread(tools, reader.result)
    return replace(provider_list, etag_parser=_etag_parser(attempt, provider))


async def _take_page(
    attempt: Attempt,
    tools: SyncTools,
    provider: Adapter,
    credential: Credential | None,
    reader: ListReader,
) -> ProviderList | None:
    """Fetch and parse one page and drop its body; returns a list only for an unchanged one."""
    # No ETag where an unchanged body does not mean unchanged prices: one page says nothing about
    # the others, and a list without prices nothing about the catalogue's.
    has_etag = provider.pages is None and provider.price_api
    is_of_this_list = attempt.etag_parser == _etag_parser(attempt, provider)
    etag = attempt.etag if has_etag and is_of_this_list else None
    fetched = await fetch(
        tools.client,
        _page_url(attempt, provider, reader.next_page),
        etag=etag,
        credential=credential,
        max_bytes=tools.settings.max_body_bytes,
        allow_private_hosts=tools.settings.allow_private_hosts,
        deadlines=DEADLINES.within(attempt.timeout_seconds),
    )
    body, observed_at = fetched.body, datetime.now(UTC)
    if body is None:
        return ProviderList(observed_at=observed_at)
    new_etag = fetched.etag if has_etag else None
    await _in_thread(tools, lambda: reader.take(body, observed_at, new_etag))
    return None


def _adapter(attempt: Attempt) -> Adapter:
    try:
        return adapter(attempt.adapter)
    except LookupError as unknown:
        raise SyncError(
            f"The provider's row cannot be used: {unknown.args[0]}", code="unknown_adapter"
        ) from None


def _credential(attempt: Attempt, provider: Adapter, settings: Settings) -> Credential | None:
    variable = attempt.credential_variable
    if variable is None:
        return None
    hosts = permitted_hosts(provider, variable, settings)
    # Before the variable is read: the error must not reveal which variables a worker has.
    target = read_address(_list_url(attempt, provider), allow_http=settings.allow_private_hosts)
    require_permitted(variable, hosts, target)
    try:
        secret = read_credential(variable)
    except SettingsError as error:
        raise FetchError(error.message, code="no_credentials") from None
    if secret is None:
        raise FetchError(f"{variable} is not set for this worker", code="no_credentials")
    return Credential(secret, variable, hosts)


def _etag_parser(attempt: Attempt, provider: Adapter) -> str:
    """What an ETag is valid for: one list at one address, parsed by one version of one adapter.

    Another version or adapter may parse more of the same body, and another address may have the
    same ETag for another list.
    """
    return f"{__version__} {provider.slug} {_list_url(attempt, provider)}"


def _list_url(attempt: Attempt, provider: Adapter) -> str:
    base_url = attempt.base_url or provider.base_url
    if "?" in base_url or "#" in base_url:
        # The path would become part of the query, and the request go to another address.
        raise FetchError(
            "The base_url has a query or a fragment, and the list's path comes after it.",
            code="address_refused",
        )
    return base_url.rstrip("/") + provider.path


def _page_url(attempt: Attempt, provider: Adapter, number: int | None) -> str:
    """The URL of one page; a path may have a query already."""
    url = _list_url(attempt, provider)
    pages = provider.pages
    if pages is None:
        return url
    separator = "&" if "?" in url else "?"
    return f"{url}{separator}{pages.number}={number}&{pages.size_name}={pages.size}"


async def _read_catalogue(tools: SyncTools) -> ProviderList:
    observed_at = datetime.now(UTC)

    def work() -> ProviderList:
        listed = read_catalogue(observed_at)
        rows = json.dumps(to_apply_rows(listed, CATALOGUE, catalogue_source()))
        return ProviderList(
            observed_at=observed_at,
            rows=rows,
            skipped=listed.skipped,
            unknown_keys=listed.unknown_keys,
        )

    return await _in_thread(tools, work)


async def _in_thread(tools: SyncTools, work: Callable[[], T]) -> T:
    """Run CPU work off the event loop."""
    return await asyncio.get_running_loop().run_in_executor(tools.threads, work)
