"""``docs/performance.md``: stored runs of the benchmark, and the notes beside them.

``pricing-sync bench --quick --json docs/performance.json`` stores the quick scenarios, the others
are in files of their own; ``make docs`` makes the page.
"""

from __future__ import annotations

from service.bench.report_files import stored_result
from service.bench.report_text import report_text
from tests.support.processes import ROOT

PAGE = ROOT / "docs" / "performance.md"
STORED = ROOT / "docs" / "performance.json"
ALSO_STORED = [ROOT / "docs" / f"performance-{name}.json" for name in ("size", "snapshot")]
NOTES = ROOT / "docs" / "performance-notes.md"


def page() -> str:
    notes = NOTES.read_text(encoding="utf-8")
    # The title and the sentence below it are of the page of notes.
    return report_text(stored_result(STORED, *ALSO_STORED), notes[notes.index("\n## ") + 1 :])
