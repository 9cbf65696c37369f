"""Runs one attempt at one provider: fetches, parses and applies its list, and logs the end."""

from __future__ import annotations

import json
import logging
import time
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psycopg
from procrastinate import JobContext
from procrastinate.exceptions import ConnectorException

from service.engine.app import PricingApp
from service.errors import DatabaseRefused, FetchError, SyncError
from service.log_context import note_attempt
from service.logs import SyncLogger, sync_logger
from service.postgres.pool import answer_within
from service.postgres.retry import LockTimeout, RetryExpired
from service.postgres.sqlstates import CHANGED_MEANWHILE, CONFLICT
from service.sync.attempt import Attempt, end_attempt, get_attempt, get_unchanged_digests
from service.sync.fetch_list import SyncTools, fetch_provider_list
from service.sync.list_reader import ProviderList

# A list of many thousand models takes seconds.
APPLY_ANSWER_SECONDS = 60.0


async def run_provider_sync(app: PricingApp, context: JobContext) -> None:
    """Run the attempt that this worker fetched; CancelledError passes through to the engine."""
    job = context.job
    note_attempt(
        job_id=str(job.task_kwargs.get("job_id")),
        provider=str(job.task_kwargs.get("provider")),
        attempt=job.attempts + 1,
    )
    try:
        await _run(app, context)
    except RetryExpired as expired:
        logging.getLogger(__name__).warning(
            "A sync is unfinished, and another worker redoes it when the lease is over: %s", expired
        )


async def _run(app: PricingApp, context: JobContext) -> None:
    attempt = await get_attempt(app, context)
    if attempt is None:
        logging.getLogger(__name__).warning(
            "Queue row %s is skipped: this attempt has ended.", context.job.id
        )
        return
    log = sync_logger(job_id=attempt.job_id, provider=attempt.provider, attempt=attempt.attempt)
    log.info("sync started")
    try:
        await _fetch_and_apply(app, context, attempt, log)
    except LockTimeout:
        await app.job_manager.give_up_sync(attempt.queue_job_id, attempt.attempt, log)


async def _fetch_and_apply(
    app: PricingApp, context: JobContext, attempt: Attempt, log: SyncLogger
) -> None:
    started = time.monotonic()
    try:
        if not attempt.enabled:
            message = "The provider is disabled or deleted"
            await end_attempt(app, attempt, "cancelled", "disabled", message)
            return
        provider_list, row = await _sync(app, context.additional_context["tools"], attempt, log)
        rejected = row["details"].get("models_rejected", 0)
        log.info(
            "sync %s in %.1f s, %d models fetched, %d updated, %d held%s, %d skipped",
            "done" if row["status"] == "success" else f"ended as {row['status']}",
            time.monotonic() - started,
            row["models_fetched"],
            row["models_updated"],
            row["models_held"] - rejected,
            f", {rejected} rejected earlier" if rejected else "",
            row["models_skipped"],
        )
        _log_oddities(log, provider_list, row["details"])
    except DatabaseRefused as refused:
        if refused.code == CONFLICT:
            log.warning("too late: %s", refused.message)
            return
        await _fail(app, attempt, log, refused.kind or "prices_refused", refused.message)
    except FetchError as error:
        if error.code == "no_credentials":
            # No request was sent, so the provider has not failed.
            log.warning("sync cancelled (%s): %s", error.code, error.message)
            await end_attempt(app, attempt, "cancelled", "no_credentials", error.message)
            return
        allowed_at = datetime.now(UTC) + error.retry_after if error.retry_after else None
        await _fail(app, attempt, log, error.code, error.message, allowed_at)
    except SyncError as error:
        await _fail(app, attempt, log, error.code, error.message)
    except (LockTimeout, RetryExpired):
        raise
    except Exception as error:
        log.exception("unexpected error")
        await _fail(app, attempt, log, "internal", f"{type(error).__name__}: {error}")


async def _sync(
    app: PricingApp, tools: SyncTools, attempt: Attempt, log: SyncLogger
) -> tuple[ProviderList, dict[str, Any]]:
    """Fetch and apply the list; returns it, and the counts of ``apply_provider_list``."""
    unchanged = partial(get_unchanged_digests, app, attempt)
    provider_list = await fetch_provider_list(attempt, tools, unchanged)
    try:
        return provider_list, await _apply(app, attempt, provider_list)
    except DatabaseRefused as refused:
        if refused.code != CHANGED_MEANWHILE:
            raise
        log.info("the whole list is read: %s", refused.message)
    provider_list = await fetch_provider_list(attempt, tools)
    return provider_list, await _apply(app, attempt, provider_list)


async def _apply(app: PricingApp, attempt: Attempt, provider_list: ProviderList) -> dict[str, Any]:
    """Write the list, and retry until Postgres answers: writing it twice changes nothing more."""
    arguments = {
        "queue_job_id": attempt.queue_job_id,
        "attempt": attempt.attempt,
        "prices": provider_list.rows,
        "observed_at": provider_list.observed_at,
        "skipped": json.dumps(
            [{"model_id": each.model_id, "reason": each.reason} for each in provider_list.skipped]
        ),
        "unknown_keys": json.dumps(provider_list.unknown_keys),
        "etag": provider_list.etag,
        "etag_parser": provider_list.etag_parser,
        "content_digest": provider_list.content_digest,
        "reference": provider_list.reference,
        "reference_version": provider_list.reference_version,
        "unchanged": provider_list.unchanged,
    }
    try:
        with answer_within(APPLY_ANSWER_SECONDS):
            row = await app.job_manager.retry.until_done_or_locked(
                lambda: app.connector.execute_query_one_async(
                    "select * from public.apply_provider_list(%(queue_job_id)s, %(attempt)s,"
                    " %(prices)s::jsonb, %(observed_at)s, %(skipped)s::jsonb,"
                    " %(unknown_keys)s::jsonb, %(etag)s, %(etag_parser)s, %(content_digest)s,"
                    " %(reference)s::jsonb, %(reference_version)s, %(unchanged)s)",
                    **arguments,
                ),
                f"the price list of {attempt.provider}",
            )
    except ConnectorException as error:
        raise _refusal(error) from error
    app.job_manager.note_end(attempt.queue_job_id, attempt.attempt)
    return row


def _refusal(error: ConnectorException) -> DatabaseRefused:
    cause = error.__cause__
    if not isinstance(cause, psycopg.Error):
        return DatabaseRefused(f"Postgres refused the price list: {cause or error}")
    kind = None
    if cause.diag.message_detail:
        try:
            kind = json.loads(cause.diag.message_detail).get("error_kind")
        except (ValueError, AttributeError):
            # The detail is a sentence of Postgres, about a constraint for instance.
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
    if await end_attempt(app, attempt, "failed", kind, message, next_allowed_at):
        log.error("sync failed (%s): %s", kind, message)
    else:
        log.warning("too late: the attempt ended before it failed (%s): %s", kind, message)


def _log_oddities(log: SyncLogger, provider_list: ProviderList, details: dict[str, Any]) -> None:
    for skipped in provider_list.skipped[:10]:
        log.warning("skipped model %s: %s", skipped.model_id, skipped.reason)
    # The database returns only keys that were never reported before.
    if new := details.get("unknown_keys"):
        log.warning("unknown price keys: %s", ", ".join(new))
