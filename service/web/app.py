"""The ASGI application: its state, routes, middleware and background tasks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from service.errors import PricingError
from service.migrations.schema_files import read_schema
from service.settings import Settings
from service.web.app_state import WebState
from service.web.auth import KeyMiddleware, opened_paths
from service.web.database.freshness import FreshnessReport
from service.web.database.job_changes import JobChanges
from service.web.database.key_uses import KeyUses
from service.web.database.known_estimate import KnownEstimate
from service.web.database.readiness import Readiness
from service.web.database.web_database import WebDatabase
from service.web.failed_keys import FailedKeys
from service.web.http_server.compression import Compression
from service.web.metrics.http_requests import HttpRequests
from service.web.responses.error_responses import (
    http_exception_response,
    pricing_error_response,
    unexpected_error_response,
)
from service.web.routes.all_routes import ROUTES
from service.web.routes.openapi import openapi_document
from service.web.routes.route_table import RouteTable

logger = logging.getLogger(__name__)


def create_app(settings: Settings, http_requests: HttpRequests | None = None) -> Starlette:
    """The application. It connects later, so a missing database does not fail here.

    ``http_requests``: the counts that it shares with other processes.
    """
    database = WebDatabase.from_settings(settings)
    changes = JobChanges(database)
    opened = opened_paths(settings)
    state = WebState(
        settings=settings,
        database=database,
        changes=changes,
        key_uses=KeyUses(database),
        failed_keys=FailedKeys(settings.max_connections),
        readiness=Readiness(database, changes, read_schema()),
        freshness=FreshnessReport(database),
        openapi=openapi_document(ROUTES, opened=opened),
        http_requests=http_requests or count_requests(),
        estimate=KnownEstimate(),
    )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(state.changes.listen_forever()),
            asyncio.create_task(_clean_up(database)),
        ]
        try:
            yield
        finally:
            state.changes.stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await state.key_uses.stop()
            await state.readiness.stop()
            await state.freshness.stop()
            await database.close()

    table = RouteTable(ROUTES)
    app = Starlette(
        # The table serves all of them; they are listed for readers of `app.routes`.
        routes=[table, *table.routes],
        middleware=[
            Middleware(Compression),
            Middleware(KeyMiddleware, table=table, opened=opened),
        ],
        exception_handlers={
            PricingError: pricing_error_response,
            HTTPException: http_exception_response,
            Exception: unexpected_error_response,
        },
        lifespan=lifespan,
    )
    # A redirect would be a response without our JSON shape.
    app.router.redirect_slashes = False
    app.state.web = state
    return app


def count_requests(processes: int = 1) -> HttpRequests:
    return HttpRequests(((each.path, each.status) for each in ROUTES), processes=processes)


async def _clean_up(database: WebDatabase) -> None:
    """Expire syncs of dead workers at start; a failure does not stop the start."""
    try:
        await database.row("select * from public.cleanup_stuck_pricing_syncs()")
    except PricingError as error:
        logger.warning("stuck syncs are not expired at start: %s", error)
