"""Models of the responses about jobs, the schedule and health.

The classes' names are published: they are the schemas' names in ``/openapi.json``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer
from starlette.responses import Response

JobStatus = Literal["queued", "in_progress", "completed", "success", "failed", "cancelled"]
Outcome = Literal["success", "partial", "failed", "cancelled"]
AttemptStatus = Literal["queued", "in_progress", "success", "failed", "cancelled"]

NEXT_CURSOR = "The cursor of the next page; null: this is the last."
STATUS_MEANING = (
    "`completed` is spelt `success` when the operator sets PRICING_HTTP_SUCCESS_WORD to it."
)


def utc_text(time: datetime) -> str:
    """RFC 3339 in UTC with ``Z``."""
    at = time if time.tzinfo is UTC else time.astimezone(UTC)
    return f"{at.isoformat()[:-6]}Z"


Time = Annotated[
    datetime,
    PlainSerializer(utc_text, return_type=str),
    Field(json_schema_extra={"format": "date-time"}),
]


class ResponseModel(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_serialization_defaults_required=True
    )

    def response(self, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        body = self.model_dump_json(by_alias=True)
        return Response(body, status, headers, media_type="application/json")


class TriggerAnswer(ResponseModel):
    success: Literal[True] = True
    job_id: str
    sync_id: str = Field(description="The same value as job_id.")
    status: JobStatus = Field(description=STATUS_MEANING)
    message: str = "Pricing sync queued for background execution"
    triggered_by: str
    triggered_at: Time
    poll_url: str
    estimated_duration_seconds: str = Field(
        description="p50-p95 of the last 20 completed jobs; 30-120 while there are none.",
        examples=["30-120"],
    )


class ProviderResult(ResponseModel):
    """One provider's part of a job, as its newest attempt stands."""

    status: AttemptStatus
    attempt: int
    models_fetched: int
    models_updated: int
    models_unchanged: int
    models_skipped: int
    models_held: int = Field(description="Waiting for review, or rejected earlier.")
    models_rejected: int = Field(description="Of models_held, those rejected earlier.")
    error_kind: str | None
    error_message: str | None
    duration_ms: float | None


class DryRunResult(ProviderResult):
    """What a dry run would have changed."""

    differences: Any
    differences_total: int | None


class _Job(ResponseModel):
    sync_id: str
    job_id: str
    status: JobStatus = Field(description=STATUS_MEANING)
    outcome: Outcome | None = Field(description="Null until the job ends.")
    finished: bool
    provider_slug: str = Field(description="The one provider of the job, or all.")
    triggered_at: Time
    started_at: Time | None
    completed_at: Time | None
    duration_seconds: float | None
    triggered_by: str
    dry_run: bool
    providers_total: int
    providers_synced: list[str]
    providers_failed: list[str] = Field(description="Failed or cancelled.")
    models_fetched: int
    models_updated: int
    models_skipped: int
    total_errors: int
    error_message: str | None
    progress_percent: int = Field(
        ge=0, le=100, description="Provider syncs that have ended, of 100."
    )


class SyncAnswer(_Job):
    duration_ms: float | None
    total_models_updated: int = Field(description="The same value as models_updated.")
    total_models_skipped: int = Field(description="The same value as models_skipped.")
    errors: int = Field(description="The same value as total_errors.")
    results: dict[str, ProviderResult | DryRunResult]


class ListedSync(_Job):
    """A job of the list; `GET /admin/pricing/sync/{id}` has its providers one by one."""

    models_held: int = Field(description="Waiting for review, or rejected earlier.")


class ActiveSync(ResponseModel):
    sync_id: str
    job_id: str
    status: JobStatus
    provider_slug: str
    started_at: Time | None
    triggered_at: Time
    triggered_by: str
    progress_percent: int


class ActiveSyncsAnswer(ResponseModel):
    active_syncs: list[ActiveSync] = Field(description="Newest first.")
    count: int = Field(description="How many this page has.")
    next_cursor: str | None = Field(description=NEXT_CURSOR)


class SyncsAnswer(ResponseModel):
    syncs: list[ListedSync] = Field(description="Newest first.")
    count: int = Field(description="How many this page has.")
    next_cursor: str | None = Field(description=NEXT_CURSOR)


class LastSync(ResponseModel):
    timestamp: Time | None
    seconds_ago: int | None


class HeldSummary(ResponseModel):
    """What waits for a person."""

    changes: int = Field(description="Held price changes, one a model.")
    rejected: int = Field(description="Rejected ones that their providers still list.")
    oldest_seconds: int | None = Field(
        description="For how long the oldest has waited; null: nothing waits."
    )
    standing_still: list[str] = Field(
        description="Providers whose list does not get into force: changes of a third of their"
        " priced models or more wait, or their first list does."
    )


class HeldOfProvider(ResponseModel):
    changes: int
    rejected: int
    oldest_held_at: Time | None
    stands_still: bool


class HeldStatus(HeldSummary):
    providers: dict[str, HeldOfProvider] = Field(description="Those with held or rejected changes.")


class Scheduler(ResponseModel):
    enabled: bool = Field(description="The schedule is on, and at least one provider is enabled.")
    interval_hours: int | float | None = Field(
        description="The interval that most providers have; each may have its own."
    )
    running: bool = Field(
        description="It is enabled, and a worker or pg_cron has ticked within 90 seconds."
    )
    workers: int
    cron: Literal["pg_cron", "worker"] = Field(
        description="Who ticks: pg_cron if it has within 90 seconds, else the workers."
    )
    providers: list[str]
    next_runs: dict[str, Time | None] = Field(
        description="When the schedule enqueues each provider that it enqueues; null: as soon as"
        " possible."
    )
    last_syncs: dict[str, LastSync] = Field(description="The last success of each provider.")
    held: HeldStatus


class SchedulerAnswer(ResponseModel):
    success: Literal[True] = True
    scheduler: Scheduler
    timestamp: Time


class HealthAnswer(ResponseModel):
    status: Literal["ok"] = "ok"


class ReadyAnswer(ResponseModel):
    status: Literal["ok", "degraded", "unavailable"] = Field(
        description="degraded: ready, with warnings."
    )
    database: Literal["ok", "unavailable"]
    migrations: Literal["ok", "pending", "unknown"]
    workers: int | None
    held: HeldSummary | None = Field(
        description="What waits for a person; null: it could not be read."
    )
    warnings: list[str]


class HeldLock(BaseModel):
    lock_key: str
    locked_by_job: str
    locked_at: Time | None = Field(description="Null: that job's sync is queued too.")


class ErrorDetail(BaseModel):
    code: str
    message: str
    hint: str | None
    lock: HeldLock | None = Field(default=None, description="With 429 only: the sync in the way.")


class ErrorAnswer(BaseModel):
    error: ErrorDetail
