"""The tables of providers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from service.cli.job_tables import shown_job
from service.cli.queries import Row
from service.prices.units import plain
from service.terminal.output import (
    NOTHING,
    Terminal,
    shown_age,
    shown_count,
    shown_time,
)
from service.terminal.table_layout import Column


def show_providers(terminal: Terminal, providers: Sequence[Row]) -> None:
    now = datetime.now(UTC)
    columns = (
        Column("provider"),
        Column("state"),
        Column("models", right=True),
        Column("priced", right=True),
        Column("held", right=True),
        Column("synced", right=True),
        Column("next", right=True),
        Column("every", right=True),
        Column("error", fixed=False),
    )
    terminal.table(
        columns,
        [
            (
                row["provider"],
                shown_provider_state(row),
                shown_count(row["models"]),
                shown_count(row["models_priced"]),
                shown_count(row["models_held"]),
                _ago(row["last_success_at"], now),
                _shown_next(row, now),
                shown_age(timedelta(seconds=row["interval_seconds"])),
                shown_last_error(row),
            )
            for row in providers
        ],
    )


def show_provider(terminal: Terminal, row: Row) -> None:
    """Everything about one provider: settings first, then how its syncs go."""
    guards = "on" if row["guards_enabled"] else "off"
    models, priced, held, rejected = (
        shown_count(row[name])
        for name in ("models", "models_priced", "models_held", "models_rejected")
    )
    bounds = (plain(row["guard_lowest_per_1m"]), plain(row["guard_highest_per_1m"]))
    facts = {
        "name": row["name"],
        "address": row["base_url"],
        "adapter": row["adapter"],
        "enabled": "yes" if row["enabled"] else "no",
        "state": row["state"],
        "credential": _shown_credential(row),
        "interval": _shown_span(row["interval_seconds"]),
        "timeout": _shown_span(row["timeout_seconds"]),
        "first list": "waits for a person" if row["review_first"] else "needs no review",
        "guards": f"{guards}; large from a factor of {plain(row['guard_large_ratio'])}, "
        f"unit from {plain(row['guard_unit_ratio'])}, "
        f"token prices from {bounds[0]} to {bounds[1]} USD per 1M",
        "next sync": shown_time(row["next_sync_at"]) if row["enabled"] else NOTHING,
        "not before": shown_time(row["next_allowed_at"]),
        "runs now": row["open_sync_status"]
        and f"{row['open_sync_status']}, job {shown_job(terminal, row['open_job_id'])}",
        "last success": shown_time(row["last_success_at"]),
        "last price change": shown_time(row["last_changed_at"]),
        "stale": row["why"] if row["is_stale"] else "no",
        "failures in a row": str(row["consecutive_failures"]),
        "last sync": row["last_sync_status"]
        and f"{row['last_sync_status']}, {shown_time(row['last_sync_at'])}, "
        f"job {shown_job(terminal, row['last_job_id'])}",
        "last error": shown_last_error(row),
        "models": f"{models}, {priced} with a price",
        "held": f"{held}, {rejected} rejected",
        "keys not read": ", ".join(row["unknown_keys"] or ()),
    }
    terminal.table(
        (Column(row["provider"]), Column("", fixed=False)),
        [(name, value or NOTHING) for name, value in facts.items()],
    )


def shown_provider_state(row: Row) -> str:
    running = {"in_progress": "syncing", "queued": "queued"}.get(row["open_sync_status"] or "")
    state = str(row["state"]).replace("_", " ")
    return ", ".join(
        word for word in (state, "stale" if row["is_stale"] else "", running or "") if word
    )


def shown_last_error(row: Row) -> str:
    """Only of the newest sync: an error before the last success is over."""
    if row["last_sync_status"] == "success":
        return NOTHING
    return row["last_error_message"] or row["last_error_kind"] or NOTHING


def _shown_credential(row: Row) -> str:
    if row["credential_variable"] is None:
        return "none needed"
    known = {None: "", True: ", set for a worker", False: ", missing for all workers"}
    return f"{row['credential_variable']}{known[row['has_credential']]}"


def _ago(at: datetime | None, now: datetime) -> str:
    return "never" if at is None else f"{shown_age(now - at)} ago"


def _shown_next(row: Row, now: datetime) -> str:
    if not row["enabled"]:
        return NOTHING
    at = row["next_sync_at"]
    return "now" if at is None or at <= now else f"in {shown_age(at - now)}"


def _shown_span(seconds: int) -> str:
    """A setting, exactly: ``6h``, ``90m`` or ``45s``, as the options take it."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds % size == 0 and seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
