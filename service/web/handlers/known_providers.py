"""Tell an unknown provider from one without rows."""

from __future__ import annotations

from starlette.requests import Request

from service.web.app_state import state_of
from service.web.responses.error_responses import HttpError, not_found

KNOWN = "select provider from public.pricing_provider_status where provider = $1"


async def require_provider(request: Request, slug: str) -> None:
    """HttpError 404 for a provider that is not known."""
    if not await state_of(request).database.rows(KNOWN, slug):
        raise unknown_provider(slug)


def unknown_provider(slug: str) -> HttpError:
    return not_found(
        f"There is no provider {slug[:60]}.", hint="GET /admin/pricing/providers lists them."
    )
