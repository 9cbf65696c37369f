"""One difference between a database and this release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MISSING = "is not there"

# What repair restores, by kind of object. It never removes what a person has added.
_PUT_BACK: dict[str, tuple[str, ...]] = {
    "type": (MISSING, "has lost attributes"),
    "domain": (MISSING,),
    "table": (MISSING, "is unlogged", "has lost the rows"),
    "column": (MISSING, "may be null", "has another default", "is collated as"),
    "constraint": (MISSING, "was changed", "was never validated"),
    "index": (MISSING, "was changed"),
}

_TAKES_AWAY = (" drop default;", " drop not null;")


@dataclass(frozen=True)
class Difference:
    """``is_ours``: ``migrate`` removes it; else ``statement``, where there is one, does.

    ``runs_first``: ``migrate`` runs the statement before the replay, which restores the rest.
    """

    object: str
    found: str
    statement: str | None
    is_ours: bool
    runs_first: bool = False
    state: Literal["differs"] = "differs"

    @property
    def sentence(self) -> str:
        return f"{self.object}: {self.found}"

    @property
    def is_repaired(self) -> bool:
        """``migrate --repair`` runs the statement: it restores something, and removes nothing."""
        kind = self.object.partition(" ")[0]
        return (
            not self.is_ours
            and self.statement is not None
            and self.found.startswith(_PUT_BACK.get(kind, ("\0",)))
            and not self.statement.endswith(_TAKES_AWAY)
        )
