"""State that all handlers share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from service.settings import Settings
from service.web.database.freshness import FreshnessReport
from service.web.database.job_changes import JobChanges
from service.web.database.key_uses import KeyUses
from service.web.database.known_estimate import KnownEstimate
from service.web.database.readiness import Readiness
from service.web.database.web_database import WebDatabase
from service.web.failed_keys import FailedKeys
from service.web.metrics.http_requests import HttpRequests


@dataclass(frozen=True)
class WebState:
    settings: Settings
    database: WebDatabase
    changes: JobChanges
    key_uses: KeyUses
    failed_keys: FailedKeys
    readiness: Readiness
    freshness: FreshnessReport
    openapi: Mapping[str, Any]
    http_requests: HttpRequests
    estimate: KnownEstimate


def state_of(request: Request) -> WebState:
    state: WebState = request.app.state.web
    return state
