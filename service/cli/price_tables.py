"""The tables of prices, in US dollars per 1M tokens unless a column says otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from service.cli.job_tables import shown_job
from service.cli.price_cells import (
    axes,
    shown_axis,
    shown_condition,
    shown_keys,
    shown_percent,
    shown_usd,
)
from service.cli.queries import Row
from service.prices.units import plain
from service.terminal.output import NOTHING, Terminal, shown_age, shown_amount, shown_time
from service.terminal.table_layout import Column


def show_models(terminal: Terminal, models: Sequence[Row]) -> None:
    now = datetime.now(UTC)
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
                _shown_confirmed(row["confirmed_at"], now),
                row["source"].partition(":")[0] if terminal.is_live else row["source"],
            )
            for row in models
        ],
    )


def _shown_confirmed(at: datetime | None, now: datetime) -> str:
    return shown_age(None if at is None else now - at)


def _shown_state(model: Row) -> str:
    state = model["price_state"] if model["is_active"] else "inactive"
    more = {"held": model["is_held"], "overridden": model["is_overridden"]}
    return ", ".join([state, *(word for word, applies in more.items() if applies)])


def show_history(terminal: Terminal, changes: Sequence[Row]) -> None:
    columns = (
        Column("changed"),
        *_MOVE_COLUMNS,
        Column("in force since"),
        Column("until"),
        Column("by", fixed=False),
        Column("job", optional=True),
    )
    terminal.table(
        columns,
        [
            (
                shown_time(row["changed_at"]),
                *_move_cells(row),
                shown_time(row["in_force_from"]) if row["is_in_force"] else "never",
                _shown_end(row),
                row["changed_by"],
                shown_job(terminal, row["job_id"]),
            )
            for row in changes
        ],
    )


def show_changes(terminal: Terminal, changes: Sequence[Row]) -> None:
    columns = (
        Column("changed"),
        Column("provider"),
        Column("model", fixed=False),
        *_MOVE_COLUMNS,
        Column("by", fixed=False, optional=True),
        Column("job", optional=True),
    )
    terminal.table(
        columns,
        [
            (
                shown_time(row["changed_at"]),
                row["provider"],
                row["model"],
                *_move_cells(row),
                row["changed_by"],
                shown_job(terminal, row["job_id"]),
            )
            for row in changes
        ],
    )


_MOVE_COLUMNS = (
    Column("price"),
    Column("before", right=True),
    Column("after", right=True),
    Column("change", right=True, optional=True),
    Column("for", fixed=False, optional=True),
)


def _move_cells(row: Row) -> tuple[str, ...]:
    return (
        row["price"] or "order of conditions",
        shown_amount(row["before"]),
        shown_amount(row["after"]),
        shown_percent(row["percent"]),
        shown_keys(row["condition"]) or NOTHING,
    )


def _shown_end(row: Row) -> str:
    if not row["is_in_force"]:
        return NOTHING
    return "now" if row["in_force_until"] is None else shown_time(row["in_force_until"])


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


def show_cost(terminal: Terminal, bill: Row) -> None:
    """A row of ``price_request``: its lines, and their sum or why it is unknown."""
    columns = (
        Column("price"),
        Column("quantity", right=True),
        Column("USD", right=True),
        Column("cost", right=True),
        Column("condition", fixed=False),
    )
    if bill["lines"]:
        terminal.table(
            columns,
            [
                (
                    shown_axis(line["axis"]),
                    plain(Decimal(str(line["quantity"]))),
                    shown_usd(line["axis"], line["price"]),
                    line["cost"] or NOTHING,
                    shown_keys(line["condition"]),
                )
                for line in bill["lines"]
            ],
        )
    if bill["cost"] is None:
        terminal.say(f"Unknown: {bill['reason']}")
    else:
        terminal.say(f"{plain(bill['cost'])} US dollars.")


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
