"""Fills the named places of SQL texts that take no parameters: blocks, files, advice."""

from __future__ import annotations

import re
from typing import LiteralString

_PLACE = re.compile(r"\{([a-z_]+)\}")


def fill(template: LiteralString, **parts: str) -> str:
    """The template with each ``{name}`` replaced; other braces are SQL's own, as in ``'{}'``.

    A part is SQL, so the caller has to quote what it contains. KeyError for a place without a part,
    ValueError for a part without a place.
    """
    unused = parts.keys() - set(_PLACE.findall(template))
    if unused:
        raise ValueError(f"the text has no place for {', '.join(sorted(unused))}")
    return _PLACE.sub(lambda place: parts[place[1]], template)
