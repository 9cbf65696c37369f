"""The report as one HTML file with its plots, which opens without a network."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from service.bench.bench_result import BenchResult, Judged, ScenarioResult
from service.bench.figures import COLUMNS, cells
from service.bench.goals import Verdict
from service.bench.plots import plot
from service.bench.report_text import machine_lines

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
table { border-collapse: collapse; display: block; overflow-x: auto }
th, td { border-bottom: 1px solid #ddd; padding: .3rem .6rem; text-align: left }
td { white-space: nowrap }
svg { display: block; margin: .6rem 0; width: 100% }
.met { color: #15803d } .missed { color: #b91c1c; font-weight: bold }
pre { white-space: pre-wrap }
"""
CLASSES = {Verdict.MET: "met", Verdict.LIMIT: "met", Verdict.MISSED: "missed"}


def report_html(result: BenchResult, notes: str = "") -> str:
    body = "\n".join(_body(result, notes))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>pricing-sync: figures'
        f"</title><style>{STYLE}</style></head><body>\n{body}\n</body></html>\n"
    )


def _body(result: BenchResult, notes: str) -> Iterator[str]:
    yield "<h1>Figures</h1>"
    yield "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in machine_lines(result)) + "</ul>"
    yield f"<p><strong>{escape(result.last_line)}</strong></p>"
    for scenario in result.scenarios:
        yield from _section(scenario)
    if notes:
        yield f"<h2>Notes</h2><pre>{escape(notes)}</pre>"


def _section(scenario: ScenarioResult) -> Iterator[str]:
    beside = f", beside {scenario.beside}" if scenario.beside else ""
    yield f"<h2>{escape(scenario.name)}</h2><p>{escape(scenario.what + beside)}</p>"
    if scenario.error:
        yield f'<p class="missed">Failed: {escape(scenario.error)}</p>'
    if not scenario.measured:
        return
    head = "".join(f"<th>{escape(column)}</th>" for column in COLUMNS)
    yield f"<table><tr>{head}</tr>"
    for judged in scenario.measured:
        yield _row(judged)
    yield "</table>"
    for judged in scenario.measured:
        if len(judged.measurement.ours) > 1:
            yield f"<p>{escape(judged.measurement.name)}: {escape(judged.measurement.what)}</p>"
            yield plot(judged.measurement)


def _row(judged: Judged) -> str:
    kind = CLASSES.get(judged.verdict, "")
    found = "".join(f"<td>{escape(cell)}</td>" for cell in cells(judged))
    return f'<tr class="{kind}">{found}</tr>'
