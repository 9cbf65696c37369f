"""The result of a run: what ``--json`` writes, and what a report is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.bench.goals import Goal, Verdict
from service.bench.machine import Machine
from service.bench.measurement import Measurement


@dataclass(frozen=True)
class Judged:
    measurement: Measurement
    goal: Goal | None
    verdict: Verdict

    @property
    def figure(self) -> float | None:
        """What the goal compares; without a goal the ratio, if there is one."""
        if self.goal is not None:
            return self.goal.figure(self.measurement)
        return self.measurement.ratio


@dataclass(frozen=True)
class ScenarioResult:
    """``busy``: the share of the processors that worked before or after it. ``error``: why it
    measured nothing, or not all."""

    name: str
    what: str
    beside: str
    busy: float
    seconds: float
    measured: tuple[Judged, ...]
    error: str = ""


@dataclass(frozen=True)
class BenchResult:
    machine: Machine
    is_quick: bool
    scenarios: tuple[ScenarioResult, ...]

    def with_verdict(self, verdict: Verdict) -> list[str]:
        return [
            judged.measurement.name
            for scenario in self.scenarios
            for judged in scenario.measured
            if judged.verdict is verdict
        ]

    @property
    def failed(self) -> list[str]:
        """Scenarios that could not be measured."""
        return [scenario.name for scenario in self.scenarios if scenario.error]

    @property
    def is_good(self) -> bool:
        return not self.failed and not self.with_verdict(Verdict.MISSED)

    @property
    def last_line(self) -> str:
        """One line that names what was missed."""
        parts = [
            f"{word}: {', '.join(names)}"
            for word, names in (
                ("missed", self.with_verdict(Verdict.MISSED)),
                ("failed", self.failed),
                ("not judged", self.with_verdict(Verdict.UNJUDGED)),
            )
            if names
        ]
        met = len(self.with_verdict(Verdict.MET)) + len(self.with_verdict(Verdict.LIMIT))
        return "; ".join([*parts, f"{met} goals met"])

    def to_json(self) -> dict[str, Any]:
        return {
            "machine": self.machine.to_json(),
            "quick": self.is_quick,
            "good": self.is_good,
            "summary": self.last_line,
            "scenarios": [
                {
                    "name": scenario.name,
                    "what": scenario.what,
                    "beside": scenario.beside,
                    "busy": scenario.busy,
                    "seconds": scenario.seconds,
                    "error": scenario.error,
                    "measured": [_judged_json(judged) for judged in scenario.measured],
                }
                for scenario in self.scenarios
            ],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any], goals: Mapping[str, Goal]) -> BenchResult:
        """The result of a stored run; goals are today's, verdicts those of the run."""
        return cls(
            Machine(**stored["machine"]),
            stored["quick"],
            tuple(
                ScenarioResult(
                    each["name"],
                    each["what"],
                    each["beside"],
                    each["busy"],
                    each["seconds"],
                    tuple(
                        Judged(
                            Measurement.from_json(found["measurement"]),
                            goals.get(found["measurement"]["name"]),
                            Verdict(found["verdict"]),
                        )
                        for found in each["measured"]
                    ),
                    each["error"],
                )
                for each in stored["scenarios"]
            ),
        )


def _judged_json(judged: Judged) -> dict[str, Any]:
    figure = judged.figure
    return {
        "measurement": judged.measurement.to_json(),
        "value": round(judged.measurement.value, 4),
        "figure": None if figure is None else round(figure, 4),
        "goal": None if judged.goal is None else judged.goal.text(judged.measurement.unit),
        "verdict": str(judged.verdict),
    }
