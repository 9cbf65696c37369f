"""Writes the report of a run: ``report.html`` and ``report.md``, or ``docs/performance.md``.

``python -m service.bench.report_files RESULT.json NOTES.md docs/performance.md`` makes the document
of a checkout from a stored run and the notes.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from service.bench.bench_result import BenchResult
from service.bench.goals import read_goals
from service.bench.report_html import report_html
from service.bench.report_text import report_text


def write_report(result: BenchResult, directory: Path, notes: str = "") -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "report.md").write_text(report_text(result, notes))
    (directory / "report.html").write_text(report_html(result, notes))


def stored_result(*paths: Path) -> BenchResult:
    """The result that ``--json`` wrote; verdicts are those of its run.

    Of several runs of one machine: the first, with the scenarios of the others behind its own.
    """
    runs = [BenchResult.from_json(json.loads(path.read_text()), read_goals()) for path in paths]
    return replace(runs[0], scenarios=tuple(each for run in runs for each in run.scenarios))


def main(result: str, notes: str, document: str) -> None:
    text = report_text(stored_result(Path(result)), Path(notes).read_text())
    Path(document).write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
