"""The handler that lists what people decided."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from service.lists.review_lists import AUDIT
from service.web.handlers.list_pages import ShownList, list_page
from service.web.responses.provider_responses import AuditAnswer, AuditedAction

AUDIT_LIST = ShownList(
    AUDIT, "audit", AuditedAction, AuditAnswer, {name: name for name in AUDIT.filters}
)


async def list_audit(request: Request) -> Response:
    return await list_page(request, AUDIT_LIST)
