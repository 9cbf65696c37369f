"""The tables of the commands: which columns, and how their cells are written."""

from __future__ import annotations

from collections.abc import Sequence

from service.cli.database import Row
from service.jobs import Job
from service.migrations import PartStatus
from service.terminal import (
    NOTHING,
    Column,
    Terminal,
    shown_age,
    shown_amount,
    shown_count,
    shown_seconds,
    shown_time,
)


def show_jobs(terminal: Terminal, jobs: Sequence[Job]) -> None:
    columns = (
        Column("job"),
        Column("status"),
        Column("outcome"),
        Column("triggered"),
        Column("by"),
        Column("seconds", right=True),
        Column("providers", right=True),
        Column("updated", right=True),
        Column("skipped", right=True),
    )
    terminal.table(
        columns,
        [
            (
                str(job.job_id),
                job.status,
                job.outcome or NOTHING,
                shown_time(job.triggered_at),
                job.triggered_by,
                shown_seconds(job.duration_seconds),
                f"{len(job.providers_synced)}/{job.providers_total}",
                shown_count(job.models_updated),
                shown_count(job.models_skipped),
            )
            for job in jobs
        ],
    )


def show_models(terminal: Terminal, models: Sequence[Row]) -> None:
    columns = (
        Column("provider"),
        Column("model", fixed=False),
        Column("input/1M", right=True),
        Column("output/1M", right=True),
        Column("cache read", right=True),
        Column("cache write", right=True),
        Column("state"),
        Column("confirmed", right=True),
        Column("source", fixed=False),
    )
    terminal.table(
        columns,
        [
            (
                row["provider"],
                row["model"],
                shown_amount(row["input_per_1m"]),
                shown_amount(row["output_per_1m"]),
                shown_amount(row["cache_read_per_1m"]),
                shown_amount(row["cache_write_per_1m"]),
                row["price_state"] if row["is_active"] else "inactive",
                shown_age(row["confirmed_ago"]),
                row["source"],
            )
            for row in models
        ],
    )


def show_history(terminal: Terminal, changes: Sequence[Row]) -> None:
    columns = (
        Column("changed"),
        Column("input/1M", right=True),
        Column("before", right=True),
        Column("output/1M", right=True),
        Column("before", right=True),
        Column("by", fixed=False),
        Column("job", fixed=False),
    )
    terminal.table(
        columns,
        [
            (
                shown_time(row["changed_at"]),
                shown_amount(row["input_per_1m"]),
                shown_amount(row["previous_input_per_1m"]),
                shown_amount(row["output_per_1m"]),
                shown_amount(row["previous_output_per_1m"]),
                row["changed_by"],
                str(row["job_id"] or NOTHING),
            )
            for row in changes
        ],
    )


def show_differences(terminal: Terminal, differences: Sequence[Row], limit: int) -> None:
    """What a dry run would have changed, as it stands in the log row: USD per token."""
    columns = (
        Column("provider"),
        Column("model", fixed=False),
        Column("input/token", right=True),
        Column("before", right=True),
        Column("output/token", right=True),
        Column("before", right=True),
    )
    names = (
        "provider",
        "model_id",
        "price_per_input_token",
        "previous_input_price",
        "price_per_output_token",
        "previous_output_price",
    )
    terminal.table(
        columns,
        [[str(row.get(name) or NOTHING) for name in names] for row in differences[:limit]],
    )


def show_parts(terminal: Terminal, parts: Sequence[PartStatus]) -> None:
    terminal.table(
        (Column("part"), Column("state"), Column("applied")),
        [(part.name, part.state, shown_time(part.applied_at)) for part in parts],
    )


def show_config(terminal: Terminal, rows: Sequence[dict[str, str]]) -> None:
    terminal.table(
        (Column("variable"), Column("value", fixed=False), Column("meaning", fixed=False)),
        [(row["variable"], row["value"] or NOTHING, row["meaning"]) for row in rows],
    )
