"""Handlers of reports: prices that differ from the catalogue, are missing or are stale."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from service.lists.price_lists import DRIFT, STALE, UNPRICED
from service.web.handlers.list_pages import ShownList, list_page
from service.web.responses.report_responses import (
    Drift,
    DriftAnswer,
    StaleAnswer,
    StalePrice,
    UnpricedAnswer,
    UnpricedModel,
)

BY_PROVIDER = {"provider": "provider"}

DRIFT_LIST = ShownList(DRIFT, "drift", Drift, DriftAnswer, BY_PROVIDER)
UNPRICED_LIST = ShownList(UNPRICED, "unpriced", UnpricedModel, UnpricedAnswer, BY_PROVIDER)
STALE_LIST = ShownList(STALE, "stale", StalePrice, StaleAnswer, BY_PROVIDER)


async def list_drift(request: Request) -> Response:
    return await list_page(request, DRIFT_LIST)


async def list_unpriced(request: Request) -> Response:
    return await list_page(request, UNPRICED_LIST)


async def list_stale(request: Request) -> Response:
    return await list_page(request, STALE_LIST)
