"""Jobs over HTTP: trigger one, look at one, list those that have not ended."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Annotated, Literal
from uuid import UUID

import asyncpg
from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from service.web.answers import (
    ActiveSync,
    ActiveSyncsAnswer,
    JobStatus,
    SyncAnswer,
    TriggerAnswer,
)
from service.web.auth import identity_of
from service.web.body import RequestBody, read_body
from service.web.parameters import (
    idempotency_key_of,
    job_id_of,
    unknown_sync,
    wait_seconds_of,
)
from service.web.state import WebState, state_of

# A notification may be missed; a second later the row is read anyway.
READ_AGAIN_SECONDS = 1.0

TRIGGER = """
select job.job_id, job.status, job.triggered_by, job.triggered_at,
       public.pricing_sync_estimate() as estimate
from public.trigger_pricing_sync(
    providers => $1, triggered_by => $2, dry_run => $3, on_conflict => $4, idempotency_key => $5
) as job
"""

STATUS = """
select job_id, status, outcome, finished, provider_slug, triggered_at, started_at, completed_at,
       duration_seconds, triggered_by, dry_run, providers_total, providers_synced, providers_failed,
       models_fetched, models_updated, models_skipped, total_errors, error_message,
       progress_percent, results
from public.pricing_sync_progress
where job_id = $1
"""

ACTIVE = """
select job_id, status, provider_slug, started_at, triggered_at, triggered_by, progress_percent
from public.pricing_sync_progress
where status in ('queued', 'running')
order by triggered_at desc, job_id
"""


class TriggerBody(RequestBody):
    """The same arguments as the SQL function; it decides what they mean together."""

    providers: list[Annotated[str, StringConstraints(max_length=200)]] | None = Field(
        default=None, description="Slugs; left out or null: all that can be synced."
    )
    dry_run: bool = Field(default=False, description="Fetch and compare, write no price.")
    on_conflict: Literal["queue", "coalesce", "reject"] = Field(
        default="queue",
        description="When a provider is already queued or running: wait for it, join the waiting "
        "job with the same providers, or answer 429.",
    )


async def trigger_sync(request: Request) -> Response:
    state = state_of(request)
    idempotency_key = idempotency_key_of(request)
    body = await read_body(request, TriggerBody)
    job = await state.database.row(
        TRIGGER,
        body.providers,
        identity_of(request).triggered_by,
        body.dry_run,
        body.on_conflict,
        idempotency_key,
    )
    assert job is not None
    job_id = str(job["job_id"])
    poll_url = f"/admin/pricing/sync/{job_id}"
    return TriggerAnswer(
        job_id=job_id,
        sync_id=job_id,
        status=status_word(job["status"], state),
        triggered_by=job["triggered_by"],
        triggered_at=job["triggered_at"],
        poll_url=poll_url,
        estimated_duration_seconds=job["estimate"],
    ).response(202, {"Location": poll_url})


async def get_sync(request: Request) -> Response:
    state = state_of(request)
    job_id = job_id_of(request)
    job = await _read_until_finished(request, state, job_id, wait_seconds_of(request))
    if job is None:
        raise unknown_sync(str(job_id))
    seconds = job["duration_seconds"]
    return SyncAnswer(
        sync_id=str(job_id),
        job_id=str(job_id),
        status=status_word(job["status"], state),
        outcome=job["outcome"],
        finished=job["finished"],
        provider_slug=job["provider_slug"],
        triggered_at=job["triggered_at"],
        started_at=job["started_at"],
        completed_at=job["completed_at"],
        duration_seconds=None if seconds is None else float(seconds),
        duration_ms=None if seconds is None else float(seconds * 1000),
        triggered_by=job["triggered_by"],
        dry_run=job["dry_run"],
        providers_total=job["providers_total"],
        providers_synced=job["providers_synced"],
        providers_failed=job["providers_failed"],
        models_fetched=job["models_fetched"],
        models_updated=job["models_updated"],
        models_skipped=job["models_skipped"],
        total_models_updated=job["models_updated"],
        total_models_skipped=job["models_skipped"],
        total_errors=job["total_errors"],
        errors=job["total_errors"],
        error_message=job["error_message"],
        progress_percent=job["progress_percent"],
        results=json.loads(job["results"]),
    ).response()


async def list_active_syncs(request: Request) -> Response:
    state = state_of(request)
    active = [
        ActiveSync(
            sync_id=str(job["job_id"]),
            job_id=str(job["job_id"]),
            status=status_word(job["status"], state),
            provider_slug=job["provider_slug"],
            started_at=job["started_at"],
            triggered_at=job["triggered_at"],
            triggered_by=job["triggered_by"],
            progress_percent=job["progress_percent"],
        )
        for job in await state.database.rows(ACTIVE)
    ]
    return ActiveSyncsAnswer(active_syncs=active, count=len(active)).response()


def status_word(status: str, state: WebState) -> JobStatus:
    """The job's status as HTTP says it."""
    words: dict[str, JobStatus] = {
        "queued": "queued",
        "running": "in_progress",
        "completed": state.settings.http_success_word,
        "failed": "failed",
        "cancelled": "cancelled",
    }
    return words[status]


async def _read_until_finished(
    request: Request, state: WebState, job_id: UUID, wait: float
) -> asyncpg.Record | None:
    """The job when it has ended or the wait is over; no connection is held in between."""
    deadline = asyncio.get_running_loop().time() + wait
    with state.changes.watch(job_id) as changed:
        while True:
            changed.clear()
            job = await state.database.row(STATUS, job_id)
            left = deadline - asyncio.get_running_loop().time()
            if job is None or job["finished"] or left <= 0 or state.changes.stopping:
                return job
            if await request.is_disconnected():
                return job
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, READ_AGAIN_SECONDS)):
                    await changed.wait()
