"""Models of the responses about held changes, rules, overrides, rollbacks and reports.

The classes' names are published: they are the schemas' names in ``/openapi.json``.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue, RootModel

from service.web.requests.amounts import Amount, PriceSet
from service.web.responses.sync_responses import NEXT_CURSOR, ResponseModel, Time

HeldClass = Literal["large", "unit", "list", "first_list", "rollback"]
HeldStatus = Literal["held", "approved", "rejected", "applied", "superseded", "withdrawn"]

PRICE_SET = (
    "Known axes only, by column of model_pricing: decimal strings in USD for one unit, each token"
    " price with its *_per_1m beside it; `conditions` where there are any."
)


class Impact(ResponseModel):
    """What a decision changes, or would change."""

    models: int
    providers: list[str]
    largest_factor: Amount | None = Field(
        description="The largest factor by which a price moves, up or down; null: nothing to"
        " compare."
    )
    to_free_count: int = Field(
        description="Models that become free, or one of whose prices falls to zero."
    )
    to_free: list[str] = Field(description="The first 20 of them, as provider/model.")


class PreviewAnswer(ResponseModel):
    """The answer to `"dry_run": true`: nothing was changed."""

    dry_run: Literal[True] = True
    impact: Impact


class RuleImpact(Impact):
    """Of the changes that are held now, those that the next sync would apply by the rule."""

    covered: int = Field(description="Active models that the rule covers.")


class RulePreviewAnswer(ResponseModel):
    dry_run: Literal[True] = True
    impact: RuleImpact


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


class ShorterListAnswer(ResponseModel):
    """The attempt whose refused list is accepted now."""

    provider: str
    error_kind: Literal["list_shrunk", "prices_gone"]
    error_message: str = Field(description="What the list had lost.")
    refused_at: Time
    sync_id: str
    job_id: str = Field(description="The same value as sync_id.")


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


class RolledBackModel(ResponseModel):
    """USD per million tokens: the price that the job set, and the one restored."""

    provider: str
    model_id: str
    action: Literal["roll_back", "changed_since"]
    input_per_1m: Amount | None
    output_per_1m: Amount | None
    back_to_input_per_1m: Amount | None
    back_to_output_per_1m: Amount | None
    note: str | None
    largest_factor: Amount | None = Field(description="Of all its prices.")
    to_free: bool = Field(description="It becomes free, or one of its prices falls to zero.")


class RollbackAnswer(ResponseModel):
    sync_id: str
    job_id: str
    dry_run: bool = Field(description="True: nothing was changed.")
    rolled_back: int = Field(description="Models that get, or got, their earlier price.")
    changed_since: int = Field(description="Models that have a newer price, and keep it.")
    impact: Impact
    models: list[RolledBackModel]


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
