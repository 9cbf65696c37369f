"""Models of the responses about prices in force, and about what is announced or stale.

The classes' names are published: they are the schemas' names in ``/openapi.json``.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, JsonValue, create_model

from service.prices.per_million import PER_1M_NAMES, SHORT_NAMES
from service.web.requests.amounts import Amount
from service.web.responses.sync_responses import NEXT_CURSOR, ResponseModel, Time


class _Model(ResponseModel):
    provider: str
    model: str = Field(description="As the provider spells it.")
    model_id: str = Field(description="The same value as model.")
    name: str | None = Field(description="For people; null: the list has none.")
    price_state: Literal["priced", "free", "unknown"] = Field(
        description="free: everything is 0, under every condition; unknown is not free."
    )
    is_active: bool = Field(description="False: no longer in the provider's list.")
    is_held: bool = Field(description="Another price waits for review.")
    is_overridden: bool = Field(description="A person has set a price.")
    has_conditions: bool = Field(description="Some requests have other prices.")
    source: str = Field(description="api:<provider>, or catalogue:genai-prices@<version>.")
    pricing_source: str = Field(description="The same value as source.")
    last_changed_at: Time | None = Field(description="Null: no price was ever known.")
    confirmed_at: Time | None = Field(description="When its source was last read successfully.")
    provider_input_per_1m: Amount | None = Field(
        description="The provider's price, also under an override."
    )
    provider_output_per_1m: Amount | None = Field(
        description="The provider's price, also under an override."
    )
    unread: list[str] = Field(description="Keys about a price that were not read.")
    id: int


def _axis_fields() -> dict[str, Any]:
    """Two fields for each axis: USD for one unit, and as ``model_prices`` has it."""
    fields: dict[str, Any] = {}
    for axis, short in SHORT_NAMES.items():
        per = "million" if axis in PER_1M_NAMES else "one"
        fields[axis] = (Amount | None, Field(description="USD for one; null: unknown."))
        fields[short] = (Amount | None, Field(description=f"USD per {per}; null: unknown."))
    return fields


# The prices in force of one model.
ModelPrice: type[ResponseModel] = create_model("ModelPrice", __base__=_Model, **_axis_fields())


class ModelsAnswer(ResponseModel):
    models: list[ModelPrice]  # type: ignore[valid-type]
    count: int = Field(description="How many this page has.")
    next_cursor: str | None = Field(description=NEXT_CURSOR)


class PriceCondition(ResponseModel):
    """Prices that replace the model's for some requests; see docs/gateway.md."""

    position: int = Field(description="Of those that hold, the later one wins.")
    condition: dict[str, JsonValue] = Field(
        description="Its keys, and prices by column of model_pricing: USD for one."
    )


OneModel: type[ResponseModel] = create_model(
    "OneModel",
    __base__=ModelPrice,
    conditions=(list[PriceCondition], Field(description="In the provider's order.")),
)


class PriceAtAnswer(ResponseModel):
    """The price in force at a time; ``price`` is null before the first one."""

    provider: str
    model: str
    model_id: str = Field(description="The same value as model.")
    at: Time
    prices: dict[str, JsonValue] | None = Field(
        description="Every axis by column of model_pricing in USD for one, each token price with"
        " its *_per_1m; null: unknown. Null as a whole: it had no price yet."
    )
    conditions: list[JsonValue]
    changed_at: Time | None
    effective_at: Time | None = Field(description="From when it is charged.")
    changed_by: str | None
    source: str | None
    pricing_source: str | None = Field(description="The same value as source.")
    job_id: str | None
    sync_id: str | None = Field(description="The same value as job_id.")
    history_id: int | None = Field(description="The id of the change in the history.")


class AnnouncedPrice(ResponseModel):
    """A price that will change at a known time, in the unit of its name."""

    effective_at: Time = Field(description="From then on it is charged.")
    provider: str
    model: str
    model_id: str = Field(description="The same value as model.")
    price: str = Field(description="As model_prices names it.", examples=["input_per_1m"])
    before: Amount | None
    after: Amount | None
    percent: Amount | None
    condition: dict[str, JsonValue] | None = Field(
        description="For which requests; null: the base price."
    )
    source: str
    pricing_source: str = Field(description="The same value as source.")
    announced_at: Time | None
    id: int = Field(description="The model's id.")


class AnnouncedAnswer(ResponseModel):
    announced: list[AnnouncedPrice] = Field(description="The next one first.")
    count: int
    next_cursor: str | None = Field(description=NEXT_CURSOR)
