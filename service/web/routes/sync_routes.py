"""Routes of jobs and of the schedule."""

from __future__ import annotations

from service.web.handlers.scheduler import get_scheduler_status
from service.web.handlers.syncs import (
    ACTIVE_LIST,
    SYNC_LIST,
    cancel_sync,
    get_sync,
    list_active_syncs,
    list_syncs,
    retry_sync,
)
from service.web.handlers.triggers import TriggerBody, trigger_sync
from service.web.responses.sync_responses import (
    SchedulerAnswer,
    SyncAnswer,
    TriggerAnswer,
)
from service.web.routes.endpoint import Endpoint, Link
from service.web.routes.list_endpoint import list_endpoint
from service.web.routes.route_parameters import DRY_RUN, IDEMPOTENCY_KEY, SYNC_ID, WAIT

_JOB = {"id": "$response.body#/job_id"}
OF_JOB = {
    "job": Link("get_sync", "The job.", _JOB),
    "cancel": Link("cancel_sync", "Cancel the job.", _JOB),
    "retry": Link("retry_sync", "Queue what failed again.", _JOB),
}

SYNC_ROUTES: tuple[Endpoint, ...] = (
    Endpoint(
        "POST",
        "/admin/pricing/scheduler/trigger",
        trigger_sync,
        "Queue a sync of all or some providers",
        TriggerAnswer,
        status=202,
        body=TriggerBody,
        links=OF_JOB,
        parameters=(IDEMPOTENCY_KEY, DRY_RUN),
        errors=(408, 409, 413, 422, 429),
        least_role="operate",
    ),
    Endpoint(
        "GET",
        "/admin/pricing/sync/{id}",
        get_sync,
        "One job: its progress, or how it ended",
        SyncAnswer,
        parameters=(SYNC_ID, WAIT),
        errors=(404, 422),
    ),
    Endpoint(
        "POST",
        "/admin/pricing/sync/{id}/cancel",
        cancel_sync,
        "Cancel one job: its queued syncs end, its running ones are aborted",
        SyncAnswer,
        parameters=(SYNC_ID,),
        errors=(404, 409),
        least_role="operate",
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
        least_role="operate",
    ),
    list_endpoint(
        "/admin/pricing/syncs",
        list_syncs,
        "The jobs, newest first",
        SYNC_LIST,
        links={
            "one": Link("get_sync", "The newest job.", {"id": "$response.body#/syncs/0/job_id"})
        },
    ),
    list_endpoint(
        "/admin/pricing/syncs/active",
        list_active_syncs,
        "The jobs that have not ended",
        ACTIVE_LIST,
        errors=(422,),
    ),
    Endpoint(
        "GET",
        "/admin/pricing/scheduler/status",
        get_scheduler_status,
        "The schedule, and whether a worker or pg_cron runs it",
        SchedulerAnswer,
    ),
)
