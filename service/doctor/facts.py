"""The result of ``pricing_doctor()``; ages are in seconds."""

from __future__ import annotations

import psycopg
from pydantic import BaseModel, ConfigDict, ValidationError

from service.errors import MigrationError
from service.postgres.rows import the_row


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True)


class Tick(_Fact):
    seconds: float
    last_error: str | None = None


class Waiting(_Fact):
    """``locked_by`` is null where its lock is free."""

    provider: str
    seconds: float
    locked_by: str | None = None
    locked_seconds: float | None = None


class OpenTransaction(_Fact):
    """A session that is idle in a transaction; ``tables``: those with rows that it locks."""

    pid: int
    username: str
    application: str
    seconds: float
    tables: list[str]


class Provider(_Fact):
    slug: str
    state: str = "ok"
    adapter: str | None = None
    base_url: str | None = None
    credential_variable: str | None = None
    consecutive_failures: int = 0
    success_seconds: float | None = None
    error_kind: str | None = None
    error_message: str | None = None


class HeldChanges(_Fact):
    """What waits for a person; ``rejected``: still listed by their providers."""

    held: int = 0
    rejected: int = 0
    oldest_held_seconds: float | None = None
    standing_still: list[str] = []


class StalePrices(_Fact):
    """``models`` of a provider that were not confirmed in time, or 0 and the provider itself."""

    provider: str
    why: str
    models: int = 0
    seconds: float | None = None


class CronJob(_Fact):
    name: str
    active: bool = True
    last_status: str | None = None
    last_message: str | None = None


class Facts(_Fact):
    """``incomplete``: models with prices that were not read, by provider.

    ``cron_jobs``: null where pg_cron is not installed, or this login may not read its jobs.
    """

    lease_seconds: float = 20
    scheduler_enabled: bool = True
    api_readers: list[str] = []
    workers_alive: int = 0
    newest_heartbeat_seconds: float | None = None
    oldest_heartbeat_seconds: float | None = None
    workers_silent: int = 0
    silent_seconds: float | None = None
    ticks: dict[str, Tick] = {}
    waiting: int = 0
    oldest_waiting: Waiting | None = None
    oldest_free: Waiting | None = None
    stuck: dict[str, int] = {}
    open_transactions: list[OpenTransaction] = []
    hidden_sessions: int = 0
    incomplete: dict[str, int] = {}
    providers: list[Provider] = []
    held: HeldChanges = HeldChanges()
    stale: list[StalePrices] = []
    cron_jobs: list[CronJob] | None = None


def read_facts(connection: psycopg.Connection) -> Facts:
    (facts,) = the_row(connection.execute("select public.pricing_doctor()").fetchone())
    try:
        return Facts.model_validate(facts)
    except ValidationError as error:
        raise MigrationError(
            "The database's functions are those of another version.",
            hint="Install the version of pricing-sync that migrated it.",
        ) from error
