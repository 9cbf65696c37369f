"""Handlers of price changes: of one model, of all models since a time, and announced ones."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from service.lists.price_lists import ANNOUNCED, CHANGES, HISTORY
from service.web.app_state import state_of
from service.web.handlers.list_pages import ShownList, list_page
from service.web.handlers.models import unknown_model
from service.web.requests.parameters import required_value
from service.web.responses.history_responses import (
    ChangesAnswer,
    HistoryAnswer,
    PriceChange,
    PriceChangeInTime,
)
from service.web.responses.price_responses import AnnouncedAnswer, AnnouncedPrice

HISTORY_LIST = ShownList(HISTORY, "history", PriceChangeInTime, HistoryAnswer)
CHANGE_LIST = ShownList(
    CHANGES,
    "changes",
    PriceChange,
    ChangesAnswer,
    {"since": "since", "until": "until", "provider": "provider", "job": "sync"},
)
ANNOUNCED_LIST = ShownList(
    ANNOUNCED, "announced", AnnouncedPrice, AnnouncedAnswer, {"provider": "provider"}
)

KNOWN = "select model from public.model_prices where provider = $1 and model = $2"


async def list_price_history(request: Request) -> Response:
    provider, model = required_value(request, "provider"), required_value(request, "model_id")
    if not await state_of(request).database.rows(KNOWN, provider, model):
        raise unknown_model(provider, model)
    return await list_page(request, HISTORY_LIST, {"provider": provider, "model": model})


async def list_price_changes(request: Request) -> Response:
    return await list_page(request, CHANGE_LIST)


async def list_announced(request: Request) -> Response:
    return await list_page(request, ANNOUNCED_LIST)
