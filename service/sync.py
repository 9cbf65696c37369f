"""One attempt at one provider: fetch, parse, apply; it always ends in the log."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2
import psycopg
from procrastinate import JobContext
from procrastinate.exceptions import ConnectorException

from service import __version__
from service.engine import PricingApp, until_written
from service.errors import DatabaseRefused, FetchError, SyncError
from service.fetch import fetch, make_client
from service.logs import SyncLogger, sync_logger
from service.price_list import PriceList, to_apply_rows
from service.providers import adapter
from service.providers.catalogue import catalogue_source, read_catalogue
from service.settings import Settings, read_credential, read_settings

CATALOGUE = "catalogue"

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
class Attempt:
    """A fetched queue row, as ``get_provider_sync`` describes it."""

    queue_job_id: int
    attempt: int
    job_id: str
    provider: str
    adapter: str
    base_url: str | None
    credential_variable: str | None
    timeout_seconds: float
    etag: str | None
    etag_parser: str | None
    enabled: bool


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


async def run_provider_sync(app: PricingApp, context: JobContext) -> None:
    """Run the attempt that this worker fetched. A cancellation passes through to the engine."""
    attempt = await _get_attempt(app, context)
    if attempt is None:
        logging.getLogger(__name__).warning(
            "Queue row %s is not ours any more; left alone.", context.job.id
        )
        return
    log = sync_logger(job_id=attempt.job_id, provider=attempt.provider, attempt=attempt.attempt)
    log.info("sync started")
    started = time.monotonic()
    try:
        if not attempt.enabled:
            await _end(app, attempt, "cancelled", "disabled", "The provider is disabled")
            return
        answer = await _read(attempt, context.additional_context["tools"])
        row = await _apply(app, attempt, answer)
        log.info(
            "sync %s in %.1f s, %d models fetched, %d updated, %d skipped",
            "done" if row["status"] == "success" else f"ended as {row['status']}",
            time.monotonic() - started,
            row["models_fetched"],
            row["models_updated"],
            row["models_skipped"],
        )
        _log_oddities(log, answer)
    except DatabaseRefused as refused:
        if refused.code == "PT409":
            log.warning("too late: %s", refused.message)
            return
        await _fail(app, attempt, log, refused.kind or "prices_refused", refused.message)
    except FetchError as error:
        allowed_at = datetime.now(UTC) + error.retry_after if error.retry_after else None
        await _fail(app, attempt, log, error.code, error.message, allowed_at)
    except SyncError as error:
        await _fail(app, attempt, log, error.code, error.message)
    except Exception as error:
        log.exception("failed for a reason that nobody foresaw")
        await _fail(app, attempt, log, "internal", f"{type(error).__name__}: {error}")


async def _get_attempt(app: PricingApp, context: JobContext) -> Attempt | None:
    assert context.job.id is not None
    number = context.job.attempts + 1
    rows = await until_written(
        lambda: app.connector.execute_query_all_async(
            "select * from public.get_provider_sync(%(queue_job_id)s, %(attempt)s)",
            queue_job_id=context.job.id,
            attempt=number,
        ),
        f"the start of queue row {context.job.id}",
    )
    if not rows:
        return None
    row = rows[0]
    return Attempt(
        queue_job_id=context.job.id,
        attempt=number,
        job_id=str(row["job_id"]),
        provider=row["provider_slug"],
        adapter=row["adapter"],
        base_url=row["base_url"],
        credential_variable=row["credential_variable"],
        timeout_seconds=row["timeout_seconds"],
        etag=row["etag"],
        etag_parser=row["etag_parser"],
        enabled=row["enabled"],
    )


async def _read(attempt: Attempt, tools: SyncTools) -> Answer:
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


async def _apply(app: PricingApp, attempt: Attempt, answer: Answer) -> dict[str, Any]:
    """Write the list, again until Postgres answers: a second time changes nothing."""
    listed = answer.price_list
    arguments = {
        "queue_job_id": attempt.queue_job_id,
        "attempt": attempt.attempt,
        "prices": answer.rows,
        "observed_at": answer.observed_at,
        "skipped": json.dumps(
            [{"model_id": s.model_id, "reason": s.reason} for s in listed.skipped] if listed else []
        ),
        "unknown_keys": json.dumps(sorted(listed.unknown_keys) if listed else []),
        "etag": answer.etag,
        "etag_parser": __version__,
        "content_digest": answer.content_digest,
    }
    try:
        return await until_written(
            lambda: app.connector.execute_query_one_async(
                "select * from public.apply_provider_prices(%(queue_job_id)s, %(attempt)s,"
                " %(prices)s::jsonb, %(observed_at)s, %(skipped)s::jsonb, %(unknown_keys)s::jsonb,"
                " %(etag)s, %(etag_parser)s, %(content_digest)s)",
                **arguments,
            ),
            f"the price list of {attempt.provider}",
        )
    except ConnectorException as error:
        raise _refusal(error) from error


def _refusal(error: ConnectorException) -> DatabaseRefused:
    cause = error.__cause__
    if not isinstance(cause, psycopg.Error):
        return DatabaseRefused(f"Postgres refused the price list: {cause or error}")
    kind = None
    if cause.diag.message_detail:
        try:
            kind = json.loads(cause.diag.message_detail).get("error_kind")
        except (ValueError, AttributeError):
            # The detail is Postgres's own sentence, about a constraint for instance.
            kind = None
    return DatabaseRefused(
        cause.diag.message_primary or str(cause),
        hint=cause.diag.message_hint,
        code=cause.sqlstate or "refused",
        kind=kind,
    )


async def _fail(
    app: PricingApp,
    attempt: Attempt,
    log: SyncLogger,
    kind: str,
    message: str,
    next_allowed_at: datetime | None = None,
) -> None:
    log.error("sync failed (%s): %s", kind, message)
    await _end(app, attempt, "failed", kind, message, next_allowed_at)


async def _end(
    app: PricingApp,
    attempt: Attempt,
    status: str,
    kind: str,
    message: str,
    next_allowed_at: datetime | None = None,
) -> None:
    await app.job_manager.end_provider_sync(
        attempt.queue_job_id, attempt.attempt, status, kind, message, next_allowed_at
    )


def _log_oddities(log: SyncLogger, answer: Answer) -> None:
    if answer.price_list is None:
        return
    for skipped in answer.price_list.skipped[:10]:
        log.warning("skipped model %s: %s", skipped.model_id, skipped.reason)
    if answer.price_list.unknown_keys:
        log.warning("unknown price keys: %s", ", ".join(sorted(answer.price_list.unknown_keys)))
