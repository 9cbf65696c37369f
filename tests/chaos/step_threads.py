"""Run kills, faults and operators' statements side by side until the time is over."""

from __future__ import annotations

import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

import psycopg

from tests.chaos.faults import Faults
from tests.chaos.operator_statements import draw_statement, run_statement
from tests.chaos.plan import Step
from tests.chaos.worker_phases import WorkerPhases
from tests.chaos.world import World

# A kill waits this long for a worker in its phase, then takes a worker in any phase.
HUNT_SECONDS = 2.0


class StepThread:
    """Does one step after the other, with pauses, in its own thread."""

    def __init__(
        self,
        world: World,
        steps: Iterator[Step],
        do: Callable[[Step], None],
        pause: tuple[float, float],
    ) -> None:
        self._world = world
        self._steps = steps
        self._do = do
        self._pause = pause
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.problems: list[str] = []

    @contextmanager
    def running(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            self._thread.join()

    def _run(self) -> None:
        for step in self._steps:
            if self._stopping.wait(step.random.uniform(*self._pause)):
                return
            try:
                self._do(step)
            except psycopg.Error as error:
                # A fault of another thread has cut the connection to Postgres.
                self._world.say(f"{step.kind}: not done, {str(error).strip()[:120]}")
            except Exception:
                self.problems.append(
                    f"{step.kind} failed in the suite itself:\n{traceback.format_exc()}"
                )
                return


class WorkerKiller:
    """SIGKILLs workers, each in the phase that its step names if a worker reaches it in time."""

    def __init__(self, world: World, worker_phases: WorkerPhases) -> None:
        self._world = world
        self._worker_phases = worker_phases
        self.by_phase: Counter[str] = Counter()

    def kill(self, step: Step) -> None:
        while self._world.sparing.is_set():
            time.sleep(0.05)
        name, phase = self._target(step.kind, step.random)
        if not self._world.sparing.is_set() and self._world.services.kill(name):
            self.by_phase[phase] += 1
            self._world.say(f"{name} killed in {phase}")

    def _target(self, phase: str, random: Random) -> tuple[str, str]:
        services = self._world.services
        if phase == "end" and random.random() < 0.8:
            # The prices are committed; the worker does not know yet and still has to write its end.
            name = self._worker_phases.find_applied(HUNT_SECONDS)
            if name is not None and services.is_up(name):
                return name, "end"
        found = self._worker_phases.find(phase, services.is_up, HUNT_SECONDS)
        nowhere = "idle" if self._worker_phases.is_there else "Postgres away"
        return found or (random.choice(services.names("worker")), nowhere)


class FaultInjector:
    """Runs each step of the fault plan, and counts them."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world = world
        self._faults = faults
        self.by_kind: Counter[str] = Counter()

    def do(self, step: Step) -> None:
        self._world.say(step.kind)
        self.by_kind[step.kind] += 1
        self._faults.by_kind[step.kind](step.random)


class Operator:
    """Runs what an operator runs by hand, one statement at a time."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.by_kind: Counter[str] = Counter()
        self.slots: Counter[str] = Counter()

    def do(self, step: Step) -> None:
        name = draw_statement(step.random)
        with self._world.connect() as connection:
            done = run_statement(connection, name, self.slots)
        if done is not None:
            self.by_kind[name] += 1
            self._world.say(done)
