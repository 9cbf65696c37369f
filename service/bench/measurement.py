"""A measurement of ours and of its peer, and the figure that a goal is compared with."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "p50": statistics.median,
    "p99": lambda figures: share_of(figures, 0.99),
    "least": min,
    "most": max,
}


@dataclass(frozen=True)
class Measurement:
    """``name`` is the goal's key, such as ``unchanged.worker``.

    ``ours`` and ``peer`` are samples in ``unit``, of rounds that took turns. ``beside`` says what
    the peer is; empty for a measurement that stands alone. ``note`` says what a reader must know,
    such as a peer that is not installed.
    """

    name: str
    what: str
    unit: str
    ours: tuple[float, ...]
    beside: str = ""
    peer: tuple[float, ...] = ()
    statistic: str = "p50"
    note: str = ""

    @property
    def value(self) -> float:
        return STATISTICS[self.statistic](self.ours)

    @property
    def peer_value(self) -> float | None:
        return STATISTICS[self.statistic](self.peer) if self.peer else None

    @property
    def ratio(self) -> float | None:
        """Ours divided by the peer's; None without a peer."""
        peer = self.peer_value
        return None if peer is None or peer <= 0 else self.value / peer

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "what": self.what,
            "unit": self.unit,
            "statistic": self.statistic,
            "ours": [round(each, 4) for each in self.ours],
            "beside": self.beside,
            "peer": [round(each, 4) for each in self.peer],
            "note": self.note,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Measurement:
        return cls(**{**stored, "ours": tuple(stored["ours"]), "peer": tuple(stored["peer"])})


def share_of(figures: Sequence[float], share: float) -> float:
    """The smallest figure that this share of them does not exceed."""
    return sorted(figures)[max(0, math.ceil(len(figures) * share) - 1)]


def quartiles(figures: Sequence[float]) -> tuple[float, float]:
    """The spread: a quarter of the figures is below the first, and a quarter above the second."""
    return share_of(figures, 0.25), share_of(figures, 0.75)
