"""The report of a run: figures, and after a failure everything that led to it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.invariants import Violation
from tests.chaos.pickups import QUICK_MS, Return
from tests.chaos.world import Event


@dataclass
class Report:
    """``problems`` concern processes and the suite, ``violations`` the tables."""

    seed: int
    seconds: float
    round_: str = "all"
    kills: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    statements: Counter[str] = field(default_factory=Counter)
    returns: list[Return] = field(default_factory=list)
    before: Return = field(default_factory=lambda: Return([]))
    server_log: Counter[str] = field(default_factory=Counter)
    counts: dict[str, int] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    logs: Path | None = None
    events: list[Event] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not self.violations and not self.problems

    def __str__(self) -> str:
        lines = [
            f"seed {self.seed}, {self.seconds:.0f} s, {self.round_} faults",
            f"kills: {_counted(self.kills)}",
            f"faults: {_counted(self.faults)}",
            f"by hand: {_counted(self.statements)}",
            *(f"{what}: {n:,}" for what, n in self.counts.items()),
            f"jobs: {_counted(self.outcomes)}",
            f"attempts: {_counted(self.ends)}",
            f"complaints of Postgres: {_counted(self.server_log)}",
            f"before any fault: {_pickups(self.before)}",
            *(f"return {n}: {_pickups(back)}" for n, back in enumerate(self.returns, start=1)),
        ]
        if self.is_clean:
            return "\n".join([*lines, "all invariants hold"])
        return "\n".join(
            [
                *lines,
                f"{len(self.violations)} violations, {len(self.problems)} problems",
                "what was done, by seconds since the start:",
                *(f"  {event.at:8.2f} {event.what}" for event in self.events),
                *(f"VIOLATION {violation}" for violation in self.violations),
                *(f"PROBLEM {problem}" for problem in self.problems),
                f"logs of every process: {self.logs}",
                f"again: make chaos ARGS='--seed {self.seed} --seconds {self.seconds:.0f}"
                f" --faults {self.round_}'",
            ]
        )


def _pickups(back: Return) -> str:
    ms = sorted(pickup.ms for pickup in back.pickups) or [0.0]
    return (
        f"{len(back.pickups)} pick-ups, first under {QUICK_MS:.0f} ms after"
        f" {_seconds(back.quick_after_seconds)}, {back.quick_share:.0%} from then on,"
        f" median {ms[len(ms) // 2]:.1f} ms, worst {ms[-1]:,.0f} ms"
    )


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f} s"


def _counted(counter: Counter[str]) -> str:
    return f"{counter.total()} (" + ", ".join(f"{k} {n}" for k, n in counter.most_common()) + ")"
