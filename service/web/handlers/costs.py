"""Handler of the cost of one request."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from service.web.app_state import state_of
from service.web.requests.amounts import UsageInput, usage_json
from service.web.requests.body import ExactBody, TimeInput, as_written, read_body, validated
from service.web.requests.parameters import LONGEST_USAGE, queried_time, required_value
from service.web.responses.cost_responses import CostAnswer
from service.web.responses.error_responses import with_hints

COST = """
select bill.cost, bill.lines, bill.reason, bill.history_id
from public.price_request(provider => $1, model => $2, usage => $3, at => $4) as bill
"""
HINTS = {404: "Ids are case-sensitive, as the provider spells them."}


class CostBody(ExactBody):
    provider: str = Field(min_length=1, max_length=200, description="Its slug.")
    model_id: str = Field(min_length=1, max_length=512, description="As the provider spells it.")
    usage: dict[str, UsageInput] = Field(
        description="What the request used and says, such as input_tokens, output_tokens,"
        " cache_read_tokens, images, service_tier; docs/gateway.md has all.",
        examples=[{"input_tokens": 1000, "output_tokens": 200}],
    )
    at: TimeInput | None = Field(
        default=None, description="When the request was made; left out: now."
    )


async def compute_cost(request: Request) -> Response:
    body = await read_body(request, CostBody)
    return await _cost(request, body, body.at)


async def get_cost(request: Request) -> Response:
    usage = required_value(request, "usage", LONGEST_USAGE).encode()
    fields = {name: required_value(request, name) for name in ("provider", "model_id")}
    body = validated(
        CostBody, lambda: CostBody.model_validate({**fields, "usage": as_written(usage)})
    )
    return await _cost(request, body, queried_time(request, "at"))


async def _cost(request: Request, body: CostBody, at: datetime | None) -> Response:
    at = at or datetime.now(UTC)
    with with_hints(HINTS):
        bill = await state_of(request).database.the_row(
            COST, body.provider, body.model_id, usage_json(body.usage), at
        )
    return CostAnswer(
        provider=body.provider,
        model_id=body.model_id,
        at=at,
        cost=bill["cost"],
        reason=bill["reason"],
        lines=json.loads(bill["lines"]),
        history_id=bill["history_id"],
    ).response()
