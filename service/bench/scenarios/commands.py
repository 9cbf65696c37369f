"""Start and work of commands, each a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from service.bench.ground.bench_ground import BenchGround
from service.bench.ground.installation import Installation
from service.bench.ground.our_processes import running_processes
from service.bench.ground.until import until
from service.bench.measurement import Measurement
from service.bench.scenario import Scenario
from service.bench.turns import in_turn, milliseconds
from service.embedded.program import Program
from service.errors import BenchFailed

READY = "Ready at"
COMMANDS = {"--version": "version", "status": "status", "migrate": "migrate"}


PYTHON = "Python without a program"


def measure(ground: BenchGround, rounds: int) -> Iterator[Measurement]:
    with ground.installation() as installed:
        for number in range(20):
            installed.add_provider(f"p{number}")
        installed.trigger("p1")
        works = {each: partial(_seconds, installed, each) for each in (*COMMANDS, PYTHON)}
        taken = in_turn(rounds, works)
    for command, name in COMMANDS.items():
        yield Measurement(
            f"commands.{name}", f"`{command}`, the whole process", "s", taken[command],
            PYTHON, taken[PYTHON], statistic="least",
        )  # fmt: skip
    yield from _up_again(ground, max(2, rounds // 3))


def _seconds(installed: Installation, command: str) -> float:
    """How long one command takes; BenchFailed if it fails."""
    if command == PYTHON:
        with Program(Path(sys.executable), "-c", "", environment={}) as python:
            return milliseconds(python.wait) / 1000
    statuses: list[int] = []
    taken = milliseconds(lambda: statuses.append(installed.processes.run(command)))
    if statuses != [0]:
        raise BenchFailed(f"`{command}` ended with {statuses[0]}.")
    return taken / 1000


def _up_again(ground: BenchGround, rounds: int) -> Iterator[Measurement]:
    """``up`` on a database that it has set up before, until it says that it is ready."""
    with (
        ground.server.migrated_database() as url,
        running_processes(url, ground.signals) as processes,
    ):

        def up() -> float:
            process = processes.start("up", PRICING_DATA_DIR=str(processes.directory / "data"))

            def is_ready() -> bool:
                process.require_running()
                return READY in process.output.read_text(errors="replace")

            taken = milliseconds(lambda: until(is_ready, "`up` is ready", every=0.01))
            process.stop()
            return taken / 1000

        up()
        taken = tuple(up() for _ in range(rounds))
    yield Measurement(
        "commands.up-again", "`up` until it is ready", "s", taken, statistic="least"
    )  # fmt: skip


SCENARIO = Scenario("commands", "commands on a current database", "", measure, 9, 3, 190)
