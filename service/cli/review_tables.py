"""The tables of rules, overrides, rollbacks and reports, in US dollars per 1M tokens."""

from __future__ import annotations

from collections.abc import Sequence

from service.cli.price_cells import shown_prices, shown_ratio
from service.cli.queries import Row
from service.prices.units import plain
from service.terminal.output import NOTHING, Terminal, shown_amount, shown_time
from service.terminal.table_layout import Column


def show_rules(terminal: Terminal, rules: Sequence[Row]) -> None:
    columns = (
        Column("id", right=True),
        Column("provider"),
        Column("model", fixed=False),
        Column("up to", right=True),
        Column("until"),
        Column("by", fixed=False),
        Column("reason", fixed=False),
    )
    terminal.table(
        columns,
        [
            (
                str(row["id"]),
                row["provider"],
                row["model"] or "all",
                f"{plain(row['up_to_ratio'])}x",
                shown_time(row["expires_at"]),
                row["created_by"],
                row["reason"],
            )
            for row in rules
        ],
    )


def show_overrides(terminal: Terminal, overrides: Sequence[Row]) -> None:
    columns = (
        Column("provider"),
        Column("model", fixed=False),
        Column("fixed", fixed=False),
        Column("provider's input/1M", right=True, optional=True),
        Column("provider's output/1M", right=True, optional=True),
        Column("until"),
        Column("by", fixed=False),
        Column("reason", fixed=False),
    )
    terminal.table(
        columns,
        [
            (
                row["provider"],
                row["model"],
                shown_prices(row["prices"]),
                shown_amount(row["provider_input_per_1m"]),
                shown_amount(row["provider_output_per_1m"]),
                shown_time(row["expires_at"]),
                row["created_by"],
                row["reason"],
            )
            for row in overrides
        ],
    )


def show_rollback(terminal: Terminal, models: Sequence[Row]) -> None:
    columns = (
        Column("provider"),
        Column("model", fixed=False),
        Column("action"),
        Column("input/1M", right=True),
        Column("back to", right=True),
        Column("output/1M", right=True),
        Column("back to", right=True),
        Column("note", fixed=False),
    )
    terminal.table(
        columns,
        [
            (
                row["provider"],
                row["model"],
                row["action"].replace("_", " "),
                shown_amount(row["input_per_1m"]),
                shown_amount(row["back_to_input_per_1m"]),
                shown_amount(row["output_per_1m"]),
                shown_amount(row["back_to_output_per_1m"]),
                row["note"] or "",
            )
            for row in models
        ],
    )


def show_drift(terminal: Terminal, rows: Sequence[Row]) -> None:
    columns = (
        Column("provider"),
        Column("model", fixed=False),
        Column("price"),
        Column("provider's", right=True),
        Column("catalogue's", right=True),
        Column("ratio", right=True),
    )
    terminal.table(
        columns,
        [
            (
                row["provider"],
                row["model"],
                row["price"],
                shown_amount(row["provider_amount"]),
                shown_amount(row["catalogue_amount"]),
                shown_ratio(row["ratio"]),
            )
            for row in rows
        ],
    )


def show_unpriced(terminal: Terminal, rows: Sequence[Row]) -> None:
    columns = (
        Column("provider"),
        Column("model", fixed=False),
        Column("why"),
        Column("held", right=True),
        Column("since"),
        Column("first seen", optional=True),
    )
    terminal.table(
        columns,
        [
            (
                row["provider"],
                row["model"],
                row["why"],
                NOTHING if row["held_id"] is None else str(row["held_id"]),
                shown_time(row["lost_at"]),
                shown_time(row["first_seen_at"]),
            )
            for row in rows
        ],
    )
