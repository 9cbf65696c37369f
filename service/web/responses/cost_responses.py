"""Models of the responses about what a request costs.

The classes' names are published: they are the schemas' names in ``/openapi.json``.
"""

from __future__ import annotations

from pydantic import Field, JsonValue

from service.web.requests.amounts import Amount
from service.web.responses.sync_responses import ResponseModel, Time


class CostLine(ResponseModel):
    axis: str = Field(examples=["price_per_input_token"])
    quantity: int | float = Field(description="How many units were used.")
    price: Amount | None = Field(description="USD for one unit; null: unknown.")
    cost: Amount | None = Field(description="USD.")
    condition: dict[str, JsonValue] | None = Field(
        description="The keys of the condition that sets the price; null: the base price."
    )


class CostAnswer(ResponseModel):
    provider: str
    model_id: str
    at: Time
    cost: Amount | None = Field(description="USD; null: unknown, do not bill.")
    reason: str | None = Field(description="Why the cost is unknown.")
    lines: list[CostLine]
    history_id: int | None = Field(description="The row of model_pricing_history that was used.")
