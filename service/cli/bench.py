"""The command ``bench``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.errors import UsageError
from service.terminal.output import Terminal
from service.terminal.table_layout import Column

if TYPE_CHECKING:
    from service.bench.bench_result import BenchResult, ScenarioResult


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
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="DIR", help="Write report.html and report.md."),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            "--url",
            metavar="URL",
            help="Measure that deployment over HTTP, with the key of PRICING_ADMIN_KEY: ten dry"
            " runs of its smallest provider.",
        ),
    ] = None,
) -> None:
    """Measure this version beside its peers, and compare with its goals.

    Starts its own Postgres, provider and processes, and deletes them, also when it is stopped.
    Exits with 1 if a goal is missed; the last line names it.
    """
    from service.bench.bench_run import run_scenarios
    from service.bench.goals import read_goals
    from service.bench.report_files import write_report
    from service.bench.scenario import chosen_scenarios
    from service.up.stopping import StopRequested, StopSignals

    output, goals = Terminal(sys.stdout), read_goals()
    if url is not None:
        if scenarios:
            raise UsageError(
                "--url has scenarios of its own.", hint="Leave out the names of scenarios."
            )
        from service.bench.deployment.deployment_run import measure_deployment

        result = measure_deployment(url, goals)
        _tell(output, result.scenarios[0])
    else:
        chosen = chosen_scenarios(scenarios or [], is_quick=quick)
        with StopSignals() as signals:
            try:
                result = run_scenarios(
                    chosen,
                    goals,
                    is_quick=quick,
                    tell=lambda each: _tell(output, each),
                    signals=signals,
                )
            except StopRequested as stop:
                raise typer.Exit(stop.exit_status) from None
    if json_file is not None:
        json_file.write_text(json.dumps(result.to_json(), indent=1) + "\n")
    if report is not None:
        write_report(result, report)
    _tell_end(output, result)
    if not result.is_good:
        raise typer.Exit(1)


def _tell(output: Terminal, result: ScenarioResult) -> None:
    from service.bench.figures import COLUMNS, cells

    beside = f", beside {result.beside}" if result.beside else ""
    output.say(f"{result.name}: {result.what}{beside} ({result.seconds:g} s)")
    if result.measured:
        columns = [Column(name) for name in COLUMNS]
        output.table(columns, [cells(judged) for judged in result.measured])
    for judged in result.measured:
        if judged.measurement.note:
            output.say(f"{judged.measurement.name}: {judged.measurement.note}")
    if result.error:
        output.say(f"failed: {result.error}")
    output.say()


def _tell_end(output: Terminal, result: BenchResult) -> None:
    from service.bench.report_text import machine_lines

    for line in machine_lines(result):
        output.say(line)
    output.say(result.last_line)
