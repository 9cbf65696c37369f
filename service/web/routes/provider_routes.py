"""Routes of providers, workers and the audit log."""

from __future__ import annotations

from service.web.handlers.audit import AUDIT_LIST, list_audit
from service.web.handlers.provider_settings import (
    PROVIDER_LIST,
    FirstListBody,
    ProviderBody,
    accept_first_list,
    get_provider,
    list_providers,
    update_provider,
)
from service.web.handlers.shorter_list import accept_shorter_list
from service.web.handlers.workers import WORKER_LIST, list_workers
from service.web.responses.provider_responses import FirstListAnswer, Provider, ShorterListAnswer
from service.web.routes.endpoint import Endpoint, Link
from service.web.routes.list_endpoint import list_endpoint
from service.web.routes.route_parameters import SLUG

PROVIDER_ROUTES: tuple[Endpoint, ...] = (
    list_endpoint(
        "/admin/pricing/providers",
        list_providers,
        "The providers: their settings, syncs and models",
        PROVIDER_LIST,
        errors=(422,),
        links={
            "one": Link(
                "get_provider",
                "The first provider.",
                {"slug": "$response.body#/providers/0/provider"},
            )
        },
    ),
    Endpoint(
        "GET",
        "/admin/pricing/providers/{slug}",
        get_provider,
        "One provider: its settings, syncs and models",
        Provider,
        parameters=(SLUG,),
        errors=(404,),
        is_tagged=True,
    ),
    Endpoint(
        "PATCH",
        "/admin/pricing/providers/{slug}",
        update_provider,
        "Change a provider's settings",
        Provider,
        body=ProviderBody,
        parameters=(SLUG,),
        errors=(404, 408, 413, 422),
    ),
    Endpoint(
        "POST",
        "/admin/pricing/providers/{slug}/accept-shorter-list",
        accept_shorter_list,
        "Accept a next list as short as the one that was refused",
        ShorterListAnswer,
        parameters=(SLUG,),
        errors=(404, 409),
        least_role="operate",
    ),
    Endpoint(
        "POST",
        "/admin/pricing/providers/{slug}/accept-first-list",
        accept_first_list,
        "Apply the first list of a provider, which waits for a person",
        FirstListAnswer,
        body=FirstListBody,
        parameters=(SLUG,),
        errors=(404, 408, 409, 413, 422),
        least_role="operate",
    ),
    list_endpoint(
        "/admin/pricing/workers",
        list_workers,
        "The workers, and what each runs",
        WORKER_LIST,
        errors=(422,),
    ),
    list_endpoint(
        "/admin/pricing/audit",
        list_audit,
        "What people decided, newest first",
        AUDIT_LIST,
    ),
)
