"""Print the rows of a list: a table of the first ones, or all of them as JSON or CSV."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

import typer

from service.lists.csv_lines import csv_line, csv_row
from service.terminal.output import Terminal

Row = dict[str, Any]

TABLE_ROWS = 50

ListLimit = Annotated[
    int | None,
    typer.Option(
        "--limit",
        metavar="N",
        min=1,
        max=1_000_000,
        help=f"Print at most this many rows. Default: {TABLE_ROWS} in a table, all as JSON or CSV.",
    ),
]
Csv = Annotated[bool, typer.Option("--csv", help="Print CSV, with a line of names first.")]


class ListOutput:
    """``rows_wanted``: how many to read, None for all; a table wants one more than it shows."""

    def __init__(self, limit: int | None, *, as_json: bool, as_csv: bool = False) -> None:
        if as_json and as_csv:
            raise typer.BadParameter("Give either --json or --csv.")
        self._as_json = as_json
        self._as_csv = as_csv
        self._shown = limit or TABLE_ROWS
        self.rows_wanted = limit if as_json or as_csv else self._shown + 1

    def print(
        self,
        rows: Iterable[Row],
        show: Callable[[Terminal, Sequence[Row]], None],
        *,
        nothing: str,
        columns: Sequence[str] = (),
        uncounted: int = 0,
    ) -> None:
        """``columns``: of the CSV; ``nothing``: what a person reads in place of an empty table.

        ``uncounted``: rows at the beginning that the limit is not for.
        """
        output = Terminal(sys.stdout)
        if self._as_csv:
            output.stream.write(csv_line(columns))
            output.stream.writelines(csv_row(row, columns) for row in rows)
        elif self._as_json:
            output.json_rows(rows)
        else:
            self._show_table(output, list(rows), show, nothing, self._shown + uncounted)

    def _show_table(
        self,
        output: Terminal,
        rows: list[Row],
        show: Callable[[Terminal, Sequence[Row]], None],
        nothing: str,
        most: int,
    ) -> None:
        if rows:
            show(output, rows[:most])
        else:
            output.say(nothing)
        if len(rows) > most:
            output.stream.flush()
            Terminal(sys.stderr).say(
                f"There are more than {self._shown}: --limit {self._shown * 10} shows them."
            )
