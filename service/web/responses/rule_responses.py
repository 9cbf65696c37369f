"""Models of the responses about rules.

The classes' names are published: they are the schemas' names in ``/openapi.json``.
"""

from __future__ import annotations

from pydantic import Field

from service.web.requests.amounts import Amount
from service.web.responses.sync_responses import NEXT_CURSOR, ResponseModel, Time


class Rule(ResponseModel):
    id: int
    provider: str
    model_id: str | None = Field(description="Null: every model of the provider.")
    up_to_ratio: Amount
    reason: str
    created_by: str
    created_at: Time
    expires_at: Time
    ended_at: Time | None
    ended_by: str | None


class RuleInForce(ResponseModel):
    id: int
    provider: str
    model: str | None = Field(description="Null: every model of the provider.")
    model_id: str | None = Field(description="The same value as model.")
    up_to_ratio: Amount
    reason: str
    created_by: str
    created_at: Time
    expires_at: Time
    ended_at: None = Field(default=None, description="It has not ended.")
    ended_by: None = None


class RulesAnswer(ResponseModel):
    rules: list[RuleInForce] = Field(description="Those in force, newest first.")
    count: int
    next_cursor: str | None = Field(description=NEXT_CURSOR)
