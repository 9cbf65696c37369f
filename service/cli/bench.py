"""The command ``bench``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from service.terminal.output import Terminal
from service.terminal.table_layout import Column


def bench(
    scenarios: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SCENARIO...", help="Which to run. Default: all.", show_default=False
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Few rounds of the quick scenarios: under 5 minutes.")
    ] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the result as JSON.")
    ] = None,
) -> None:
    """Measure this version beside its peers, and compare with its goals.

    Starts its own Postgres, provider and processes, and deletes them. Exits with 1 if a goal is
    missed; the last line names it.
    """
    from service.bench.bench_result import ScenarioResult
    from service.bench.bench_run import run_scenarios
    from service.bench.figures import COLUMNS, cells
    from service.bench.goals import read_goals
    from service.bench.scenario import chosen_scenarios

    output = Terminal(sys.stdout)

    def tell(result: ScenarioResult) -> None:
        beside = f", beside {result.beside}" if result.beside else ""
        output.say(f"\n{result.name}: {result.what}{beside} ({result.seconds:g} s)")
        if result.measured:
            columns = [Column(name) for name in COLUMNS]
            output.table(columns, [cells(judged) for judged in result.measured])
        for judged in result.measured:
            if judged.measurement.note:
                output.say(f"{judged.measurement.name}: {judged.measurement.note}")
        if result.error:
            output.say(f"failed: {result.error}")

    result = run_scenarios(
        chosen_scenarios(scenarios or [], is_quick=quick), read_goals(), is_quick=quick, tell=tell
    )
    if json_file is not None:
        json_file.write_text(json.dumps(result.to_json(), indent=1) + "\n")
    machine = result.machine
    output.say(
        f"\n{machine.processors} processors, load {machine.load_at_start} at the start and"
        f" {machine.load_at_end} at the end; PostgreSQL {machine.postgres}, fsync {machine.fsync};"
        f" Python {machine.python}"
    )
    output.say(result.last_line)
    if not result.is_good:
        raise typer.Exit(1)
