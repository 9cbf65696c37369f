"""Every route, with the least role of a key that may call it."""

from __future__ import annotations

from service.web.handlers.health import get_health, get_readiness
from service.web.responses.sync_responses import HealthAnswer, ReadyAnswer
from service.web.routes.endpoint import Endpoint
from service.web.routes.held_routes import HELD_ROUTES
from service.web.routes.openapi import get_openapi
from service.web.routes.price_routes import PRICE_ROUTES
from service.web.routes.sync_routes import SYNC_ROUTES

HEALTH_ROUTES: tuple[Endpoint, ...] = (
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

ROUTES: tuple[Endpoint, ...] = (*SYNC_ROUTES, *HELD_ROUTES, *PRICE_ROUTES, *HEALTH_ROUTES)
