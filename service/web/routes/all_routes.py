"""Every route, with the least role of a key that may call it."""

from __future__ import annotations

from service.web.handlers.health import get_freshness, get_health, get_readiness
from service.web.handlers.scrapes import get_metrics
from service.web.responses.provider_responses import FreshnessAnswer
from service.web.responses.sync_responses import HealthAnswer, ReadyAnswer
from service.web.routes.endpoint import Endpoint
from service.web.routes.held_routes import HELD_ROUTES
from service.web.routes.openapi import get_openapi
from service.web.routes.price_routes import PRICE_ROUTES
from service.web.routes.provider_routes import PROVIDER_ROUTES
from service.web.routes.sync_routes import SYNC_ROUTES

HEALTH_ROUTES: tuple[Endpoint, ...] = (
    Endpoint("GET", "/health", get_health, "The process is alive", HealthAnswer, any_query=True),
    Endpoint(
        "GET",
        "/health/ready",
        get_readiness,
        "The database answers and is migrated",
        ReadyAnswer,
        answers_by_status={503: ReadyAnswer},
        any_query=True,
    ),
    Endpoint(
        "GET",
        "/health/pricing",
        get_freshness,
        "Whether each provider's prices were confirmed in time",
        FreshnessAnswer,
        errors=(422,),
    ),
    Endpoint("GET", "/openapi.json", get_openapi, "This document", None, is_tagged=True),
    Endpoint(
        "GET",
        "/metrics",
        get_metrics,
        "Numbers for Prometheus",
        None,
        text_types=("text/plain", "application/openmetrics-text"),
    ),
)

ROUTES: tuple[Endpoint, ...] = (
    *SYNC_ROUTES,
    *HELD_ROUTES,
    *PRICE_ROUTES,
    *PROVIDER_ROUTES,
    *HEALTH_ROUTES,
)
