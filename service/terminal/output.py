"""Write tables and JSON, with amounts and times in one format.

On a terminal tables have colours and fit its width; elsewhere they are plain, uncut columns, so
that awk can pick out an id.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, TextIO

from service.postgres.timestamps import utc_text
from service.prices.units import plain
from service.printable import escaped_json, printable

if TYPE_CHECKING:
    from rich.console import Console

NOTHING = "-"

# The least width of a column whose cells may be broken, and the space between two columns.
FLEXIBLE_WIDTH = 30
GAP = 2

# The colour of a word wherever it stands alone in a cell.
STYLES = {
    **dict.fromkeys(("success", "completed", "done", "applied", "free"), "green"),
    **dict.fromkeys(("failed", "changed"), "red"),
    **dict.fromkeys(("running", "in_progress", "syncing"), "cyan"),
    **dict.fromkeys(("partial", "cancelled", "pending", "inactive"), "yellow"),
    **dict.fromkeys(("queued", "unknown", NOTHING), "dim"),
}


@dataclass(frozen=True)
class Column:
    """``fixed``: never broken over two lines. ``optional``: omitted on a narrow terminal."""

    title: str
    right: bool = False
    fixed: bool = True
    optional: bool = False


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
            self._live_table(columns, cells)
        else:
            self._plain_table(columns, cells)

    def json(self, value: object) -> None:
        """JSON for programs: amounts are strings without exponent, times RFC 3339 in UTC."""
        document = json.dumps(value, indent=2, default=_json_value, ensure_ascii=False)
        print(escaped_json(document), file=self.stream)

    def _live_table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        from rich.box import SIMPLE_HEAD
        from rich.table import Table
        from rich.text import Text

        shown = _fitting(columns, rows, self.console.width)
        table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
        for index in shown:
            column = columns[index]
            table.add_column(
                column.title,
                justify="right" if column.right else "left",
                no_wrap=column.fixed,
                overflow="fold",
            )
        for row in rows:
            table.add_row(*(Text(row[index], style=STYLES.get(row[index], "")) for index in shown))
        self.console.print(table)

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


def _fitting(columns: Sequence[Column], rows: Sequence[Sequence[str]], available: int) -> list[int]:
    """Indexes of the columns to show: optional ones are dropped, last first, until all fit."""
    lines = [[column.title for column in columns], *rows]
    widths = [
        _width(lines, index) if column.fixed else min(_width(lines, index), FLEXIBLE_WIDTH)
        for index, column in enumerate(columns)
    ]
    shown = list(range(len(columns)))
    for index in reversed(shown.copy()):
        if sum(widths[each] + GAP for each in shown) <= available:
            break
        if columns[index].optional:
            shown.remove(index)
    return shown


def _width(lines: Sequence[Sequence[str]], index: int) -> int:
    return max(len(line[index]) for line in lines)


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
