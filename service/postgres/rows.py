"""The row of a statement that always has one."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def the_row(row: T | None) -> T:
    """The row, for statements whose answer is never empty; LookupError if this one's is."""
    if row is None:
        raise LookupError("a statement that always returns a row returned none")
    return row
