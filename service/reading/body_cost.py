"""What reading a body may cost: JSON that says little takes up to 45 times its bytes of memory."""

from __future__ import annotations

from service.errors import ParseError

# More than ten times what the longest list has that any provider is known to send, and no more
# than about 150 MB when each is an object of its own.
MAX_VALUES = 500_000


def require_affordable(body: bytes) -> None:
    """ParseError for a body of more than MAX_VALUES values, without reading it.

    Every value but the first stands behind a comma or an opening bracket. Those inside of strings
    are counted too: no list has so many.
    """
    if sum(body.count(mark) for mark in (b",", b"[", b"{")) > MAX_VALUES:
        raise ParseError(f"The answer has more than {MAX_VALUES:,} values.")
