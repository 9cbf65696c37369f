"""Models of the responses about overrides.

The classes' names are published: they are the schemas' names in ``/openapi.json``.
"""

from __future__ import annotations

from pydantic import Field, RootModel

from service.web.requests.amounts import Amount, PriceSet
from service.web.responses.preview_responses import PreviewAnswer
from service.web.responses.price_set import PRICE_SET
from service.web.responses.sync_responses import NEXT_CURSOR, ResponseModel, Time


class Override(ResponseModel):
    id: int
    provider: str
    model_id: str
    prices: PriceSet = Field(
        description="The axes that are fixed; all others follow the provider. " + PRICE_SET
    )
    reason: str
    created_by: str
    created_at: Time
    expires_at: Time | None = Field(description="Null: it does not expire.")
    forced: bool = Field(description="True: the guards found it suspicious, and it was forced.")
    ended_at: Time | None
    ended_by: str | None


class OverrideOrPreview(RootModel[Override | PreviewAnswer]):
    """With `"dry_run": true` the second."""


class OverrideInForce(ResponseModel):
    id: int
    provider: str
    model: str = Field(description="As the provider spells it.")
    model_id: str = Field(description="The same value as model.")
    input_per_1m: Amount | None = Field(description="Fixed; null: it follows the provider.")
    output_per_1m: Amount | None = Field(description="Fixed; null: it follows the provider.")
    provider_input_per_1m: Amount | None = Field(description="The provider's own price.")
    provider_output_per_1m: Amount | None = Field(description="The provider's own price.")
    prices: PriceSet = Field(
        description="The axes that are fixed; all others follow the provider. " + PRICE_SET
    )
    reason: str
    created_by: str
    created_at: Time
    expires_at: Time | None = Field(description="Null: it does not expire.")
    forced: bool = Field(description="True: the guards found it suspicious, and it was forced.")
    ended_at: None = Field(default=None, description="It has not ended.")
    ended_by: None = None


class OverridesAnswer(ResponseModel):
    overrides: list[OverrideInForce] = Field(description="Those in force, newest first.")
    count: int
    next_cursor: str | None = Field(description=NEXT_CURSOR)
