"""Routes of held changes and of rollbacks."""

from __future__ import annotations

from service.web.handlers.held import (
    HELD_LISTS,
    DecisionBody,
    NoteBody,
    approve_held,
    approve_held_of_sync,
    get_held,
    list_held,
    reject_held,
    reject_held_of_sync,
    reopen_held,
    reopen_held_of_provider,
    reopen_held_of_sync,
)
from service.web.handlers.rollbacks import RollbackBody, rollback_sync
from service.web.responses.held_responses import (
    DecisionOrPreview,
    DecisionsOrPreview,
    HeldChange,
    ReopenedAnswer,
    ReopenedChange,
)
from service.web.responses.rollback_responses import RollbackAnswer
from service.web.routes.endpoint import Endpoint, Link
from service.web.routes.list_endpoint import list_endpoint
from service.web.routes.route_parameters import (
    DRY_RUN,
    HELD_ID,
    HELD_STATUS,
    SLUG,
    SYNC_ID,
)

_FIRST = {"id": "$response.body#/held/0/id"}
OF_FIRST_CHANGE = {
    "one": Link("get_held", "The first change.", _FIRST),
    "approve": Link("approve_held", "Apply the first change.", _FIRST),
    "reject": Link("reject_held", "Reject the first change.", _FIRST),
}

HELD_ROUTES: tuple[Endpoint, ...] = (
    list_endpoint(
        "/admin/pricing/held",
        list_held,
        "The price changes that wait for review, or that were rejected",
        HELD_LISTS["held"],
        HELD_STATUS,
        links=OF_FIRST_CHANGE,
    ),
    Endpoint(
        "GET",
        "/admin/pricing/held/{id}",
        get_held,
        "One change that was ever held, with its outcome",
        HeldChange,
        parameters=(HELD_ID,),
        errors=(404,),
        is_tagged=True,
    ),
    Endpoint(
        "POST",
        "/admin/pricing/held/{id}/approve",
        approve_held,
        "Apply a held price change",
        DecisionOrPreview,
        body=DecisionBody,
        parameters=(HELD_ID, DRY_RUN),
        errors=(404, 408, 409, 413, 422),
        least_role="operate",
    ),
    Endpoint(
        "POST",
        "/admin/pricing/held/{id}/reject",
        reject_held,
        "Reject a held price change for as long as the provider reports the same price",
        DecisionOrPreview,
        body=DecisionBody,
        parameters=(HELD_ID, DRY_RUN),
        errors=(404, 408, 409, 413, 422),
        least_role="operate",
    ),
    Endpoint(
        "POST",
        "/admin/pricing/sync/{id}/held/approve",
        approve_held_of_sync,
        "Apply all held price changes last reported by one job",
        DecisionsOrPreview,
        body=DecisionBody,
        parameters=(SYNC_ID, DRY_RUN),
        errors=(404, 408, 409, 413, 422),
        least_role="operate",
    ),
    Endpoint(
        "POST",
        "/admin/pricing/sync/{id}/held/reject",
        reject_held_of_sync,
        "Reject all held price changes last reported by one job",
        DecisionsOrPreview,
        body=DecisionBody,
        parameters=(SYNC_ID, DRY_RUN),
        errors=(404, 408, 409, 413, 422),
        least_role="operate",
    ),
    Endpoint(
        "POST",
        "/admin/pricing/held/{id}/reopen",
        reopen_held,
        "Let a rejected price change wait for review again",
        ReopenedChange,
        body=NoteBody,
        parameters=(HELD_ID,),
        errors=(404, 408, 409, 413, 422),
        least_role="operate",
    ),
    Endpoint(
        "POST",
        "/admin/pricing/sync/{id}/held/reopen",
        reopen_held_of_sync,
        "Let all rejected price changes last reported by one job wait again",
        ReopenedAnswer,
        body=NoteBody,
        parameters=(SYNC_ID,),
        errors=(404, 408, 409, 413, 422),
        least_role="operate",
    ),
    Endpoint(
        "POST",
        "/admin/pricing/providers/{slug}/held/reopen",
        reopen_held_of_provider,
        "Let all rejected price changes that a provider still lists wait again",
        ReopenedAnswer,
        body=NoteBody,
        parameters=(SLUG,),
        errors=(408, 409, 413, 422),
        least_role="operate",
    ),
    Endpoint(
        "POST",
        "/admin/pricing/sync/{id}/rollback",
        rollback_sync,
        "Undo the price changes of one job, or show them",
        RollbackAnswer,
        body=RollbackBody,
        parameters=(SYNC_ID, DRY_RUN),
        errors=(404, 408, 409, 413, 422),
        least_role="operate",
    ),
)
