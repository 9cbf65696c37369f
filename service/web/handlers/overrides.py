"""Handlers of overrides: prices that a person sets in place of the synced ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import asyncpg
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from service.lists.review_lists import OVERRIDES
from service.prices.units import plain
from service.web.app_state import state_of
from service.web.handlers.list_pages import ShownList, list_page
from service.web.handlers.previews import preview_override
from service.web.requests.amounts import AmountInput, ConditionInput, shown_set
from service.web.requests.body import ExactBody, RequestBody, TimeInput, read_body
from service.web.requests.caller import caller_json, key_name_sql
from service.web.requests.parameters import is_dry_run
from service.web.responses.error_responses import with_hints
from service.web.responses.override_responses import Override, OverrideInForce, OverridesAnswer


def with_shown_prices(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {**fields, "prices": shown_set(fields["prices"])}


OVERRIDE_LIST = ShownList(
    OVERRIDES,
    "overrides",
    OverrideInForce,
    OverridesAnswer,
    {"provider": "provider"},
    with_shown_prices,
)

# A left join, because an inner one may skip the function where there is no model.
OVERRIDE = """
select override.id, model.provider, model.model, override.prices, override.reason,
       override.created_by, override.created_at, override.expires_at, override.forced,
       override.ended_at, override.ended_by
from public.{function} as override
left join public.model_prices as model on model.id = override.model_id
"""
SET = OVERRIDE.format(
    function=f"""set_price_override(
    provider => $1, model => $2, reason => $3, input_per_1m => $4, output_per_1m => $5,
    prices => $6, expires_at => $7, author => {key_name_sql(8)}, force => $9,
    effective_from => $10
)"""
)
CLEAR = OVERRIDE.format(
    function=f"clear_price_override(provider => $1, model => $2, cleared_by => {key_name_sql(3)})"
)


HINTS = {
    404: "Ids are case-sensitive, as the provider spells them.",
    409: "GET /admin/pricing/overrides lists those in force.",
}
SET_HINTS = {
    404: HINTS[404],
    409: '"force": true sets it anyway, and is recorded.',
}


class ModelBody(RequestBody):
    """The model: in the body and not in the path, because ids contain slashes."""

    provider: str = Field(min_length=1, max_length=200, description="Its slug.")
    model_id: str = Field(min_length=1, max_length=512, description="As the provider spells it.")
    dry_run: bool = Field(default=False, description="Only show what it would change.")


class OverrideBody(ExactBody):
    provider: str = Field(min_length=1, max_length=200, description="Its slug.")
    model_id: str = Field(min_length=1, max_length=512, description="As the provider spells it.")
    reason: str = Field(min_length=1, max_length=500)
    input_per_1m: AmountInput | None = Field(
        default=None, description="USD per million input tokens."
    )
    output_per_1m: AmountInput | None = Field(
        default=None, description="USD per million output tokens."
    )
    prices: dict[str, AmountInput] = Field(
        default_factory=dict,
        description="Other axes, by their name in model_prices (cache_read_per_1m, per_image) or"
        " model_pricing (price_per_cache_read_token).",
    )
    conditions: list[dict[str, ConditionInput]] = Field(
        default_factory=list,
        max_length=100,
        description="Prices for some requests: keys of docs/gateway.md (service_tier,"
        " min_prompt_tokens, effective_from ...) and prices by the names above.",
        examples=[[{"service_tier": "batch", "input_per_1m": "0.5"}]],
    )
    effective_from: TimeInput | None = Field(
        default=None, description="From when on; left out or null: at once."
    )
    expires_at: TimeInput | None = Field(
        default=None, description="Left out or null: never by itself."
    )
    force: bool = Field(
        default=False,
        description="True: set it although the provider's guards find it suspicious; recorded.",
    )
    dry_run: bool = Field(default=False, description="Only show what it would change.")


async def list_overrides(request: Request) -> Response:
    return await list_page(request, OVERRIDE_LIST)


async def set_override(request: Request) -> Response:
    body = await read_body(request, OverrideBody)
    prices: dict[str, Any] = {name: plain(amount) for name, amount in body.prices.items()}
    if body.conditions:
        prices["conditions"] = body.conditions
    with with_hints(SET_HINTS):
        if is_dry_run(request, body.dry_run):
            shown = await preview_override(
                request,
                body.provider,
                body.model_id,
                body.input_per_1m,
                body.output_per_1m,
                json.dumps(prices),
                body.effective_from,
            )
            return shown.response()
        row = await state_of(request).database.the_row(
            SET,
            body.provider,
            body.model_id,
            body.reason,
            body.input_per_1m,
            body.output_per_1m,
            json.dumps(prices),
            body.expires_at,
            caller_json(request),
            body.force,
            body.effective_from,
        )
    return _override(row).response(201)


async def clear_override(request: Request) -> Response:
    body = await read_body(request, ModelBody)
    with with_hints(HINTS):
        if is_dry_run(request, body.dry_run):
            shown = await preview_override(
                request, body.provider, body.model_id, None, None, "{}", None
            )
            return shown.response()
        row = await state_of(request).database.the_row(
            CLEAR, body.provider, body.model_id, caller_json(request)
        )
    return _override(row).response()


def _override(row: asyncpg.Record) -> Override:
    named = dict(row)
    named["model_id"] = named.pop("model")
    named["prices"] = shown_set(json.loads(row["prices"]))
    return Override(**named)
