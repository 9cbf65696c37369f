"""Results of benchmarks that tests make by hand."""

from __future__ import annotations

from service.bench.bench_result import BenchResult, Judged, ScenarioResult
from service.bench.bench_run import judged
from service.bench.goals import Goal, Kind
from service.bench.machine import Machine
from service.bench.measurement import Measurement

SIX = Goal(Kind.RATIO_AT_MOST, 6, before="> 150 x")


def measurement(ours: float, peer: float | None = 10.0, name: str = "lists.worker") -> Measurement:
    return Measurement(
        name,
        "a list",
        "ms",
        (ours, ours + 1, ours + 2),
        "" if peer is None else "json.loads",
        () if peer is None else (peer, peer, peer),
        statistic="least",
    )


def result_of(*found: Judged, error: str = "", busy: float = 0.1) -> BenchResult:
    machine = Machine("0.10.0", "3.11.7", "Linux", 2, 0.5, {"psycopg": "3.3"}, "15.18", "on", 0.7)
    scenario = ScenarioResult("lists", "a <large> list", "json.loads", busy, 2.5, found, error)
    return BenchResult(machine, True, (scenario,))


def judged_at(ours: float, goal: Goal = SIX, *, is_loaded: bool = False) -> Judged:
    each = measurement(ours)
    return judged(each, {each.name: goal}, is_loaded=is_loaded)
