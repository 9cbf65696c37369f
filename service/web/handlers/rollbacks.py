"""The handler that rolls a job back, or shows what that would change."""

from __future__ import annotations

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from service.web.app_state import state_of
from service.web.handlers.previews import impact_of_rollback
from service.web.requests.body import RequestBody, read_body
from service.web.requests.caller import caller_json, key_name_sql
from service.web.requests.parameters import UNKNOWN_SYNC_HINT, is_dry_run, job_id_of
from service.web.responses.error_responses import with_hints
from service.web.responses.rollback_responses import RollbackAnswer, RolledBackModel

_ROLLBACK = """
select provider, model as model_id, action, input_per_1m, output_per_1m, back_to_input_per_1m,
       back_to_output_per_1m, note, largest_factor, to_free
from public.rollback_pricing_sync(job_id => $1, dry_run => $2, rolled_back_by => {key_name})
order by provider, model
"""
ROLLBACK = _ROLLBACK.format(key_name=key_name_sql(3))


HINTS = {
    404: UNKNOWN_SYNC_HINT,
    409: "GET /admin/pricing/sync/{id} says whether it has ended, and what it changed.",
}


class RollbackBody(RequestBody):
    dry_run: bool = Field(default=True, description="Only show the changes; false: make them.")


async def rollback_sync(request: Request) -> Response:
    job_id = job_id_of(request)
    body = await read_body(request, RollbackBody)
    dry_run = is_dry_run(request, body.dry_run)
    with with_hints(HINTS):
        # Before it is done: afterwards nothing is left to compare.
        impact = await impact_of_rollback(request, job_id)
        rows = await state_of(request).database.rows(
            ROLLBACK, job_id, dry_run, caller_json(request)
        )
    models = [RolledBackModel(**row) for row in rows]
    rolled_back = sum(model.action == "roll_back" for model in models)
    return RollbackAnswer(
        sync_id=str(job_id),
        job_id=str(job_id),
        dry_run=dry_run,
        rolled_back=rolled_back,
        changed_since=len(models) - rolled_back,
        impact=impact,
        models=models,
    ).response()
