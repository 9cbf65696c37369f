"""What a provider says about its prices: fetched, and read off the event loop."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2

from service import __version__
from service.attempt import Attempt
from service.catalogue import catalogue_source, read_catalogue
from service.errors import FetchError
from service.fetch import fetch, make_client
from service.price_list import PriceList, to_apply_rows
from service.providers import CATALOGUE, adapter
from service.settings import Settings, read_credential, read_settings

# Reading a list is CPU work: on the event loop it would hold up the heartbeat of this worker.
# Two threads at most, so that they cannot hold up its exit either.
PARSING_THREADS = 2


@dataclass(frozen=True)
class SyncTools:
    """What the syncs of one worker share."""

    settings: Settings
    client: httpx2.AsyncClient
    threads: ThreadPoolExecutor


@dataclass(frozen=True)
class Answer:
    """What a provider said; both are None when nothing changed since the last answer.

    ``rows`` is the price list as ``apply_provider_prices`` takes it, in JSON.
    """

    price_list: PriceList | None
    rows: str | None
    observed_at: datetime
    etag: str | None = None
    content_digest: str | None = None


@asynccontextmanager
async def sync_tools() -> AsyncIterator[dict[str, Any]]:
    """Open the fetch client and the parsing threads; the tasks find them as ``tools``."""
    settings = read_settings()
    threads = ThreadPoolExecutor(PARSING_THREADS, thread_name_prefix="parse")
    try:
        async with make_client(settings) as client:
            yield {"tools": SyncTools(settings=settings, client=client, threads=threads)}
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


async def read_answer(attempt: Attempt, tools: SyncTools) -> Answer:
    """Fetch and parse within the provider's timeout."""
    try:
        async with asyncio.timeout(attempt.timeout_seconds):
            if attempt.adapter == CATALOGUE:
                return await _read_catalogue(tools)
            return await _read_provider(attempt, tools)
    except TimeoutError:
        raise FetchError(
            f"No complete price list within {attempt.timeout_seconds:g} s", code="timeout"
        ) from None


async def _read_provider(attempt: Attempt, tools: SyncTools) -> Answer:
    provider = adapter(attempt.adapter)
    credential = None
    if attempt.credential_variable is not None:
        credential = read_credential(attempt.credential_variable)
        if credential is None:
            raise FetchError(
                f"{attempt.credential_variable} is not set for this worker", code="no_credentials"
            )
    fetched = await fetch(
        tools.client,
        (attempt.base_url or provider.base_url).rstrip("/") + provider.path,
        # A newer version may read more out of the same answer, so it asks for it again.
        etag=attempt.etag if attempt.etag_parser == __version__ else None,
        credential=credential,
        max_bytes=tools.settings.max_body_bytes,
        allow_private_hosts=tools.settings.allow_private_hosts,
    )
    observed_at = datetime.now(UTC)
    body = fetched.body
    if body is None:
        return Answer(price_list=None, rows=None, observed_at=observed_at)
    price_list, rows = await _in_thread(
        tools, lambda: provider.parse(body), attempt.provider, f"api:{attempt.provider}"
    )
    return Answer(
        price_list=price_list,
        rows=rows,
        observed_at=observed_at,
        etag=fetched.etag,
        content_digest=hashlib.sha256(body).hexdigest(),
    )


async def _read_catalogue(tools: SyncTools) -> Answer:
    observed_at = datetime.now(UTC)
    price_list, rows = await _in_thread(
        tools, lambda: read_catalogue(observed_at), CATALOGUE, catalogue_source()
    )
    return Answer(price_list=price_list, rows=rows, observed_at=observed_at)


async def _in_thread(
    tools: SyncTools, read: Callable[[], PriceList], provider: str, source: str
) -> tuple[PriceList, str]:
    """Read a list and make its rows, off the event loop."""

    def work() -> tuple[PriceList, str]:
        price_list = read()
        return price_list, json.dumps(to_apply_rows(price_list, provider, source))

    return await asyncio.get_running_loop().run_in_executor(tools.threads, work)
