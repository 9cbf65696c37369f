"""Routes of held changes and of rollbacks."""

from __future__ import annotations

from service.web.handlers.held import (
    DecisionBody,
    approve_held,
    approve_held_of_sync,
    list_held,
    reject_held,
    reject_held_of_sync,
)
from service.web.handlers.rollbacks import RollbackBody, rollback_sync
from service.web.responses.review_responses import (
    Decision,
    DecisionsAnswer,
    HeldAnswer,
    RollbackAnswer,
)
from service.web.routes.endpoint import Endpoint
from service.web.routes.route_parameters import (
    CURSOR,
    HELD_ID,
    LIMIT,
    OF_CLASS,
    OF_PROVIDER,
    OF_SYNC,
    SYNC_ID,
)

HELD_ROUTES: tuple[Endpoint, ...] = (
    Endpoint(
        "GET",
        "/admin/pricing/held",
        list_held,
        "The price changes that wait for review",
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
        "Reject a held price change for as long as the provider reports the same price",
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
        "Apply all held price changes last reported by one job",
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
        "Reject all held price changes last reported by one job",
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
        "Undo the price changes of one job, or show them",
        RollbackAnswer,
        body=RollbackBody,
        parameters=(SYNC_ID,),
        errors=(404, 408, 409, 413, 422),
        least_role="operate",
    ),
)
