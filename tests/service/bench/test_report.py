"""What a run says: its last line, its JSON, and the reports that are made from it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from service.bench.bench_result import BenchResult
from service.bench.goals import Goal, Kind
from service.bench.report_files import main, write_report
from service.bench.report_html import report_html
from service.bench.report_text import report_text
from tests.service.bench.results import SIX, judged_at, result_of

LIMITED = Goal(Kind.RATIO_AT_MOST, 6, limit=8, reason="Each row is hashed once.")


def test_the_last_line_names_what_was_missed() -> None:
    missed = result_of(judged_at(100))
    assert missed.last_line.startswith("missed: lists.worker")
    assert not missed.is_good
    failed = result_of(error="no server")
    assert failed.last_line.startswith("failed: lists")
    assert not failed.is_good
    unjudged = result_of(judged_at(70, is_loaded=True))
    assert unjudged.last_line.startswith("not judged: lists.worker")
    assert unjudged.is_good
    assert result_of(judged_at(50)).is_good


def test_json_says_figure_goal_verdict_and_machine() -> None:
    stored = result_of(judged_at(100)).to_json()
    (measured,) = stored["scenarios"][0]["measured"]
    assert (measured["figure"], measured["goal"], measured["verdict"]) == (10, "≤ 6 x", "missed")
    assert measured["measurement"]["ours"] == [100, 101, 102]
    assert stored["machine"]["fsync"] == "on"
    assert (stored["good"], stored["summary"][:6]) == (False, "missed")


def test_a_stored_result_gives_the_same_report() -> None:
    result = result_of(judged_at(100), judged_at(30))
    stored = json.loads(json.dumps(result.to_json()))
    again = BenchResult.from_json(stored, {"lists.worker": SIX})
    assert report_text(again) == report_text(result)
    assert again.to_json() == stored


def test_the_text_has_figures_limits_load_and_notes() -> None:
    text = report_text(result_of(judged_at(70, LIMITED), busy=0.9), "## Tried\n\nNothing.")
    assert "| lists.worker | 70.0 ms" in text
    assert "Each row is hashed once." in text
    assert "too loaded to judge" in text
    assert text.endswith("Nothing.\n")
    assert "too loaded" not in report_text(result_of(judged_at(10)))


def test_the_html_opens_without_a_network_and_escapes(tmp_path: Path) -> None:
    html = report_html(result_of(judged_at(100)))
    assert "a &lt;large&gt; list" in html
    assert html.count("<svg ") == 1
    addresses = set(re.findall(r'https?://[^"]+', html))
    assert addresses == {"http://www.w3.org/2000/svg"}
    write_report(result_of(judged_at(100)), tmp_path / "new")
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"report.html", "report.md"}


def test_the_document_is_made_from_a_stored_run_and_notes(tmp_path: Path) -> None:
    stored, notes, document = (tmp_path / name for name in ("r.json", "n.md", "d.md"))
    stored.write_text(json.dumps(result_of(judged_at(100)).to_json()))
    notes.write_text("## Tried and dropped\n")
    main(str(stored), str(notes), str(document))
    text = document.read_text()
    assert "lists.worker" in text
    assert "## Tried and dropped" in text
