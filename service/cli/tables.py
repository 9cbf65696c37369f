"""The tables of jobs, prices, migrations, settings and keys."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from service.calls.jobs import Job
from service.cli.price_cells import axes, shown_axis, shown_condition, shown_usd
from service.cli.queries import PREFIX_LENGTH, Row
from service.migrations.comparison.difference import Difference
from service.migrations.status import StepStatus
from service.terminal.output import (
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
        Column("by", fixed=False),
        Column("seconds", right=True, optional=True),
        Column("providers", right=True, optional=True),
        Column("updated", right=True, optional=True),
        Column("skipped", right=True, optional=True),
    )
    terminal.table(
        columns,
        [
            (
                shown_job(terminal, job.job_id),
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
        Column("provider", fixed=False),
        Column("model", fixed=False),
        Column("input/1M", right=True),
        Column("output/1M", right=True),
        Column("cache read", right=True, optional=True),
        Column("cache write", right=True, optional=True),
        Column("state"),
        Column("confirmed", right=True, optional=True),
        Column("source", optional=True),
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
                _shown_state(row),
                shown_age(row["confirmed_ago"]),
                row["source"].partition(":")[0] if terminal.is_live else row["source"],
            )
            for row in models
        ],
    )


def _shown_state(model: Row) -> str:
    state = model["price_state"] if model["is_active"] else "inactive"
    more = {"held": model["is_held"], "overridden": model["is_overridden"]}
    return ", ".join([state, *(word for word, applies in more.items() if applies)])


def show_history(terminal: Terminal, changes: Sequence[Row]) -> None:
    columns = (
        Column("changed"),
        Column("input/1M", right=True),
        Column("before", right=True),
        Column("output/1M", right=True),
        Column("before", right=True),
        Column("by", fixed=False),
        Column("in force", optional=True),
        Column("job"),
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
                "yes" if row["is_in_force"] else "no",
                shown_job(terminal, row["job_id"]),
            )
            for row in changes
        ],
    )


def show_price(terminal: Terminal, price: Row) -> None:
    """A row of ``model_price_at``: every known axis, who set it and when."""
    known = {name: price[name] for name in axes(price) if price[name] is not None}
    if not known:
        terminal.say("Its price was unknown.")
    else:
        terminal.table(
            (Column("price"), Column("USD", right=True)),
            [(shown_axis(name), shown_usd(name, usd)) for name, usd in known.items()],
        )
    for condition in price["conditions"]:
        terminal.say(shown_condition(condition))
    terminal.say(
        f"Since {shown_time(price['changed_at'])}, by {price['changed_by']} ({price['source']})."
    )


def show_differences(terminal: Terminal, differences: Sequence[Row], limit: int) -> None:
    """What a dry run would have changed, from the log row: USD per token."""
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


def show_steps(terminal: Terminal, steps: Sequence[StepStatus]) -> None:
    terminal.table(
        (Column("step"), Column("state"), Column("applied")),
        [(step.name, step.state, shown_time(step.applied_at)) for step in steps],
    )


def show_state(terminal: Terminal, differences: Sequence[Difference]) -> None:
    """How the database differs from this version: what migrate restores first."""
    repaired = [each for each in differences if each.is_repaired]
    _show_differences(
        terminal,
        "Differs from this version; `pricing-sync migrate` restores it:",
        [each for each in differences if each.is_ours],
        with_statements=False,
    )
    _show_differences(
        terminal,
        "Missing or changed; `pricing-sync migrate --repair` restores it:",
        repaired,
    )
    _show_differences(
        terminal,
        "Differs from this version; not changed by pricing-sync:",
        [each for each in differences if not each.is_ours and not each.is_repaired],
    )


def show_repairs(terminal: Terminal, planned: Sequence[Difference]) -> None:
    """What a repair will restore first."""
    if planned:
        _show_differences(terminal, "Missing or changed, to be restored:", planned)
    else:
        terminal.say("Nothing of ours is gone.")


def _show_differences(
    terminal: Terminal,
    heading: str,
    chosen: Sequence[Difference],
    *,
    with_statements: bool = True,
) -> None:
    if chosen:
        terminal.say(heading)
    for each in chosen:
        terminal.say(f"  {each.sentence}")
        if each.statement is not None and with_statements:
            # Without comments and shipped rows, which are long.
            shown = each.statement.partition("; comment on ")[0].partition("; insert into ")[0]
            terminal.say(f"    {shown.rstrip(';')};")


def show_config(terminal: Terminal, rows: Sequence[dict[str, str]]) -> None:
    terminal.table(
        (Column("variable"), Column("value", fixed=False), Column("meaning", fixed=False)),
        [(row["variable"], row["value"] or NOTHING, row["meaning"]) for row in rows],
    )


def shown_job(terminal: Terminal, job_id: UUID | None) -> str:
    """A job's id: its first digits on a terminal, which ``status`` takes; whole in a pipe."""
    if job_id is None:
        return NOTHING
    return str(job_id)[:PREFIX_LENGTH] if terminal.is_live else str(job_id)


def show_keys(terminal: Terminal, keys: Sequence[Row]) -> None:
    columns = (
        Column("name", fixed=False),
        Column("role"),
        Column("state"),
        Column("expires"),
        Column("last used"),
        Column("created"),
        Column("by", fixed=False, optional=True),
        Column("id", optional=True),
    )
    terminal.table(
        columns,
        [
            (
                row["name"],
                row["role"],
                row["state"] if row["replaced_by"] is None else f"{row['state']}, replaced",
                "never" if row["expires_at"] is None else shown_time(row["expires_at"]),
                "never" if row["last_used_at"] is None else shown_time(row["last_used_at"]),
                shown_time(row["created_at"]),
                row["created_by"],
                row["key_id"],
            )
            for row in keys
        ],
    )
