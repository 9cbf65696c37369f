"""Handlers of rules, which accept larger changes until a time."""

from __future__ import annotations

import asyncpg
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from service.lists.review_lists import RULES
from service.web.app_state import state_of
from service.web.handlers.list_pages import ShownList, list_page
from service.web.requests.amounts import AmountInput
from service.web.requests.body import ExactBody, TimeInput, read_body
from service.web.requests.caller import caller_json, key_name_sql
from service.web.requests.parameters import is_dry_run, row_id_of
from service.web.responses.error_responses import with_hints
from service.web.responses.preview_responses import RuleImpact, RulePreviewAnswer
from service.web.responses.rule_responses import Rule, RuleInForce, RulesAnswer

COLUMNS = """
select id, provider_slug as provider, model_id, up_to_ratio, reason, created_by, created_at,
       expires_at, ended_at, ended_by
"""

RULE_LIST = ShownList(RULES, "rules", RuleInForce, RulesAnswer, {"provider": "provider"})

ACCEPT = (
    COLUMNS
    + f"""
from public.accept_price_changes(
    provider => $1, up_to_ratio => $2, until => $3, reason => $4, model => $5,
    accepted_by => {key_name_sql(6)}
)
"""
)

PREVIEW = """
select models, providers, largest_factor, to_free_count, to_free, covered
from public.preview_price_change_rule(provider => $1, up_to_ratio => $2, model => $3)
"""

END = COLUMNS + f"from public.end_price_change_rule(id => $1, ended_by => {key_name_sql(2)})"


HINTS = dict.fromkeys((404, 409), "GET /admin/pricing/rules lists those in force.")


class RuleBody(ExactBody):
    provider: str = Field(min_length=1, max_length=200, description="Its slug.")
    model_id: str | None = Field(
        default=None, max_length=512, description="Omitted or null: every model of the provider."
    )
    up_to_ratio: AmountInput = Field(
        description="A change whose token prices all move by this factor or less is applied."
    )
    expires_at: TimeInput
    reason: str = Field(min_length=1, max_length=500)
    dry_run: bool = Field(default=False, description="Only show what it would let pass.")


async def list_rules(request: Request) -> Response:
    return await list_page(request, RULE_LIST)


async def add_rule(request: Request) -> Response:
    body = await read_body(request, RuleBody)
    with with_hints({404: "Give the provider's slug, and the model as the provider spells it."}):
        if is_dry_run(request, body.dry_run):
            row = await state_of(request).database.the_row(
                PREVIEW, body.provider, body.up_to_ratio, body.model_id
            )
            return RulePreviewAnswer(impact=RuleImpact(**row)).response()
        row = await state_of(request).database.the_row(
            ACCEPT,
            body.provider,
            body.up_to_ratio,
            body.expires_at,
            body.reason,
            body.model_id,
            caller_json(request),
        )
    return _rule(row).response(201)


async def end_rule(request: Request) -> Response:
    rule_id = row_id_of(request, "rule")
    with with_hints(HINTS):
        row = await state_of(request).database.the_row(END, rule_id, caller_json(request))
    return _rule(row).response()


def _rule(row: asyncpg.Record) -> Rule:
    return Rule(**row)
