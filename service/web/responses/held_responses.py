"""Models of the responses about held price changes and decisions about them.

The classes' names are published: they are the schemas' names in ``/openapi.json``.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue, RootModel

from service.web.requests.amounts import Amount, PriceSet
from service.web.responses.preview_responses import PreviewAnswer
from service.web.responses.price_set import PRICE_SET
from service.web.responses.sync_responses import NEXT_CURSOR, ResponseModel, Time

HeldClass = Literal["large", "unit", "list", "first_list", "rollback"]
HeldStatus = Literal["held", "approved", "rejected", "applied", "superseded", "withdrawn"]


class Move(ResponseModel):
    """One price that would change, in the unit of its name: per 1M, or per one unit."""

    price: str = Field(
        description="As model_prices names it.", examples=["input_per_1m", "per_image"]
    )
    before: str | None = Field(description="A decimal; null: unknown.")
    after: str | None = Field(description="A decimal; null: unknown.")
    percent: str | None
    condition: dict[str, JsonValue] | None = Field(
        description="For which requests; null: the base price."
    )


class Evidence(ResponseModel):
    """Why one axis is suspicious. Amounts are USD for one unit, and per million for tokens."""

    axis: str | None = Field(
        description="Null: the list as a whole is.",
        examples=["price_per_input_token", "conditions[0].price_per_input_token"],
    )
    kind: Literal[
        "ratio",
        "zero",
        "band",
        "catalogue",
        "elsewhere",
        "list",
        "catalogue_list",
        "moves",
        "fees_gone",
        "conditions_gone",
    ]
    before: Amount | None
    before_per_1m: Amount | None
    now: Amount | None
    now_per_1m: Amount | None
    ratio: Amount | None
    catalogue: Amount | None
    catalogue_per_1m: Amount | None
    median: Amount | None = Field(description="Of the same model at other providers.")
    median_per_1m: Amount | None
    providers: int | None = Field(description="How many other providers that is.")
    models: int | None = Field(description="How many models of the list are suspicious alike.")
    listed: int | None = Field(description="Of how many.")
    key: str | None = Field(description="The key in the provider's list.")
    text: str | None = Field(description="The text of the amount in that list.")
    unit: str | None = Field(description="The unit in which the text was read.")


class HeldChange(ResponseModel):
    id: int
    provider: str
    model: str = Field(description="As the provider spells it.")
    model_id: str = Field(description="The same value as model.")
    class_: HeldClass = Field(alias="class")
    reason: str
    ratio: Amount | None = Field(
        description="The largest factor by which a price moves; null: nothing to compare."
    )
    input_per_1m_before: Amount | None
    input_per_1m_now: Amount | None = Field(description="The held price.")
    output_per_1m_before: Amount | None
    output_per_1m_now: Amount | None
    to_zero: bool
    prices: PriceSet = Field(description="The held prices. " + PRICE_SET)
    previous: PriceSet = Field(description="The prices that it would replace. " + PRICE_SET)
    moves: list[Move] = Field(description="Each price that would change.")
    evidence: list[Evidence]
    source: str = Field(description="api:<provider>, or catalogue:genai-prices@<version>.")
    pricing_source: str = Field(description="The same value as source.")
    first_seen_at: Time
    last_seen_at: Time
    times_seen: int
    status: HeldStatus
    applies_at: Time | None = Field(
        description="From then on a sync that reports the same price applies it; null: only a"
        " person does."
    )
    applies_itself_at: Time | None = Field(description="The same value as applies_at.")
    sync_id: str | None = Field(description="The last job that reported it.")
    job_id: str | None = Field(description="The same value as sync_id.")
    observed_at: Time | None
    decided_at: Time | None = Field(description="Null: it waits.")
    decided_by: str | None
    decision_note: str | None


class HeldAnswer(ResponseModel):
    held: list[HeldChange] = Field(description="Newest first.")
    count: int = Field(description="How many this page has.")
    next_cursor: str | None = Field(description=NEXT_CURSOR)


class Decision(ResponseModel):
    """A held change after a decision."""

    id: int
    provider: str
    model_id: str
    status: HeldStatus
    class_: HeldClass = Field(alias="class")
    reason: str
    prices: PriceSet = Field(description=PRICE_SET)
    previous: PriceSet = Field(description=PRICE_SET)
    decided_at: Time
    decided_by: str
    decision_note: str | None


class DecisionOrPreview(RootModel[Decision | PreviewAnswer]):
    """With `"dry_run": true` the second."""


class DecidedModel(ResponseModel):
    id: int
    provider: str
    model_id: str


class DecisionsAnswer(ResponseModel):
    sync_id: str
    job_id: str
    status: HeldStatus
    count: int
    changes: list[DecidedModel]


class DecisionsOrPreview(RootModel[DecisionsAnswer | PreviewAnswer]):
    """With `"dry_run": true` the second."""


class ReopenedAnswer(ResponseModel):
    """Rejected changes of a provider or job that wait again."""

    status: Literal["held"] = "held"
    count: int
    changes: list[DecidedModel]


class ReopenedChange(ResponseModel):
    """A rejected change that waits again."""

    id: int
    provider: str
    model_id: str
    status: Literal["held"] = "held"
    class_: HeldClass = Field(alias="class")
    reason: str
