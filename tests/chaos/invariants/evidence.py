"""What is known from outside the tables, and what an invariant yields when it is broken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.load import Trigger
from tests.chaos.price_book import PublishedList
from tests.chaos.provider_sites import Served


@dataclass(frozen=True)
class Evidence:
    """``published``: each provider's lists by number. ``slots``: how often it was made due.

    ``is_calm``: every provider has had a last, undisturbed sync, so that its prices must be those
    served last.
    """

    published: Mapping[str, Sequence[PublishedList]]
    served: Sequence[Served]
    triggers: Sequence[Trigger]
    slots: Mapping[str, int] = field(default_factory=dict)
    is_calm: bool = True


@dataclass(frozen=True)
class Violation:
    """``rows`` are the rows that break the invariant."""

    invariant: str
    what: str
    rows: list[dict[str, Any]] = field(default_factory=list)

    def __str__(self) -> str:
        shown = "".join(f"\n    {_shown(row)}" for row in self.rows[:6])
        return f"{self.invariant}: {self.what}{shown}"


def _shown(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value}" for key, value in row.items() if value is not None)
