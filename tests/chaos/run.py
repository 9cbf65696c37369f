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
from tests.chaos.lanes import Doer, Hands, Killer, Lane
from tests.chaos.load import Load
from tests.chaos.pickups import QUICK_MS
from tests.chaos.report import Report
from tests.chaos.whereabouts import Whereabouts
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
    # One session for each lane.
    hunts = Whereabouts(world.postgres.superuser_url, world.sites)
    looks = Whereabouts(world.postgres.superuser_url, world.sites)
    faults = Faults(
        world,
        looks,
        load,
        away_seconds=20 if is_long else 10,
        measured_seconds=LONG_MEASURED_SECONDS if is_long else 4,
    )
    killer, hands = Killer(world, hunts), Hands(world)
    doer = Doer(world, faults)
    kill_pause = (1.0, 3.5) if is_long else (0.5, 2.5)
    lanes = [
        Lane(world, plan.kills(seed), killer.kill, kill_pause),
        Lane(world, plan.faults(seed, round_), doer.do, (0.3, 2.0)),
        Lane(world, plan.deeds(seed), hands.do, (0.5, 4.0)),
    ]
    with load.running(http_clients=4, sql_clients=2, pause=2.5), ExitStack() as stack:
        stack.callback(hunts.close)
        stack.callback(looks.close)
        faults.measure_before()
        for lane in lanes:
            stack.enter_context(lane.running())
        time.sleep(seconds)
        wait_until(
            lambda: (
                (doer.by_kind.keys() >= round_.keys() and killer.by_phase.total() >= least_kills)
                or any(lane.problems for lane in lanes)
            ),
            ROUND_SECONDS,
            f"a round of faults and {least_kills} kills",
        )
        stack.close()
        world.say("calm")
        world.calm_down()

    report.kills, report.faults, report.deeds = killer.by_phase, doer.by_kind, hands.by_kind
    report.returns, report.before = faults.returns, faults.before
    report.problems += [problem for lane in lanes for problem in lane.problems] + load.problems
    if seconds >= LONG_SECONDS and killer.by_phase.total() < LEAST_KILLS:
        report.problems.append(f"{killer.by_phase.total()} kills, less than {LEAST_KILLS}")
    if is_long:
        report.problems += [
            f"return {n}: no pick-up under {QUICK_MS:.0f} ms for {LONG_MEASURED_SECONDS:.0f} s"
            for n, back in enumerate(report.returns, start=1)
            if back.quick_after_seconds is None
        ]
    judge(world, load, hands.slots, report)
