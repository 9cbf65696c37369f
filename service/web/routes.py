"""Every route: a handler and its entry here, with the least role of a key that may call it."""

from __future__ import annotations

from service.web.drift import list_drift, list_unpriced
from service.web.endpoint import Endpoint, Parameter
from service.web.health import get_health, get_readiness
from service.web.held import (
    CLASSES,
    DecisionBody,
    approve_held,
    approve_held_of_sync,
    list_held,
    reject_held,
    reject_held_of_sync,
)
from service.web.openapi import get_openapi
from service.web.overrides import (
    ModelBody,
    OverrideBody,
    clear_override,
    list_overrides,
    set_override,
)
from service.web.pagination import DEFAULT_LIMIT, LARGEST_LIMIT
from service.web.parameters import LONGEST_WAIT_SECONDS
from service.web.responses import (
    ActiveSyncsAnswer,
    HealthAnswer,
    ReadyAnswer,
    SchedulerAnswer,
    SyncAnswer,
    TriggerAnswer,
)
from service.web.review_responses import (
    Decision,
    DecisionsAnswer,
    DriftAnswer,
    HeldAnswer,
    Override,
    OverridesAnswer,
    RollbackAnswer,
    Rule,
    RulesAnswer,
    ShorterListAnswer,
    UnpricedAnswer,
)
from service.web.rollbacks import RollbackBody, rollback_sync
from service.web.rules import RuleBody, add_rule, end_rule, list_rules
from service.web.scheduler import get_scheduler_status
from service.web.shorter_list import accept_shorter_list
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
HELD_ID = Parameter(
    "id", "path", "The id in the list of held changes.", {"type": "integer", "minimum": 1}
)
RULE_ID = Parameter("id", "path", "The id in the list of rules.", {"type": "integer", "minimum": 1})
SLUG = Parameter("slug", "path", "The provider's slug.", {"type": "string", "maxLength": 40})
OF_PROVIDER = Parameter("provider", "query", "Only this provider's.", {"type": "string"})
OF_CLASS = Parameter(
    "class", "query", "Only of this class.", {"type": "string", "enum": list(CLASSES)}
)
OF_SYNC = Parameter(
    "sync",
    "query",
    "Only what this job was the last to say.",
    {"type": "string", "format": "uuid"},
)
LIMIT = Parameter(
    "limit",
    "query",
    "This many at most.",
    {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT},
)
CURSOR = Parameter(
    "cursor", "query", "The next_cursor of the page before; left out: begin.", {"type": "string"}
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
        least_role="operate",
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
    Endpoint(
        "GET",
        "/admin/pricing/held",
        list_held,
        "The price changes that wait for a decision",
        HeldAnswer,
        parameters=(OF_PROVIDER, OF_CLASS, OF_SYNC, LIMIT, CURSOR),
        errors=(422,),
    ),
    Endpoint(
        "POST",
        "/admin/pricing/held/{id}/approve",
        approve_held,
        "Apply a held price change",
        Decision,
        body=DecisionBody,
        parameters=(HELD_ID,),
        errors=(404, 408, 409, 413, 422),
        least_role="operate",
    ),
    Endpoint(
        "POST",
        "/admin/pricing/held/{id}/reject",
        reject_held,
        "Refuse a held price change for as long as the provider says the same",
        Decision,
        body=DecisionBody,
        parameters=(HELD_ID,),
        errors=(404, 408, 409, 413, 422),
        least_role="operate",
    ),
    Endpoint(
        "POST",
        "/admin/pricing/sync/{id}/held/approve",
        approve_held_of_sync,
        "Apply all that one job was the last to say and that is held",
        DecisionsAnswer,
        body=DecisionBody,
        parameters=(SYNC_ID,),
        errors=(404, 408, 409, 413, 422),
        least_role="operate",
    ),
    Endpoint(
        "POST",
        "/admin/pricing/sync/{id}/held/reject",
        reject_held_of_sync,
        "Refuse all that one job was the last to say and that is held",
        DecisionsAnswer,
        body=DecisionBody,
        parameters=(SYNC_ID,),
        errors=(404, 408, 409, 413, 422),
        least_role="operate",
    ),
    Endpoint(
        "POST",
        "/admin/pricing/sync/{id}/rollback",
        rollback_sync,
        "Undo what one job changed, or show what that would be",
        RollbackAnswer,
        body=RollbackBody,
        parameters=(SYNC_ID,),
        errors=(404, 408, 409, 413, 422),
        least_role="operate",
    ),
    Endpoint(
        "GET",
        "/admin/pricing/rules",
        list_rules,
        "Which larger changes are accepted beforehand",
        RulesAnswer,
        parameters=(OF_PROVIDER, LIMIT, CURSOR),
        errors=(422,),
    ),
    Endpoint(
        "POST",
        "/admin/pricing/rules",
        add_rule,
        "Accept larger changes of a provider or model until a time",
        Rule,
        status=201,
        body=RuleBody,
        errors=(404, 408, 409, 413, 422),
        least_role="operate",
    ),
    Endpoint(
        "DELETE",
        "/admin/pricing/rules/{id}",
        end_rule,
        "End a rule before its time",
        Rule,
        parameters=(RULE_ID,),
        errors=(404, 409),
        least_role="operate",
    ),
    Endpoint(
        "POST",
        "/admin/pricing/providers/{slug}/accept-shorter-list",
        accept_shorter_list,
        "Let a provider's next list be as short as the one that was refused",
        ShorterListAnswer,
        parameters=(SLUG,),
        errors=(404, 409),
        least_role="operate",
    ),
    Endpoint(
        "GET",
        "/admin/pricing/overrides",
        list_overrides,
        "The prices that people have set",
        OverridesAnswer,
        parameters=(OF_PROVIDER, LIMIT, CURSOR),
        errors=(422,),
    ),
    Endpoint(
        "POST",
        "/admin/pricing/overrides",
        set_override,
        "Set prices of a model, which win over the synced ones",
        Override,
        status=201,
        body=OverrideBody,
        errors=(404, 408, 409, 413, 422),
        least_role="operate",
    ),
    Endpoint(
        "POST",
        "/admin/pricing/overrides/clear",
        clear_override,
        "Let a model follow its provider again",
        Override,
        body=ModelBody,
        errors=(404, 408, 409, 413, 422),
        least_role="operate",
    ),
    Endpoint(
        "GET",
        "/admin/pricing/drift",
        list_drift,
        "Where a provider's price and the catalogue's differ by more than 1 %",
        DriftAnswer,
        parameters=(OF_PROVIDER, LIMIT, CURSOR),
        errors=(422,),
    ),
    Endpoint(
        "GET",
        "/admin/pricing/unpriced",
        list_unpriced,
        "Active models without any price, and why",
        UnpricedAnswer,
        parameters=(OF_PROVIDER, LIMIT, CURSOR),
        errors=(422,),
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
