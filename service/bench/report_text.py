"""The report in Markdown: ``docs/performance.md`` is made of it.

The free text, what was tried and dropped, comes from a file of notes.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.bench.bench_result import BenchResult, ScenarioResult
from service.bench.figures import COLUMNS, cells
from service.bench.goals import Verdict
from service.bench.machine import TOO_BUSY

INTRODUCTION = """\
`pricing-sync bench` measures this version beside its peers, round by round in turn (A B, B A), and
compares with the goals of `service/bench/goals.toml`. Figures are medians unless the name says
otherwise, with the quartiles behind them. *Figure* is what the goal compares: ours divided by what
stands beside it, or the reverse for a goal of at least so many times. *Before* is version 0.3.0, or
the system before it. Compare ratios: the times of one machine say little about another.

`PRICING_ADMIN_KEY=... pricing-sync bench --url https://...` measures a deployment over HTTP, by ten
dry runs of its smallest provider, which write no price.
"""


def machine_lines(result: BenchResult) -> Iterator[str]:
    """What the figures were measured on, and whether that machine was free to measure."""
    machine = result.machine
    yield (
        f"pricing-sync {machine.version}, Python {machine.python}, {machine.system},"
        f" {machine.processors} processors"
    )
    if machine.postgres is not None:
        yield f"PostgreSQL {machine.postgres}, fsync {machine.fsync}"
    yield ", ".join(f"{name} {version}" for name, version in machine.packages.items())
    yield f"load {machine.load_at_start} at the start, {machine.load_at_end} at the end"
    busy = [each for each in result.scenarios if each.busy > TOO_BUSY]
    if busy:
        yield (
            f"too loaded to judge: other work took more than {TOO_BUSY:.0%} of the processors"
            f" around {len(busy)} of {len(result.scenarios)} scenarios, whose ratios between half"
            " and twice the goal, and times over the goal, are not judged"
        )


def report_text(result: BenchResult, notes: str = "") -> str:
    parts = ["# Figures", "", INTRODUCTION]
    parts += [f"- {line}" for line in machine_lines(result)]
    parts += ["", f"**{result.last_line}**", ""]
    for scenario in result.scenarios:
        parts += _section(scenario)
    parts += _limits(result)
    return "\n".join([*parts, notes]).rstrip() + "\n"


def _section(scenario: ScenarioResult) -> Iterator[str]:
    beside = f", beside {scenario.beside}" if scenario.beside else ""
    yield f"## {scenario.name}"
    yield ""
    yield f"{_sentence(scenario.what)}{beside}."
    yield ""
    if scenario.measured:
        yield "| " + " | ".join(COLUMNS) + " |"
        yield "| " + " | ".join("---" for _ in COLUMNS) + " |"
        for judged in scenario.measured:
            yield "| " + " | ".join(cells(judged)) + " |"
        yield ""
    for judged in scenario.measured:
        measured = judged.measurement
        of_peer = f"; beside it {measured.beside}" if measured.beside else ""
        note = f" ({measured.note})" if measured.note else ""
        of = "" if measured.statistic == "p50" else f" ({measured.statistic})"
        yield f"- `{measured.name}`{of}: {measured.what}{of_peer}{note}."
    if scenario.error:
        yield f"- Failed: {scenario.error}"
    yield ""


def _limits(result: BenchResult) -> Iterator[str]:
    """The goals that cannot be met, with the reason of each."""
    limited = [
        judged
        for scenario in result.scenarios
        for judged in scenario.measured
        if judged.goal is not None and judged.goal.limit is not None
    ]
    if limited:
        yield "## Goals that cannot be met"
        yield ""
    for judged in limited:
        if judged.goal is not None and judged.verdict is not Verdict.MET:
            yield f"- `{judged.measurement.name}`: {judged.goal.reason}"
    if limited:
        yield ""


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
