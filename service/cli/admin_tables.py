"""The tables of settings and keys."""

from __future__ import annotations

from collections.abc import Sequence

from service.cli.queries import Row
from service.terminal.output import NOTHING, Terminal, shown_time
from service.terminal.table_layout import Column


def show_config(terminal: Terminal, rows: Sequence[dict[str, str]]) -> None:
    terminal.table(
        (Column("variable"), Column("value", fixed=False), Column("meaning", fixed=False)),
        [(row["variable"], row["value"] or NOTHING, row["meaning"]) for row in rows],
    )


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
