"""Handlers of jobs: show, cancel, retry, list those that have not ended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
from starlette.requests import Request
from starlette.responses import Response

from service.lists.job_lists import SYNCS
from service.web.app_state import WebState, state_of
from service.web.handlers.list_pages import ShownList, list_page
from service.web.http_server.request_state import request_state_of
from service.web.requests.caller import caller_json, caller_name_sql
from service.web.requests.parameters import job_id_of, unknown_sync, wait_seconds_of
from service.web.responses.error_responses import HttpError
from service.web.responses.sync_responses import (
    ActiveSync,
    ActiveSyncsAnswer,
    JobStatus,
    ListedSync,
    SyncAnswer,
    SyncsAnswer,
)

# A notification may be missed, so the row is read every second anyway.
READ_AGAIN_SECONDS = 1.0

SYNC_LIST = ShownList(
    SYNCS,
    "syncs",
    ListedSync,
    SyncsAnswer,
    {name: name for name in ("provider", "status", "outcome", "since", "until")},
)
ACTIVE_LIST = ShownList(SYNCS, "active_syncs", ActiveSync, ActiveSyncsAnswer)

CANCEL = (
    f"select from public.cancel_pricing_sync(job_id => $1, cancelled_by => {caller_name_sql(2)})"
)
RETRY = f"select from public.retry_pricing_sync(job_id => $1, retried_by => {caller_name_sql(2)})"

STATUS = """
select job_id, status, outcome, finished, provider_slug, triggered_at, started_at, completed_at,
       duration_seconds, triggered_by, dry_run, providers_total, providers_synced, providers_failed,
       models_fetched, models_updated, models_skipped, total_errors, error_message,
       progress_percent, results
from public.pricing_sync_progress
where job_id = $1
"""


async def get_sync(request: Request) -> Response:
    job_id = job_id_of(request)
    state = state_of(request)
    job = await _read_until_finished(request, state, job_id, wait_seconds_of(request))
    return _sync_answer(request, job_id, job, state).response()


async def cancel_sync(request: Request) -> Response:
    """The job has ended when this responds; a worker that still runs it is notified."""
    return (await _change(request, CANCEL)).response()


async def retry_sync(request: Request) -> Response:
    answer = await _change(request, RETRY)
    return answer.response(202, {"Location": poll_url_of(answer.job_id)})


async def list_syncs(request: Request) -> Response:
    return await list_page(request, _in_words_of_http(SYNC_LIST, state_of(request)))


async def list_active_syncs(request: Request) -> Response:
    shown = _in_words_of_http(ACTIVE_LIST, state_of(request))
    return await list_page(request, shown, {"status": "active"})


def poll_url_of(job_id: str) -> str:
    return f"/admin/pricing/sync/{job_id}"


def status_word(status: str, state: WebState) -> JobStatus:
    """The job's status in the words of HTTP."""
    words: dict[str, JobStatus] = {
        "queued": "queued",
        "running": "in_progress",
        "completed": state.settings.http_success_word,
        "failed": "failed",
        "cancelled": "cancelled",
    }
    return words[status]


def _in_words_of_http(listed: ShownList, state: WebState) -> ShownList:
    """The list with each job's status as ``status_word`` says it."""

    def convert(fields: Mapping[str, Any]) -> dict[str, Any]:
        shown = {name: value for name, value in fields.items() if name in listed.row.model_fields}
        seconds = fields["duration_seconds"]
        if "duration_seconds" in shown and seconds is not None:
            shown["duration_seconds"] = float(seconds)
        return {**shown, "status": status_word(fields["status"], state)}

    return replace(listed, convert=convert)


async def _read_until_finished(
    request: Request, state: WebState, job_id: UUID, wait: float
) -> asyncpg.Record | None:
    """The job once it has ended or the wait is over; no connection is used in between."""
    if wait == 0:
        return await state.database.row(STATUS, job_id)
    deadline = asyncio.get_running_loop().time() + wait
    with state.changes.watch(job_id) as watch:
        while True:
            job = await state.database.row(STATUS, job_id)
            left = deadline - asyncio.get_running_loop().time()
            if job is None or job["finished"] or left <= 0 or state.changes.stopping:
                return job
            if await request.is_disconnected():
                return job
            await watch.wait(min(left, READ_AGAIN_SECONDS))


async def _change(request: Request, statement: str) -> SyncAnswer:
    """Call a function for the job of the path; returns the job afterwards."""
    job_id = job_id_of(request)
    state = state_of(request)
    try:
        await state.database.row(statement, job_id, caller_json(request))
    except HttpError as error:
        # The function's hint has SQL in it.
        raise unknown_sync(str(job_id)) if error.status == 404 else error from None
    return _sync_answer(request, job_id, await state.database.row(STATUS, job_id), state)


def _sync_answer(
    request: Request, job_id: UUID, job: asyncpg.Record | None, state: WebState
) -> SyncAnswer:
    if job is None:
        raise unknown_sync(str(job_id))
    request_state_of(request.scope).job_id = str(job_id)
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
    )
