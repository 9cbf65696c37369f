"""Models of the responses about providers, workers and the audit log.

The classes' names are published: they are the schemas' names in ``/openapi.json``.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from service.web.requests.amounts import Amount
from service.web.responses.sync_responses import (
    NEXT_CURSOR,
    AttemptStatus,
    ResponseModel,
    Time,
)


class Provider(ResponseModel):
    """A provider's settings, how its syncs go, and what its list holds."""

    provider: str = Field(description="Its slug.")
    name: str
    adapter: str | None = Field(description="Null: none reads its list.")
    base_url: str | None = Field(description="Without a password.")
    enabled: bool
    state: Literal["ok", "failing", "no_credentials", "no_price_api", "disabled"]
    credential_variable: str | None = Field(
        description="The worker's environment variable with its credential; null: it needs none."
    )
    has_credential: bool | None = Field(
        description="Whether a worker has it; null: it needs none, or it is not known."
    )
    price_api: bool = Field(description="False: its list names models only.")
    interval_seconds: int = Field(description="Between scheduled syncs.")
    timeout_seconds: int = Field(description="The longest that an attempt may take.")
    sync_jitter: Amount = Field(
        description="The share of the interval by which a sync is moved at random."
    )
    review_first: bool = Field(description="Its first list waits for a person.")
    guards_enabled: bool = Field(description="False: every change is applied.")
    guard_large_ratio: Amount
    guard_unit_ratio: Amount
    guard_lowest_per_1m: Amount
    guard_highest_per_1m: Amount
    next_sync_at: Time | None = Field(description="Null: as soon as possible.")
    next_allowed_at: Time | None = Field(description="The provider asked to wait until then.")
    last_success_at: Time | None
    last_changed_at: Time | None = Field(description="When a sync last changed a price.")
    due_at: Time | None = Field(description="Until then its list has to be confirmed.")
    is_stale: bool
    why: str | None = Field(description="Why it is stale.")
    consecutive_failures: int
    last_sync_at: Time | None = Field(description="The end of its newest attempt that has ended.")
    last_sync_status: AttemptStatus | None
    last_error_kind: str | None
    last_error_message: str | None
    last_job_id: str | None
    open_sync_status: Literal["queued", "in_progress"] | None
    open_job_id: str | None = Field(description="The job that waits or runs.")
    models: int = Field(description="Active ones.")
    models_priced: int = Field(description="Of those, with a known price, free ones included.")
    models_held: int
    models_rejected: int
    oldest_held_at: Time | None
    stands_still: bool = Field(description="A third of its priced models or more are held.")
    unknown_keys: list[str] = Field(description="Keys of its list that no adapter knows.")


class ProvidersAnswer(ResponseModel):
    providers: list[Provider] = Field(description="By slug.")
    count: int = Field(description="How many this page has.")
    next_cursor: str | None = Field(description=NEXT_CURSOR)


class ShorterListAnswer(ResponseModel):
    """The attempt whose refused list is accepted now."""

    provider: str
    error_kind: Literal["list_shrunk", "prices_gone"]
    error_message: str = Field(description="What the list had lost.")
    refused_at: Time
    sync_id: str
    job_id: str = Field(description="The same value as sync_id.")


class FirstListAnswer(ResponseModel):
    """A first list that is accepted now."""

    provider: str
    approved: int = Field(description="Changes that were held for being the first list.")
    still_held: int = Field(description="Those that wait for another reason.")
    sync_id: str | None = Field(description="The job that reported them.")
    job_id: str | None = Field(description="The same value as sync_id.")


class RunningSync(ResponseModel):
    provider: str
    job_id: str
    attempt: int
    started_at: Time | None


class Worker(ResponseModel):
    worker_id: int
    last_heartbeat: Time | None
    is_alive: bool = Field(description="Its last heartbeat is within the lease.")
    lease_ends_at: Time | None = Field(
        description="When it counts as lost without a further heartbeat."
    )
    running: list[RunningSync]


class WorkersAnswer(ResponseModel):
    workers: list[Worker]
    count: int = Field(description="How many this page has.")
    next_cursor: str | None = Field(description=NEXT_CURSOR)


class AuditedAction(ResponseModel):
    """One decision of a person or program."""

    id: int
    at: Time
    who: str = Field(description="api:NAME is the key of an HTTP request.")
    action: str = Field(examples=["set_price_override", "change_provider"])
    subject: str = Field(description="What it was done to.")
    provider: str | None = Field(description="Null: several, or none.")
    model: str | None = Field(description="As the provider spells it; null: several, or none.")
    model_id: str | None = Field(description="The same value as model.")
    note: str | None = Field(description="The person's note or reason.")
    details: dict[str, JsonValue] = Field(description="By action.")
    key_name: str | None = Field(description="The HTTP key; null: no HTTP request.")
    session_login: str | None = Field(description="The login of the database session.")
    acting_role: str | None
    address: str | None = Field(description="Where the request came from.")


class AuditAnswer(ResponseModel):
    audit: list[AuditedAction] = Field(description="Newest first.")
    count: int = Field(description="How many this page has.")
    next_cursor: str | None = Field(description=NEXT_CURSOR)


class Freshness(ResponseModel):
    """Whether a provider's list was confirmed in time."""

    state: Literal["ok", "failing", "no_credentials", "no_price_api", "disabled"]
    is_fresh: bool | None = Field(description="Null: it is not synced itself.")
    last_success_at: Time | None
    age_seconds: int | None = Field(description="Since then.")
    interval_seconds: int
    due_at: Time | None
    models_priced: int
    reason: str | None = Field(
        description="Why it is not fresh: never synced, failing, overdue, rate limited, schedule"
        " off, no credential or no adapter."
    )


class FreshnessAnswer(ResponseModel):
    status: Literal["ok", "stale"] = Field(description="stale: at least one provider is not fresh.")
    stale: list[str] = Field(description="The providers that are not fresh.")
    providers: dict[str, Freshness] = Field(description="The enabled ones.")
