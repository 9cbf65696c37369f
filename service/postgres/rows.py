"""Returns the row of a statement that always has one."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def the_row(row: T | None) -> T:
    """The row; LookupError if there is none."""
    if row is None:
        raise LookupError("a statement that always returns a row returned none")
    return row
