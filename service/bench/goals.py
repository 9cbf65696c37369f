"""Reads ``goals.toml`` and judges a measurement by its goal.

A goal that cannot be met has a ``limit`` with its ``reason``; the measurement is then compared with
that.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from service.bench.measurement import Measurement
from service.errors import SettingsError

GOALS = Path(__file__).with_name("goals.toml")


class Kind(StrEnum):
    """What of a measurement is compared, and from which side."""

    RATIO_AT_MOST = "ratio_at_most"
    RATIO_AT_LEAST = "ratio_at_least"
    # The peer's figure divided by ours.
    TIMES_FASTER = "times_faster"
    AT_MOST = "at_most"
    AT_LEAST = "at_least"


class Verdict(StrEnum):
    MET = "met"
    LIMIT = "within its limit"
    MISSED = "missed"
    # Near its goal while other work took the processors, or without the peer that it needs.
    UNJUDGED = "not judged"
    NONE = "no goal"


# What other work on the machine may do to a ratio; to a time of its own it may do anything.
LOAD_FACTOR = 2
TIMED = ("ms", "s", "/s")
AT_MOST = (Kind.RATIO_AT_MOST, Kind.AT_MOST)
_OTHER_KEYS = {"before", "limit", "reason"}


@dataclass(frozen=True)
class Goal:
    """``before`` is the figure of 0.3.0 as text, or of the older system."""

    kind: Kind
    bound: float
    before: str = ""
    limit: float | None = None
    reason: str = ""

    def figure(self, measurement: Measurement) -> float | None:
        """What the bound is compared with; None without the peer that it needs."""
        if self.kind in (Kind.AT_MOST, Kind.AT_LEAST):
            return measurement.value
        ratio = measurement.ratio
        if ratio is None or self.kind is not Kind.TIMES_FASTER:
            return ratio
        return 1 / ratio if ratio > 0 else None

    def text(self, unit: str) -> str:
        """The goal as a reader sees it: ``≤ 6 x``."""
        sign = "≤" if self.kind in AT_MOST else "≥"
        of = unit if self.kind in (Kind.AT_MOST, Kind.AT_LEAST) else "x"
        limit = "" if self.limit is None else f" (limit {self.limit:g})"
        return f"{sign} {self.bound:g} {of}{limit}".rstrip()

    def judge(self, measurement: Measurement, *, is_loaded: bool) -> Verdict:
        figure = self.figure(measurement)
        if figure is None:
            return Verdict.UNJUDGED
        last = self.bound if self.limit is None else self.limit
        if is_loaded and self._is_doubtful(figure, last, measurement.unit):
            return Verdict.UNJUDGED
        if self._holds(figure, self.bound):
            return Verdict.MET
        return Verdict.LIMIT if self._holds(figure, last) else Verdict.MISSED

    def _is_doubtful(self, figure: float, last: float, unit: str) -> bool:
        """Whether other work on the machine may have decided on which side of the bound it is."""
        if self.kind in (Kind.AT_MOST, Kind.AT_LEAST):
            return unit in TIMED and not self._holds(figure, last)
        # On either side: other work may slow the peer more than ours.
        return last > 0 and 1 / LOAD_FACTOR < figure / last < LOAD_FACTOR

    def _holds(self, figure: float, bound: float) -> bool:
        return figure <= bound if self.kind in AT_MOST else figure >= bound


def read_goals(path: Path = GOALS) -> dict[str, Goal]:
    """The goals by the measurement's name. SettingsError for an entry that is not understood."""
    goals = {}
    for name, entry in tomllib.loads(path.read_text()).items():
        goals[name] = _goal(name, entry)
    return goals


def _goal(name: str, entry: Mapping[str, object]) -> Goal:
    bounds = {key: value for key, value in entry.items() if key not in _OTHER_KEYS}
    try:
        ((kind, bound),) = bounds.items()
        goal = Goal(
            Kind(kind),
            float(str(bound)),
            str(entry.get("before", "")),
            None if "limit" not in entry else float(str(entry["limit"])),
            str(entry.get("reason", "")),
        )
    except ValueError:
        raise SettingsError(
            f"goals.toml: {name} has not one bound that is a number.",
            hint=f"Bounds: {', '.join(Kind)}.",
        ) from None
    if (goal.limit is None) != (not goal.reason):
        raise SettingsError(f"goals.toml: {name} has a limit without its reason, or the reverse.")
    return goal
