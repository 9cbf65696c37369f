"""Health for load balancers and people: no key, no secrets."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from service.migrations.schema import Schema
from service.web.answers import HealthAnswer, ReadyAnswer
from service.web.errors import RETRY_AFTER_OUTAGE, HttpError
from service.web.state import WebState, state_of

NO_WORKERS = "No worker is alive: syncs are queued, and nothing runs them."
NOT_LISTENING = "Notifications do not arrive: `wait` reads every second instead."
NOT_MIGRATED = "The database has not been migrated to this version: run `pricing-sync migrate`."
# No reason to be taken out of service: during an upgrade it is the normal state of the old process.
OTHER_VERSION = "The database's functions are those of another version of pricing-sync."
NO_DATABASE = "The database is not available."


async def get_health(request: Request) -> Response:
    return HealthAnswer().response()


async def get_readiness(request: Request) -> Response:
    """Ready as soon as a trigger would be accepted; a missing worker is a warning, no more."""
    answer = await _readiness(state_of(request))
    if answer.status == "unavailable":
        return answer.response(503, {"Retry-After": RETRY_AFTER_OUTAGE})
    return answer.response()


async def _readiness(state: WebState) -> ReadyAnswer:
    try:
        ledger = await state.database.rows("select name, digest from public.pricing_schema_ledger")
        applied = {row["name"]: row["digest"] for row in ledger}
        if not _expected(state.schema) <= applied.keys():
            return _pending()
        alive = await state.database.row(
            "select workers from public.pricing_workers_alive() as workers"
        )
    except HttpError as error:
        if error.code == "not_migrated":
            return _pending()
        return ReadyAnswer(
            status="unavailable",
            database="unavailable",
            migrations="unknown",
            workers=None,
            warnings=[NO_DATABASE],
        )
    workers = alive["workers"] if alive is not None else 0
    warnings = [] if workers else [NO_WORKERS]
    if applied["db"] != state.schema.db_digest:
        warnings.append(OTHER_VERSION)
    if not state.changes.listening:
        warnings.append(NOT_LISTENING)
    return ReadyAnswer(
        status="degraded" if warnings else "ok",
        database="ok",
        migrations="ok",
        workers=workers,
        warnings=warnings,
    )


def _expected(schema: Schema) -> set[str]:
    return {"db", *(file.name for file in (*schema.engine_steps, *schema.migrations))}


def _pending() -> ReadyAnswer:
    return ReadyAnswer(
        status="unavailable",
        database="ok",
        migrations="pending",
        workers=None,
        warnings=[NOT_MIGRATED],
    )
