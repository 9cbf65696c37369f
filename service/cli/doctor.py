"""The command ``doctor``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from service.cli.options import Json
from service.cli.queries import command_settings
from service.doctor.check_result import Finding, State, counted
from service.terminal.output import Terminal

MARKS: dict[State, str] = {"ok": "ok", "warn": "warn", "fail": "fail", "skipped": "-"}
STYLES: dict[State, str | None] = {"ok": None, "warn": "yellow", "fail": "red", "skipped": "dim"}


def doctor(as_json: Json = False) -> None:
    """Check everything, and say what to do.

    It changes nothing, and takes 10 seconds at most. Exit status 1 when a check fails.
    """
    from service.doctor.examination import examine

    findings = examine(command_settings)
    healthy = not any(finding.state == "fail" for finding in findings)
    output = Terminal(sys.stdout)
    if as_json:
        output.json({"healthy": healthy, "checks": findings})
    else:
        _show(output, findings)
    raise typer.Exit(0 if healthy else 1)


def _show(output: Terminal, findings: Sequence[Finding]) -> None:
    width = max(len(finding.check) for finding in findings)
    for finding in findings:
        mark = MARKS[finding.state]
        style = STYLES[finding.state]
        output.say(f"{mark:<4}  {finding.check:<{width}}  {finding.found}", style=style)
        if finding.advice is not None:
            output.say(f"      {finding.advice}")
    warnings = sum(finding.state == "warn" for finding in findings)
    failures = sum(finding.state == "fail" for finding in findings)
    output.say()
    if not warnings and not failures:
        output.say("All is well.")
    else:
        output.say(f"{counted(failures, 'failure')}, {counted(warnings, 'warning')}.")
