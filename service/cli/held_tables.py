"""The tables of held price changes, in US dollars per 1M tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from service.cli.job_tables import shown_job
from service.cli.price_cells import (
    axes,
    shown_axis,
    shown_condition,
    shown_moves,
    shown_ratio,
    shown_usd,
)
from service.cli.queries import Row
from service.terminal.output import NOTHING, Terminal, shown_count, shown_time
from service.terminal.table_layout import Column


def show_held(terminal: Terminal, changes: Sequence[Row]) -> None:
    columns = (
        Column("id", right=True),
        Column("provider"),
        Column("model", fixed=False),
        Column("reason", fixed=False),
        Column("moves", fixed=False),
        Column("since", optional=True),
        Column("seen", right=True, optional=True),
        Column("applies itself", optional=True),
        Column("job", optional=True),
    )
    terminal.table(
        columns,
        [
            (
                str(row["id"]),
                row["provider"],
                row["model"],
                row["reason"],
                shown_moves(row["moves"]),
                shown_time(row["first_seen_at"]),
                shown_count(row["times_seen"]),
                shown_time(row["applies_at"]),
                shown_job(terminal, row["job_id"]),
            )
            for row in changes
        ],
    )


def show_rejected(terminal: Terminal, changes: Sequence[Row]) -> None:
    columns = (
        Column("id", right=True),
        Column("provider"),
        Column("model", fixed=False),
        Column("reason", fixed=False),
        Column("moves", fixed=False),
        Column("rejected"),
        Column("by", fixed=False),
        Column("note", fixed=False, optional=True),
        Column("job", optional=True),
    )
    terminal.table(
        columns,
        [
            (
                str(row["id"]),
                row["provider"],
                row["model"],
                row["reason"],
                shown_moves(row["moves"]),
                shown_time(row["decided_at"]),
                row["decided_by"],
                row["decision_note"] or "",
                shown_job(terminal, row["job_id"]),
            )
            for row in changes
        ],
    )


def show_one_held(terminal: Terminal, row: Row) -> None:
    """One held change with its evidence."""
    was = "rejected, held before" if row.get("decided_at") else "held"
    terminal.say(f"{row['provider']} {row['model']}: {was} as {row['class']}, id {row['id']}")
    terminal.say(row["reason"])
    times = "once" if row["times_seen"] == 1 else f"{shown_count(row['times_seen'])} times"
    terminal.say(
        f"Seen {times}, from {shown_time(row['first_seen_at'])} to"
        f" {shown_time(row['last_seen_at'])}; {_applies(row)}."
    )
    terminal.say()
    terminal.table(
        (Column("price"), Column("now", right=True), Column("before", right=True)),
        [
            (
                shown_axis(name),
                shown_usd(name, row["prices"].get(name)),
                shown_usd(name, row["previous"].get(name)),
            )
            for name in axes([*row["prices"], *row["previous"]])
        ],
    )
    for name, prices in (("now", row["prices"]), ("before", row["previous"])):
        for condition in prices.get("conditions", []):
            terminal.say(f"{name}, {shown_condition(condition)}")
    if row["evidence"]:
        terminal.say()
        _show_evidence(terminal, row["evidence"])


def show_decided(terminal: Terminal, rows: Sequence[Row]) -> None:
    terminal.table(
        (Column("id", right=True), Column("provider"), Column("model"), Column("status")),
        [(str(row["id"]), row["provider"], row["model"], row["status"]) for row in rows],
    )


def _show_evidence(terminal: Terminal, evidence: Sequence[Mapping[str, Any]]) -> None:
    columns = (
        Column("suspicious", fixed=False),
        Column("kind"),
        Column("before", right=True),
        Column("now", right=True),
        Column("ratio", right=True),
        Column("catalogue's", right=True),
        Column("elsewhere", right=True),
        Column("models", right=True),
        Column("the provider wrote", fixed=False),
    )
    rows = []
    for each in evidence:
        condition, _, name = each.get("axis", "").rpartition(".")
        shown = f"{condition} {shown_axis(name)}".strip() if name else "the whole list"
        wrote = " ".join(str(each[key]) for key in ("key", "text", "unit") if each.get(key))
        before, now, catalogue, median = (
            shown_usd(name, each.get(key)) for key in ("before", "now", "catalogue", "median")
        )
        ratio = shown_ratio(each.get("ratio"))
        models = f"{each['models']} of {each['listed']}" if "models" in each else NOTHING
        numbers = (before, now, ratio, catalogue, median, models)
        rows.append((shown, each["kind"], *numbers, wrote or NOTHING))
    terminal.table(columns, rows)


def _applies(row: Row) -> str:
    if row.get("decided_at"):
        note = f": {row['decision_note']}" if row["decision_note"] else ""
        return f"rejected by {row['decided_by']} {shown_time(row['decided_at'])}{note}"
    if row["applies_at"] is None:
        return "only a person applies it"
    return f"applies itself if it is still said after {shown_time(row['applies_at'])}"
