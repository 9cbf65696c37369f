"""One run: start everything, apply load and faults, then wait for calm and check the invariants."""

from __future__ import annotations

import shutil
import tempfile
import time
import traceback
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from tests.chaos import plan
from tests.chaos.faults import Faults
from tests.chaos.judgement import judge
from tests.chaos.load import Load
from tests.chaos.pickups import QUICK_MS
from tests.chaos.report import Report
from tests.chaos.step_threads import FaultInjector, Operator, StepThread, WorkerKiller
from tests.chaos.worker_phases import WorkerPhases
from tests.chaos.world import World, running_world
from tests.support.waiting import wait_until

LEAST_KILLS = 200
LONG_SECONDS = 1200
# Shorter runs also shorten the waits within a fault.
MINUTES = 200
# Pick-ups are quick again this soon after a return of Postgres.
LONG_MEASURED_SECONDS = 10.0
# The time that a round may take beyond that of its run.
ROUND_SECONDS = 300.0


def run(seed: int, seconds: float, faults: str = "all", least_kills: int = 0) -> Report:
    """Run what the seed determines, in about this many seconds plus a minute.

    ``faults`` names one of the plan's rounds, which is completed at least once. A busy machine
    takes longer for that, and for ``least_kills``.
    """
    report = Report(seed, seconds, faults)
    directory = Path(tempfile.mkdtemp(prefix="chaos-"))
    try:
        with running_world(seed, directory) as world:
            try:
                _run(world, seed, seconds, plan.ROUNDS[faults], least_kills, report)
            except Exception:
                report.problems.append(f"the suite itself failed:\n{traceback.format_exc()}")
            report.events = world.events
            services = world.services
        # Exits and tracebacks, which show only when every process has ended.
        report.problems += services.problems
        if not report.is_clean:
            report.logs = directory
    finally:
        if report.logs is None:
            shutil.rmtree(directory)
    return report


def _run(
    world: World,
    seed: int,
    seconds: float,
    round_: Mapping[str, int],
    least_kills: int,
    report: Report,
) -> None:
    is_long = seconds >= MINUTES
    load = Load(world.base_url, world.postgres.superuser_url, world.slugs, seed)
    # One session for each thread.
    killer_phases = WorkerPhases(world.postgres.superuser_url, world.sites)
    fault_phases = WorkerPhases(world.postgres.superuser_url, world.sites)
    faults = Faults(
        world,
        fault_phases,
        load,
        away_seconds=20 if is_long else 10,
        measured_seconds=LONG_MEASURED_SECONDS if is_long else 4,
    )
    killer, operator = WorkerKiller(world, killer_phases), Operator(world)
    injector = FaultInjector(world, faults)
    kill_pause = (1.0, 3.5) if is_long else (0.5, 2.5)
    threads = [
        StepThread(world, plan.kills(seed), killer.kill, kill_pause),
        StepThread(world, plan.faults(seed, round_), injector.do, (0.3, 2.0)),
        StepThread(world, plan.operator_statements(seed), operator.do, (0.5, 4.0)),
    ]
    with load.running(http_clients=4, sql_clients=2, pause=2.5), ExitStack() as stack:
        stack.callback(killer_phases.close)
        stack.callback(fault_phases.close)
        faults.measure_before()
        for thread in threads:
            stack.enter_context(thread.running())
        time.sleep(seconds)
        wait_until(
            lambda: (
                (
                    injector.by_kind.keys() >= round_.keys()
                    and killer.by_phase.total() >= least_kills
                )
                or any(thread.problems for thread in threads)
            ),
            ROUND_SECONDS,
            f"a round of faults and {least_kills} kills",
        )
        stack.close()
        world.say("calm")
        world.calm_down()

    report.kills, report.faults = killer.by_phase, injector.by_kind
    report.statements = operator.by_kind
    report.returns, report.before = faults.returns, faults.before
    report.problems += [problem for thread in threads for problem in thread.problems]
    report.problems += load.problems
    if seconds >= LONG_SECONDS and killer.by_phase.total() < LEAST_KILLS:
        report.problems.append(f"{killer.by_phase.total()} kills, less than {LEAST_KILLS}")
    if is_long:
        report.problems += [
            f"return {n}: no pick-up under {QUICK_MS:.0f} ms for {LONG_MEASURED_SECONDS:.0f} s"
            for n, back in enumerate(report.returns, start=1)
            if back.quick_after_seconds is None
        ]
    judge(world, load, operator.slots, report)
