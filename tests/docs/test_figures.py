"""The page of figures is made of a stored run, and this version's ratios are near those of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.bench.report_files import stored_result
from tests.docs import figures_page
from tests.support.processes import Run

SHORT = ("small", "first-read", "queue")
RATIOS = {"small.apply", "first-read.python", "queue.fetch"}
WIDE = 4


def test_the_page_is_what_make_docs_writes() -> None:
    assert figures_page.PAGE.read_text(encoding="utf-8") == figures_page.page()


@pytest.mark.long
def test_ratios_are_near_the_stored_ones(run: Run, tmp_path: Path) -> None:
    """Wide bounds: they find what became several times slower, on any machine."""
    file = tmp_path / "result.json"
    ended = run("bench", *SHORT, "--quick", "--json", str(file), timeout=170)
    stored, found = _ratios(figures_page.STORED), _ratios(file)
    assert found.keys() >= RATIOS, ended.stdout
    for name in RATIOS:
        assert found[name] < WIDE * stored[name], f"{name}: {found[name]}, {stored[name]} stored"


def _ratios(file: Path) -> dict[str, float]:
    return {
        judged.measurement.name: judged.measurement.ratio
        for scenario in stored_result(file).scenarios
        for judged in scenario.measured
        if judged.measurement.ratio is not None
    }
