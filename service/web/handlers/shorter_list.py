"""The handler that accepts a list which was refused for losing half of its models or prices."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from service.web.app_state import state_of
from service.web.requests.caller import caller_json, key_name_sql
from service.web.responses.error_responses import with_hints
from service.web.responses.provider_responses import ShorterListAnswer

_ACCEPT = """
select provider_slug as provider, error_kind, error_message, sync_completed_at as refused_at,
       job_id::text as sync_id, job_id::text as job_id
from public.accept_shorter_list(provider => $1, accepted_by => {key_name})
"""
ACCEPT = _ACCEPT.format(key_name=key_name_sql(2))

HINTS = {
    404: "Give the provider's slug.",
    409: "GET /admin/pricing/sync/{id} says why the last sync failed.",
}


async def accept_shorter_list(request: Request) -> Response:
    # A slug that is too long or invalid counts as unknown.
    slug = request.path_params["slug"][:200].replace("\0", "")
    with with_hints(HINTS):
        row = await state_of(request).database.the_row(ACCEPT, slug, caller_json(request))
    return ShorterListAnswer(**row).response()
