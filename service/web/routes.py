"""Every route: a handler and its entry here."""

from __future__ import annotations

from service.web.answers import (
    ActiveSyncsAnswer,
    HealthAnswer,
    ReadyAnswer,
    SchedulerAnswer,
    SyncAnswer,
    TriggerAnswer,
)
from service.web.endpoint import Endpoint, Parameter
from service.web.health import get_health, get_readiness
from service.web.openapi import get_openapi
from service.web.parameters import LONGEST_WAIT_SECONDS
from service.web.scheduler import get_scheduler_status
from service.web.syncs import cancel_sync, get_sync, list_active_syncs, retry_sync
from service.web.triggers import TriggerBody, trigger_sync

SYNC_ID = Parameter(
    "id",
    "path",
    "The job_id that the trigger answered.",
    {"type": "string", "format": "uuid"},
)
WAIT = Parameter(
    "wait",
    "query",
    "Answer as soon as the job ends, at the latest after this many seconds.",
    {"type": "number", "minimum": 0, "maximum": LONGEST_WAIT_SECONDS, "default": 0},
)
IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "The same key again within 24 hours answers with the same job.",
    {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
)

ROUTES: tuple[Endpoint, ...] = (
    Endpoint(
        "POST",
        "/admin/pricing/scheduler/trigger",
        trigger_sync,
        "Queue a sync of all or some providers",
        TriggerAnswer,
        status=202,
        body=TriggerBody,
        parameters=(IDEMPOTENCY_KEY,),
        errors=(408, 409, 413, 422, 429),
    ),
    Endpoint(
        "GET",
        "/admin/pricing/sync/{id}",
        get_sync,
        "One job: how far it is, or how it ended",
        SyncAnswer,
        parameters=(SYNC_ID, WAIT),
        errors=(404, 422),
    ),
    Endpoint(
        "POST",
        "/admin/pricing/sync/{id}/cancel",
        cancel_sync,
        "Cancel what waits and abort what runs of one job",
        SyncAnswer,
        parameters=(SYNC_ID,),
        errors=(404, 409),
    ),
    Endpoint(
        "POST",
        "/admin/pricing/sync/{id}/retry",
        retry_sync,
        "Queue the failed and cancelled providers of one job again",
        SyncAnswer,
        status=202,
        parameters=(SYNC_ID,),
        errors=(404, 409, 422),
    ),
    Endpoint(
        "GET",
        "/admin/pricing/syncs/active",
        list_active_syncs,
        "The jobs that have not ended",
        ActiveSyncsAnswer,
    ),
    Endpoint(
        "GET",
        "/admin/pricing/scheduler/status",
        get_scheduler_status,
        "What is scheduled, and whether somebody runs it",
        SchedulerAnswer,
    ),
    Endpoint("GET", "/health", get_health, "The process is alive", HealthAnswer),
    Endpoint(
        "GET",
        "/health/ready",
        get_readiness,
        "The database answers and is migrated",
        ReadyAnswer,
        answers_by_status={503: ReadyAnswer},
    ),
    Endpoint("GET", "/openapi.json", get_openapi, "This document", None),
)
