"""The command ``doctor``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from service.cli.options import Json
from service.cli.queries import command_settings
from service.doctor.check_result import CheckResult, State, counted
from service.terminal.output import Terminal

MARKS: dict[State, str] = {"ok": "ok", "warn": "warn", "fail": "fail", "skipped": "-"}
STYLES: dict[State, str | None] = {"ok": None, "warn": "yellow", "fail": "red", "skipped": "dim"}


def doctor(as_json: Json = False) -> None:
    """Check everything, and say what to do.

    Settings, database, migrations, rights, schedule, workers, the queue, whether providers fail
    and since when, and whether each price is in the history. Changes nothing and takes at most 10
    seconds. Exit status 0 when nothing fails (there may be warnings), else 1.
    """
    from service.doctor.checks import run_checks

    results = run_checks(command_settings)
    healthy = not any(result.state == "fail" for result in results)
    output = Terminal(sys.stdout)
    if as_json:
        output.json({"healthy": healthy, "checks": results})
    else:
        _show(output, results)
    raise typer.Exit(0 if healthy else 1)


def _show(output: Terminal, results: Sequence[CheckResult]) -> None:
    width = max(len(result.check) for result in results)
    for result in results:
        mark = MARKS[result.state]
        style = STYLES[result.state]
        output.say(f"{mark:<4}  {result.check:<{width}}  {result.found}", style=style)
        if result.advice is not None:
            output.say(f"      {result.advice}")
    warnings = sum(result.state == "warn" for result in results)
    failures = sum(result.state == "fail" for result in results)
    output.say()
    if not warnings and not failures:
        output.say("All is well.")
    else:
        output.say(f"{counted(failures, 'failure')}, {counted(warnings, 'warning')}.")
