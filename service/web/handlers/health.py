"""Health handlers, which need no key and show no secrets."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from service.web.app_state import state_of
from service.web.database.database_errors import RETRY_AFTER_OUTAGE
from service.web.responses.error_responses import HttpError
from service.web.responses.sync_responses import HealthAnswer


async def get_health(request: Request) -> Response:
    return HealthAnswer().response()


async def get_readiness(request: Request) -> Response:
    """Ready once a trigger would be accepted; a missing worker is only a warning."""
    answer = await state_of(request).readiness.answer()
    if answer.status == "unavailable":
        return answer.response(503, {"Retry-After": RETRY_AFTER_OUTAGE})
    return answer.response()


async def get_freshness(request: Request) -> Response:
    """200 while it is known, whether or not all prices are fresh; 503 while it is not."""
    answer = await state_of(request).freshness.answer()
    if answer is None:
        raise HttpError(
            503,
            "database_unavailable",
            "The database does not answer in time.",
            hint="Ask again.",
            headers={"Retry-After": RETRY_AFTER_OUTAGE},
        )
    return answer.response()
