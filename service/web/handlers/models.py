"""Handlers of models: the prices in force, those of one model, and those at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from service.lists.price_lists import MODELS
from service.prices.per_million import PER_1M_NAMES, SHORT_NAMES
from service.web.app_state import state_of
from service.web.handlers.list_pages import ShownList, list_page
from service.web.requests.amounts import shown_set
from service.web.requests.media_type import JSON
from service.web.requests.parameters import queried_time, required_value
from service.web.responses.error_responses import HttpError, not_found, with_hints
from service.web.responses.price_responses import ModelPrice, ModelsAnswer, OneModel, PriceAtAnswer
from service.web.responses.row_fields import row_fields
from service.web.responses.row_writer import answer_writer, empty_row

# The list's statement for one model, whose filters are its first two arguments.
_ONE_MODEL = """
select one.*, (
    select coalesce(jsonb_agg(
        jsonb_build_object('position', of_model.position, 'condition', of_model.condition)
        order by of_model.position
    ), '[]')
    from public.model_price_conditions as of_model
    where of_model.provider = $1 and of_model.model = $2
) as conditions
from ({statement}) as one
"""
ONE_MODEL = _ONE_MODEL.format(statement=MODELS.statement({"provider": "", "model": ""}, limit=1)[0])
PRICE_AT = """
select to_jsonb(found) as price
from public.model_price_at(provider => $1, model => $2, at => $3) as found
"""
UNKNOWN_MODEL = "Ids are case-sensitive, as the provider spells them."
_ONE_MILLIONTH = -6
# As many digits as the longest amount has, and more: nothing is rounded.
_EXACT = Context(prec=200, traps=[Inexact, InvalidOperation])


def with_unit_prices(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a model with its prices for one unit beside those of ``model_prices``."""
    shown = dict(fields)
    for axis, name in SHORT_NAMES.items():
        amount = shown[axis] = fields[name]
        if amount is not None and axis in PER_1M_NAMES:
            # USD for one unit, exactly.
            shown[axis] = _EXACT.scaleb(amount, _ONE_MILLIONTH)
    return shown


MODEL_LIST = ShownList(
    MODELS,
    "models",
    ModelPrice,
    ModelsAnswer,
    {"provider": "provider", "model": "model_id", "q": "q", "state": "state"},
    with_unit_prices,
)


async def list_models(request: Request) -> Response:
    return await list_page(request, MODEL_LIST)


async def get_model(request: Request) -> Response:
    provider, model = required_value(request, "provider"), required_value(request, "model_id")
    row = await state_of(request).database.row(ONE_MODEL, provider, model, 1)
    if row is None:
        raise unknown_model(provider, model)
    fields = with_unit_prices(row_fields(dict(row), MODELS))
    conditions = json.loads(row["conditions"])
    answer = {**empty_row(OneModel), **fields, "conditions": conditions}
    return Response(answer_writer(OneModel).dump_json(answer), media_type=JSON)


async def get_price_at(request: Request) -> Response:
    provider, model = required_value(request, "provider"), required_value(request, "model_id")
    at = queried_time(request, "at") or datetime.now(UTC)
    with with_hints({404: UNKNOWN_MODEL}):
        row = await state_of(request).database.row(PRICE_AT, provider, model, at)
    price: dict[str, Any] = {} if row is None else json.loads(row["price"], parse_float=Decimal)
    amounts = {
        name: None if price[name] is None else str(price[name])
        for name in SHORT_NAMES
        if name in price
    }
    job_id = price.get("job_id")
    return PriceAtAnswer(
        provider=provider,
        model=model,
        model_id=model,
        at=at,
        prices=None if row is None else _all_axes(amounts),
        conditions=[shown_set(each) for each in price.get("conditions", [])],
        changed_at=price.get("changed_at"),
        effective_at=price.get("effective_at"),
        changed_by=price.get("changed_by"),
        source=price.get("source"),
        pricing_source=price.get("source"),
        job_id=job_id,
        sync_id=job_id,
        history_id=price.get("history_id"),
    ).response()


def unknown_model(provider: str, model: str) -> HttpError:
    return not_found(f"{provider[:60]} has no model {model[:200]}.", hint=UNKNOWN_MODEL)


def _all_axes(amounts: Mapping[str, str | None]) -> dict[str, Any]:
    """Every axis with its price per million, unknown ones too."""
    shown = shown_set(amounts)
    for axis, short in PER_1M_NAMES.items():
        shown.setdefault(short, None)
        shown.setdefault(axis, None)
    return shown
