"""Lay out a table for the width of a terminal, so that no column is lost.

Flexible columns fold over several lines, at blanks and slashes and never inside a UUID. What then
still does not fit follows each row on indented lines, each cell with its column's title.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich.cells import cell_len, chop_cells

# The width down to which a flexible column is folded, and the space between two columns.
FLEXIBLE_WIDTH = 24
GAP = 2
INDENTATION = "    "

_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
# A piece that stays on one line where it fits: a UUID, or a word with the blanks or slash behind.
_PIECE = re.compile(rf"{_UUID}[\s/,;:]*|[^\s/]*?(?={_UUID})|[^\s/]*[/\s]*")


@dataclass(frozen=True)
class Column:
    """``fixed``: never broken over two lines. ``optional``: moves below the row first."""

    title: str
    right: bool = False
    fixed: bool = True
    optional: bool = False


@dataclass(frozen=True)
class Layout:
    """``beside``: the indexes of columns of the table; ``below``: of those on further lines."""

    beside: tuple[int, ...]
    below: tuple[int, ...]
    widths: dict[int, int]

    @property
    def width(self) -> int:
        return _total(self.widths, self.beside)


def lay_out(columns: Sequence[Column], rows: Sequence[Sequence[str]], available: int) -> Layout:
    natural = [
        max(cell_len(title), *(cell_len(row[index]) for row in rows)) if rows else cell_len(title)
        for index, title in enumerate(column.title for column in columns)
    ]
    least = [
        width if column.fixed else min(width, max(FLEXIBLE_WIDTH, _unbroken(rows, index)))
        for index, (column, width) in enumerate(zip(columns, natural, strict=True))
    ]
    beside = list(range(len(columns)))
    # The last optional column first; the first two columns say which row it is.
    for index in sorted(beside[2:], key=lambda each: (not columns[each].optional, -each)):
        if _total(least, beside) <= available:
            break
        beside.remove(index)
    widths = {index: least[index] for index in beside}
    spare = available - _total(least, beside)
    for index in sorted(beside, key=lambda each: natural[each] - least[each]):
        more = min(spare, natural[index] - least[index])
        if more > 0:
            widths[index] += more
            spare -= more
    below = tuple(index for index in range(len(columns)) if index not in beside)
    return Layout(tuple(beside), below, widths)


def row_lines(layout: Layout, columns: Sequence[Column], row: Sequence[str]) -> list[list[str]]:
    """The lines of a row's table, each with a padded cell for every column beside."""
    folded = [folded_text(row[index], layout.widths[index]) for index in layout.beside]
    return [
        [
            _padded(cell, layout.widths[index], right=columns[index].right)
            for index, cell in zip(layout.beside, line, strict=True)
        ]
        for line in zip_longest(*folded, fillvalue="")
    ]


def lines_below(
    layout: Layout, columns: Sequence[Column], row: Sequence[str], available: int
) -> list[str]:
    """The other cells of a row: as many on a line as fit, and a long one folded."""
    lines: list[str] = []
    for index in layout.below:
        text = f"{columns[index].title}: {row[index]}"
        if lines and cell_len(lines[-1]) + len("; ") + cell_len(text) <= available:
            lines[-1] += f"; {text}"
        else:
            folded = folded_text(text, available - len(INDENTATION))
            lines += [f"{INDENTATION}{line}" for line in folded]
    return lines


def folded_text(text: str, width: int) -> list[str]:
    """The text in lines of this width; only a UUID that is longer is left as it is."""
    lines = [""]
    for piece in _pieces(text):
        if cell_len((lines[-1] + piece).rstrip()) <= width:
            lines[-1] += piece
        elif re.match(_UUID, piece) or cell_len(piece.rstrip()) <= width:
            lines = [*lines, piece] if lines[-1] else [*lines[:-1], piece]
        else:
            lines = [*lines[:-1], *_broken(lines[-1] + piece, width)]
    return [line.rstrip() for line in lines]


def _broken(text: str, width: int) -> list[str]:
    """Behind hyphens where they are close enough, else anywhere."""
    lines: list[str] = []
    while cell_len(text.rstrip()) > width:
        line = chop_cells(text, width)[0]
        head = line[: line.rfind("-") + 1]
        line = head if len(head) > width // 2 else line
        lines.append(line)
        text = text[len(line) :]
    return [*lines, text]


def _pieces(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        found = _PIECE.match(text, at)
        piece = found[0] if found else ""
        if not piece:
            piece = text[at]
        yield piece
        at += len(piece)


def _unbroken(rows: Sequence[Sequence[str]], index: int) -> int:
    """The width of the longest UUID in a column."""
    found = (re.findall(_UUID, row[index]) for row in rows)
    return max((len(uuid) for each in found for uuid in each), default=0)


def _total(widths: Sequence[int] | Mapping[int, int], indexes: Sequence[int]) -> int:
    return sum(widths[index] for index in indexes) + GAP * (len(indexes) - 1)


def _padded(text: str, width: int, *, right: bool) -> str:
    padding = " " * max(width - cell_len(text), 0)
    return padding + text if right else text + padding
