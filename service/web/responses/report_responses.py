"""Models of the responses about prices that differ from the catalogue, are missing or stale.

The classes' names are published: they are the schemas' names in ``/openapi.json``.
"""

from __future__ import annotations

from pydantic import Field

from service.web.requests.amounts import Amount
from service.web.responses.sync_responses import NEXT_CURSOR, ResponseModel, Time


class Drift(ResponseModel):
    provider: str
    model: str = Field(description="As the provider spells it.")
    model_id: str = Field(description="The same value as model.")
    price: str = Field(
        description="Which price, as model_prices names it: token prices are per million.",
        examples=["input_per_1m"],
    )
    provider_amount: Amount = Field(description="USD, of the provider.")
    catalogue_amount: Amount = Field(description="USD, of the catalogue.")
    ratio: Amount | None = Field(
        description="The provider's divided by the catalogue's; null: the catalogue has 0."
    )
    source: str = Field(description="api:<provider>, or catalogue:genai-prices@<version>.")
    pricing_source: str = Field(description="The same value as source.")
    catalogue: str = Field(examples=["genai-prices@0.2.3"])


class DriftAnswer(ResponseModel):
    drift: list[Drift] = Field(description="By provider, model and price.")
    count: int
    next_cursor: str | None = Field(description=NEXT_CURSOR)


class UnpricedModel(ResponseModel):
    provider: str
    model: str = Field(description="As the provider spells it.")
    model_id: str = Field(description="The same value as model.")
    name: str | None
    why: str = Field(
        description="held, rejected, not in the list, only in extra, not in the catalogue, or"
        " said unknown."
    )
    held_id: int | None = Field(description="The held change that would give it a price.")
    source: str = Field(description="api:<provider>, or catalogue:genai-prices@<version>.")
    pricing_source: str = Field(description="The same value as source.")
    first_seen_at: Time
    lost_at: Time | None = Field(description="Since when it has none; null: it never had one.")


class UnpricedAnswer(ResponseModel):
    unpriced: list[UnpricedModel] = Field(description="By provider and model.")
    count: int
    next_cursor: str | None = Field(description=NEXT_CURSOR)


class StalePrice(ResponseModel):
    """A provider, or a model's price, that was not confirmed in time."""

    provider: str
    model: str | None = Field(description="Null: the provider's list as a whole.")
    model_id: str | None = Field(description="The same value as model.")
    why: str = Field(
        description="disabled, no adapter, no credential, schedule off, failing, rate limited,"
        " never synced, overdue, not in the list or held back."
    )
    confirmed_by: str | None = Field(description="The provider whose list should confirm it.")
    confirmed_at: Time | None
    due_at: Time | None = Field(description="Until then it should have been confirmed.")
    source: str | None
    pricing_source: str | None = Field(description="The same value as source.")


class StaleAnswer(ResponseModel):
    stale: list[StalePrice] = Field(description="By provider; its list comes before its models.")
    count: int
    next_cursor: str | None = Field(description=NEXT_CURSOR)
