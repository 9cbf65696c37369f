"""The handler that triggers a sync: one call of ``trigger_pricing_sync``."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from service.web.app_state import WebState, state_of
from service.web.database.database_errors import RETRY_AFTER_LOCK
from service.web.handlers.syncs import poll_url_of, status_word
from service.web.http_server.request_state import request_state_of
from service.web.requests.body import RequestBody, read_body
from service.web.requests.caller import caller_json, caller_name_sql
from service.web.requests.parameters import idempotency_key_of, is_dry_run
from service.web.responses.error_responses import HttpError
from service.web.responses.sync_responses import TriggerAnswer

_TRIGGER = """
select job.job_id, job.status, job.triggered_by, job.triggered_at, {estimate} as estimate
from public.trigger_pricing_sync(
    providers => $1, triggered_by => {who}, dry_run => $3, on_conflict => $4,
    idempotency_key => $5
) as job
"""
_WHO = caller_name_sql(2)
TRIGGER = _TRIGGER.format(who=_WHO, estimate="public.pricing_sync_estimate()")
# Where the estimate is known.
TRIGGER_ALONE = _TRIGGER.format(who=_WHO, estimate="null")

LOCK_AGE = """
select public.pricing_sync_estimate() as estimate,
       extract(epoch from clock_timestamp() - $1::timestamptz)::float8 as locked_seconds
"""


class TriggerBody(RequestBody):
    """The arguments of the SQL function, which checks their combination."""

    providers: list[Annotated[str, StringConstraints(max_length=200)]] | None = Field(
        default=None, description="Slugs; omitted or null: all that can be synced."
    )
    dry_run: bool = Field(default=False, description="Fetch and compare; write no price.")
    on_conflict: Literal["queue", "coalesce", "reject"] = Field(
        default="queue",
        description="When a provider is already queued or running: wait for it, join the waiting "
        "job with the same providers, or answer 429.",
    )


async def trigger_sync(request: Request) -> Response:
    state = state_of(request)
    idempotency_key = idempotency_key_of(request)
    body = await read_body(request, TriggerBody)
    estimate = state.estimate.recent()
    try:
        job = await state.database.the_row(
            TRIGGER if estimate is None else TRIGGER_ALONE,
            body.providers,
            caller_json(request),
            is_dry_run(request, body.dry_run),
            body.on_conflict,
            idempotency_key,
        )
    except HttpError as error:
        if error.status == 429:
            error.headers["Retry-After"] = await _retry_after(error, state)
        raise
    if estimate is None:
        estimate = job["estimate"]
        state.estimate.note(estimate)
    job_id = str(job["job_id"])
    request_state_of(request.scope).job_id = job_id
    poll_url = poll_url_of(job_id)
    return TriggerAnswer(
        job_id=job_id,
        sync_id=job_id,
        status=status_word(job["status"], state),
        triggered_by=job["triggered_by"],
        triggered_at=job["triggered_at"],
        poll_url=poll_url,
        estimated_duration_seconds=estimate,
    ).response(202, {"Location": poll_url})


async def _retry_after(rejection: HttpError, state: WebState) -> str:
    """The seconds that the running sync probably still needs, from the last jobs."""
    lock = rejection.details["lock"] or {"locked_at": None}
    locked_at = lock["locked_at"] and datetime.fromisoformat(lock["locked_at"])
    try:
        row = await state.database.the_row(LOCK_AGE, locked_at)
    except HttpError:
        return RETRY_AFTER_LOCK
    locked_seconds = row["locked_seconds"] or 0.0
    for seconds in map(int, row["estimate"].split("-")):
        if seconds > locked_seconds:
            return str(math.ceil(seconds - locked_seconds))
    return RETRY_AFTER_LOCK
