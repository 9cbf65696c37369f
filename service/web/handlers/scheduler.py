"""The handler that shows the schedule."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from service.web.app_state import state_of
from service.web.responses.sync_responses import Scheduler, SchedulerAnswer


async def get_scheduler_status(request: Request) -> Response:
    row = await state_of(request).database.the_row(
        "select status from public.pricing_scheduler_status() as status"
    )
    return SchedulerAnswer(
        scheduler=Scheduler.model_validate_json(row["status"]), timestamp=datetime.now(UTC)
    ).response()
