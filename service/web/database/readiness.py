"""Check whether a trigger would be accepted, by one query for all requests meanwhile."""

from __future__ import annotations

from service.migrations.schema import Schema
from service.web.database.job_changes import JobChanges
from service.web.database.shared_answer import SharedAnswer
from service.web.database.web_database import WebDatabase
from service.web.responses.error_responses import HttpError
from service.web.responses.sync_responses import HeldSummary, ReadyAnswer

# The longest that a probe waits; without an answer it gets "unavailable".
ANSWER_SECONDS = 5.0

NO_WORKERS = "No worker is alive: syncs are queued, but not run."
NOT_LISTENING = "Notifications do not arrive: `wait` reads every second instead."
NOT_MIGRATED = "The database has not been migrated to this version: run `pricing-sync migrate`."
# Only a warning, because old processes run in this state during every upgrade.
OTHER_VERSION = "The database's functions are those of another version of pricing-sync."
NO_DATABASE = "The database is not available."


class Readiness:
    def __init__(self, database: WebDatabase, changes: JobChanges, schema: Schema) -> None:
        self._database = database
        self._changes = changes
        self._schema = schema
        self._expected = {
            "db",
            *(file.name for file in (*schema.engine_steps, *schema.migrations)),
        }
        self._shared = SharedAnswer(self._ask)

    async def answer(self) -> ReadyAnswer:
        return await self._shared.get(ANSWER_SECONDS) or _unavailable()

    async def stop(self) -> None:
        await self._shared.stop()

    async def _ask(self) -> ReadyAnswer:
        try:
            ledger = await self._database.rows(
                "select name, digest from public.pricing_schema_ledger"
            )
            applied = {row["name"]: row["digest"] for row in ledger}
            if not self._expected <= applied.keys():
                return _pending()
            alive = await self._database.row(
                "select workers from public.pricing_workers_alive() as workers"
            )
        except HttpError as error:
            return _pending() if error.code == "not_migrated" else _unavailable()
        workers = alive["workers"] if alive is not None else 0
        warnings = [] if workers else [NO_WORKERS]
        if applied["db"] != self._schema.db_digest:
            warnings.append(OTHER_VERSION)
        if not self._changes.listening:
            warnings.append(NOT_LISTENING)
        return ReadyAnswer(
            status="degraded" if warnings else "ok",
            database="ok",
            migrations="ok",
            workers=workers,
            held=await self._held(),
            warnings=warnings,
        )

    async def _held(self) -> HeldSummary | None:
        """What waits for a person; it says nothing about readiness, so no failure of it counts."""
        try:
            row = await self._database.row(
                "select held as changes, rejected, oldest_held_seconds as oldest_seconds,"
                " standing_still from public.pricing_waiting_summary()"
            )
        except HttpError:
            return None
        return None if row is None else HeldSummary(**row)


def _unavailable() -> ReadyAnswer:
    return ReadyAnswer(
        status="unavailable",
        database="unavailable",
        migrations="unknown",
        workers=None,
        held=None,
        warnings=[NO_DATABASE],
    )


def _pending() -> ReadyAnswer:
    return ReadyAnswer(
        status="unavailable",
        database="ok",
        migrations="pending",
        workers=None,
        held=None,
        warnings=[NOT_MIGRATED],
    )
