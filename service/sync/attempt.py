"""Reads and ends one attempt, by ``get_provider_sync`` and other functions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from procrastinate import JobContext

from service.engine.app import PricingApp
from service.engine.job_manager import queue_id
from service.reading.entry_digests import DIGEST_BYTES


@dataclass(frozen=True)
class Attempt:
    """A fetched queue row and its provider, as ``get_provider_sync`` returns them.

    If the provider has been deleted since, ``enabled`` is False and its other fields are None.
    """

    queue_job_id: int
    attempt: int
    job_id: str
    provider: str
    adapter: str | None
    base_url: str | None
    credential_variable: str | None
    timeout_seconds: float | None
    etag: str | None
    etag_parser: str | None
    content_digest: str | None
    enabled: bool


async def get_attempt(app: PricingApp, context: JobContext) -> Attempt | None:
    """The attempt that this worker fetched; None when it no longer runs."""
    queue_job_id = queue_id(context.job)
    number = context.job.attempts + 1
    rows = await app.job_manager.retry.until_done(
        lambda: app.connector.execute_query_all_async(
            "select * from public.get_provider_sync(%(queue_job_id)s, %(attempt)s)",
            queue_job_id=queue_job_id,
            attempt=number,
        ),
        f"the start of queue row {queue_job_id}",
    )
    if not rows:
        return None
    row = rows[0]
    return Attempt(
        queue_job_id=queue_job_id,
        attempt=number,
        job_id=str(row["job_id"]),
        provider=row["provider_slug"],
        adapter=row["adapter"],
        base_url=row["base_url"],
        credential_variable=row["credential_variable"],
        timeout_seconds=row["timeout_seconds"],
        etag=row["etag"],
        etag_parser=row["etag_parser"],
        content_digest=row["content_digest"],
        enabled=row["enabled"],
    )


async def get_unchanged_digests(app: PricingApp, attempt: Attempt) -> frozenset[bytes]:
    """The digests of the entries that would change nothing if the list had them once more."""
    row = await app.job_manager.retry.until_done(
        lambda: app.connector.execute_query_one_async(
            "select public.pricing_unchanged_digests(%(queue_job_id)s, %(attempt)s) as digests",
            queue_job_id=attempt.queue_job_id,
            attempt=attempt.attempt,
        ),
        f"the digests of {attempt.provider}",
    )
    digests: bytes = row["digests"]
    starts = range(0, len(digests), DIGEST_BYTES)
    return frozenset(digests[start : start + DIGEST_BYTES] for start in starts)


async def end_attempt(
    app: PricingApp,
    attempt: Attempt,
    status: str,
    kind: str,
    message: str,
    next_allowed_at: datetime | None = None,
) -> bool:
    """End it without prices; False, and nothing changes, if the attempt has ended already.

    ``kind`` is an error kind. Raises LockTimeout.
    """
    ended = await app.job_manager.end_provider_sync(
        attempt.queue_job_id, attempt.attempt, status, kind, message, next_allowed_at
    )
    app.job_manager.note_end(attempt.queue_job_id, attempt.attempt)
    return ended
