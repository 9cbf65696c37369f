"""Models of the responses about price changes.

The classes' names are published: they are the schemas' names in ``/openapi.json``.
"""

from __future__ import annotations

from pydantic import Field, JsonValue

from service.web.requests.amounts import Amount
from service.web.responses.sync_responses import NEXT_CURSOR, ResponseModel, Time


class PriceChange(ResponseModel):
    """One price that changed, in the unit of its name: USD per 1M, or per one unit."""

    provider: str
    model: str = Field(description="As the provider spells it.")
    model_id: str = Field(description="The same value as model.")
    price: str | None = Field(
        description="As model_prices names it; null: no single price differs, only the order of"
        " conditions.",
        examples=["input_per_1m", "per_image"],
    )
    before: Amount | None = Field(description="Null: unknown, or the first price.")
    after: Amount | None = Field(description="Null: unknown.")
    percent: Amount | None = Field(
        description="Of the price before; null where one is unknown, or the one before is 0."
    )
    condition: dict[str, JsonValue] | None = Field(
        description="For which requests it is the price; null: the base price."
    )
    changed_at: Time = Field(description="When it was written.")
    effective_at: Time = Field(
        description="From when it is charged: an announced moment that a sync recorded late, else"
        " changed_at."
    )
    in_force_until: Time | None = Field(
        description="When another price of that name replaced it; null: it is in force now, or"
        " never was."
    )
    changed_by: str = Field(
        description="api_sync:<provider>, manual:<name>, rollback:<job_id>, expiry:<override id>,"
        " announced:<provider>, or repair:<reason> by an upgrade."
    )
    source: str = Field(description="api:<provider>, or catalogue:genai-prices@<version>.")
    pricing_source: str = Field(description="The same value as source.")
    sync_id: str | None = Field(description="The job that wrote it; null: a person did.")
    job_id: str | None = Field(description="The same value as sync_id.")
    id: int = Field(description="The change: its prices have the same id.")


class PriceChangeInTime(PriceChange):
    is_in_force: bool = Field(
        description="False: the provider's price while an override was in force."
    )
    in_force_from: Time | None = Field(description="Null: it never was the price in force.")


class HistoryAnswer(ResponseModel):
    history: list[PriceChangeInTime] = Field(description="Newest first.")
    count: int
    next_cursor: str | None = Field(description=NEXT_CURSOR)


class ChangesAnswer(ResponseModel):
    changes: list[PriceChange] = Field(
        description="Of the prices that are charged, over all models, newest first."
    )
    count: int
    next_cursor: str | None = Field(description=NEXT_CURSOR)
