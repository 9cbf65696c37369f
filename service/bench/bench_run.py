"""Runs scenarios one by one, and judges what they measured."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace

from service.bench.bench_result import BenchResult, Judged, ScenarioResult
from service.bench.goals import Goal, Verdict
from service.bench.ground.bench_ground import BenchGround
from service.bench.machine import TOO_BUSY, busy_share, load, this_machine
from service.bench.measurement import Measurement
from service.bench.scenario import Scenario
from service.errors import PricingError
from service.up.stopping import StopSignals

logger = logging.getLogger(__name__)


def run_scenarios(
    scenarios: Iterable[Scenario],
    goals: Mapping[str, Goal],
    *,
    is_quick: bool,
    tell: Callable[[ScenarioResult], None],
    signals: StopSignals,
) -> BenchResult:
    """Run each; ``tell`` is called with each result as soon as it is there.

    A scenario that fails is reported as such, and the others run. A signal ends all that was
    started, and raises StopRequested.
    """
    machine = this_machine()
    results = []
    with ExitStack() as stack:
        ground = stack.enter_context(BenchGround(signals, is_quick=is_quick))
        for scenario in scenarios:
            result = _run(scenario, goals, ground)
            signals.require_going_on()
            results.append(result)
            tell(result)
        if ground.has_server:
            machine = replace(
                machine,
                postgres=ground.server.version.split()[0],
                fsync=ground.server.setting("fsync"),
            )
    machine = replace(machine, load_at_end=load())
    return BenchResult(machine, is_quick, tuple(results))


def _run(scenario: Scenario, goals: Mapping[str, Goal], ground: BenchGround) -> ScenarioResult:
    busy = busy_share()
    started = time.monotonic()
    measured: list[Measurement] = []
    error = ""
    try:
        rounds = scenario.quick_rounds if ground.is_quick else scenario.rounds
        measured.extend(scenario.measure(ground, rounds))
    except PricingError as failure:
        error = failure.message
    except Exception as failure:
        logger.debug("scenario %s", scenario.name, exc_info=True)
        error = f"{type(failure).__name__}: {failure}"
    busy = max(busy, busy_share())
    return ScenarioResult(
        scenario.name,
        scenario.what,
        scenario.beside,
        round(busy, 2),
        round(time.monotonic() - started, 1),
        tuple(judged(each, goals, is_loaded=busy > TOO_BUSY) for each in measured),
        error,
    )


def judged(measurement: Measurement, goals: Mapping[str, Goal], *, is_loaded: bool) -> Judged:
    goal = goals.get(measurement.name)
    if goal is None:
        return Judged(measurement, None, Verdict.NONE)
    return Judged(measurement, goal, goal.judge(measurement, is_loaded=is_loaded))
