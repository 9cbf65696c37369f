"""Fetches one provider's list, page by page, and parses it in a thread."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import httpx2

from service import __version__
from service.calls.credentials import permitted_hosts
from service.environment.credential_hosts import Credential
from service.errors import FetchError, SettingsError, SyncError
from service.fetch.client import Fetched, fetch, make_client
from service.fetch.deadlines import DEADLINES
from service.fetch.http_rules import read_address, require_permitted
from service.prices.catalogue import catalogue_source, read_catalogue
from service.prices.price_list import apply_row
from service.providers.adapter import CATALOGUE, Adapter, adapter
from service.settings import Settings, read_credential, read_settings
from service.sync.attempt import Attempt
from service.sync.list_reader import ListReader, ProviderList
from service.sync.network_check import NetworkCheck

T = TypeVar("T")
ReadDigests = Callable[[], Awaitable[frozenset[bytes]]]

# Parsing a list is CPU work: on the event loop it would delay the heartbeats of this worker. Two
# threads at most, so that they do not delay its exit either.
PARSING_THREADS = 2
# How long a parsing thread keeps the interpreter while the event loop has work. A small sync needs
# it some thirty times; with Python's 5 ms it would take five times as long beside a large list.
SWITCH_SECONDS = 0.0001


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
    switch_seconds = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        async with make_client(settings) as client:
            yield {"tools": SyncTools(settings=settings, client=client, threads=threads)}
    finally:
        sys.setswitchinterval(switch_seconds)
        threads.shutdown(wait=False, cancel_futures=True)


async def fetch_provider_list(
    attempt: Attempt, tools: SyncTools, read_digests: ReadDigests | None = None
) -> ProviderList:
    """Fetch and parse all pages within the provider's timeout.

    ``read_digests`` returns the digests of entries that need not be read; without it the list is
    fetched and read as a whole, even if it is as it was. Raises SyncError (FetchError, ParseError)
    with the attempt's error kind as code.
    """
    try:
        async with asyncio.timeout(attempt.timeout_seconds):
            if attempt.adapter == CATALOGUE:
                return await _read_catalogue(tools)
            return await _read_provider(attempt, tools, read_digests)
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


async def _read_provider(
    attempt: Attempt, tools: SyncTools, read_digests: ReadDigests | None
) -> ProviderList:
    provider = _adapter(attempt)
    credential = _credential(attempt, provider, tools.settings)
    # Not where an unchanged body does not mean unchanged prices: one page says nothing about the
    # others, and a list without prices nothing about the catalogue's.
    is_all = provider.pages is None and provider.price_api
    etag_parser = _etag_parser(attempt, provider)
    is_of_this_list = is_all and read_digests is not None and attempt.etag_parser == etag_parser
    etag = attempt.etag if is_of_this_list else None
    reader = None
    while reader is None or reader.next_page is not None:
        number = 1 if reader is None else reader.next_page
        fetched = await _fetch_page(attempt, tools, provider, credential, etag, number)
        body, observed_at = fetched.body, datetime.now(UTC)
        if body is None:
            return ProviderList(observed_at=observed_at)
        digest = None
        if reader is None:
            if is_of_this_list:
                digest = await _in_thread(tools, partial(hashlib.sha256, body))
                # As the last list that was applied, for servers without ETags.
                if attempt.content_digest == digest.hexdigest():
                    return ProviderList(observed_at=observed_at)
            unchanged = None
            if is_all and provider.by_entry and read_digests is not None:
                unchanged = await read_digests()
            reader = ListReader(provider, attempt.provider, unchanged)
        new_etag = fetched.etag if is_all else None
        await _in_thread(tools, partial(reader.take, body, observed_at, new_etag, digest))
        # Freed before the next page comes.
        del body, fetched
    provider_list = await _in_thread(tools, reader.result)
    return replace(provider_list, etag_parser=etag_parser)


async def _fetch_page(
    attempt: Attempt,
    tools: SyncTools,
    provider: Adapter,
    credential: Credential | None,
    etag: str | None,
    number: int | None,
) -> Fetched:
    return await fetch(
        tools.client,
        _page_url(attempt, provider, number),
        etag=etag,
        credential=credential,
        max_bytes=tools.settings.max_body_bytes,
        allow_private_hosts=tools.settings.allow_private_hosts,
        deadlines=DEADLINES.within(attempt.timeout_seconds),
    )


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
        rows = [apply_row(model, CATALOGUE, catalogue_source()) for model in listed.models]
        return ProviderList(
            observed_at=observed_at,
            rows=f"[{','.join(rows)}]",
            skipped=listed.skipped,
            unknown_keys=listed.unknown_keys,
        )

    return await _in_thread(tools, work)


async def _in_thread(tools: SyncTools, work: Callable[[], T]) -> T:
    """Run CPU work off the event loop."""
    return await asyncio.get_running_loop().run_in_executor(tools.threads, work)
