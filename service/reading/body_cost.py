"""Bounds the memory that parsing a body takes, which is up to 45 times its size in JSON."""

from __future__ import annotations

from service.errors import ParseError

# More than ten times the values of the longest known list, and about 150 MB at most, if each is an
# object.
MAX_VALUES = 500_000


def require_affordable(body: bytes) -> None:
    """ParseError for a body of more than MAX_VALUES values, without parsing it.

    Each value but the first follows a comma or an opening bracket. Those inside of strings count
    too: no list has so many.
    """
    if sum(body.count(mark) for mark in (b",", b"[", b"{")) > MAX_VALUES:
        raise ParseError(f"The answer has more than {MAX_VALUES:,} values.")
