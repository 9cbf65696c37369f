"""The recorded price lists of two years, one for each month, and two later ones."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

from tests.support.recordings import recordings


@dataclass(frozen=True)
class Recorded:
    """One complete body, with the day of its publication."""

    day: str
    body: bytes


def monthly_bodies() -> list[Recorded]:
    """All 24, oldest first."""
    found = [_recorded(path) for path in recordings("openrouter-monthly/*.json.gz")]
    assert len(found) == 24, [recorded.day for recorded in found]
    return found


def later_bodies() -> list[Recorded]:
    """Two of the following month, the only ones with prices by the hour."""
    found = [_recorded(path) for path in recordings("openrouter-2026-08-*.json")]
    assert len(found) == 2, [recorded.day for recorded in found]
    return found


def _recorded(path: Path) -> Recorded:
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    return Recorded(path.name.removeprefix("openrouter-").split(".")[0], data)
