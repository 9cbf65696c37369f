"""Write tables and JSON, with amounts and times in one format.

On a terminal tables have colours and fit its width; elsewhere they are plain, uncut columns, so
that awk can pick out an id. JSON is written row by row.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, TextIO

from service.postgres.timestamps import utc_text
from service.prices.units import plain
from service.printable import escaped_json, printable
from service.terminal.table_layout import GAP, Column, lay_out, lines_below, row_lines

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

NOTHING = "-"

# The colour of a word wherever it stands alone in a cell.
STYLES = {
    **dict.fromkeys(("success", "completed", "done", "applied", "free"), "green"),
    **dict.fromkeys(("failed", "changed"), "red"),
    **dict.fromkeys(("running", "in_progress", "syncing"), "cyan"),
    **dict.fromkeys(("partial", "cancelled", "pending", "inactive"), "yellow"),
    **dict.fromkeys(("queued", "unknown", NOTHING), "dim"),
}


class Terminal:
    """One output stream: a person's terminal, or a pipe or file."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.is_live = stream.isatty()

    @cached_property
    def console(self) -> Console:
        # Imported here, because it is slow to import and a pipe does not need it.
        from rich.console import Console

        return Console(file=self.stream, highlight=False, markup=False, emoji=False)

    def say(self, text: str = "", style: str | None = None) -> None:
        """One line, never broken."""
        if self.is_live:
            self.console.print(printable(text), style=style, soft_wrap=True)
        else:
            print(printable(text), file=self.stream, flush=True)

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        """A table; a caller without rows prints a sentence instead."""
        cells = [[printable(cell) for cell in row] for row in rows]
        if self.is_live:
            for line in self.live_table(columns, cells):
                self.console.print(line, soft_wrap=True)
        else:
            self._plain_table(columns, cells)

    def json(self, value: object) -> None:
        """JSON for programs: amounts are strings without exponent, times RFC 3339 in UTC."""
        print(_document(value), file=self.stream)

    def json_rows(self, rows: Iterable[object]) -> None:
        """The same as ``json`` of a list, in the memory of one row."""
        is_empty = True
        for row in rows:
            self.stream.write("[\n  " if is_empty else ",\n  ")
            self.stream.write(_document(row).replace("\n", "\n  "))
            is_empty = False
        self.stream.write("[]\n" if is_empty else "\n]\n")

    def live_table(
        self, columns: Sequence[Column], rows: Sequence[Sequence[str]]
    ) -> Iterator[Text]:
        """The lines of a table for the width of the terminal."""
        from rich.text import Text

        available = self.console.width
        layout = lay_out(columns, rows, available)
        gap = " " * GAP
        for line in row_lines(layout, columns, [column.title for column in columns]):
            yield Text(gap.join(line).rstrip(), style="bold")
        yield Text("─" * min(layout.width, available), style="dim")
        for row in rows:
            for line in row_lines(layout, columns, row):
                text = Text()
                for index, cell in zip(layout.beside, line, strict=True):
                    text.append(gap if text else "")
                    text.append(cell, style=STYLES.get(row[index], ""))
                text.rstrip()
                yield text
            for below in lines_below(layout, columns, row, available):
                yield Text(below, style="dim")

    def _plain_table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        lines = [[column.title for column in columns], *rows]
        widths = [_width(lines, index) for index in range(len(columns))]
        for line in lines:
            cells = [
                cell.rjust(width) if column.right else cell.ljust(width)
                for cell, width, column in zip(line, widths, columns, strict=True)
            ]
            print("  ".join(cells).rstrip(), file=self.stream)


def shown_amount(amount: Decimal | None) -> str:
    """A price; unknown is not 0."""
    return NOTHING if amount is None else plain(amount)


def shown_count(count: int) -> str:
    return f"{count:,}"


def shown_time(at: datetime | None) -> str:
    return NOTHING if at is None else utc_text(at)


def shown_age(age: timedelta | None) -> str:
    """How long ago, in its largest unit."""
    if age is None:
        return NOTHING
    seconds = max(age.total_seconds(), 0)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def shown_seconds(seconds: float | None) -> str:
    return NOTHING if seconds is None else f"{seconds:.1f}"


def without(value: Any, *names: str) -> dict[str, Any]:
    """A dataclass as a dict, less some fields."""
    return {name: field for name, field in asdict(value).items() if name not in names}


def _width(lines: Sequence[Sequence[str]], index: int) -> int:
    return max(len(line[index]) for line in lines)


def _document(value: object) -> str:
    document = json.dumps(value, indent=2, default=_json_value, ensure_ascii=False)
    return escaped_json(document)


def _json_value(value: object) -> object:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)
