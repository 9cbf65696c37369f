"""How a measurement is written: in a table on a terminal, in Markdown and in HTML alike."""

from __future__ import annotations

from service.bench.bench_result import Judged
from service.bench.goals import Kind
from service.bench.measurement import quartiles

COLUMNS = ("measurement", "ours", "beside it", "figure", "goal", "before", "verdict", "n")


def cells(judged: Judged) -> tuple[str, ...]:
    """One row of the table with ``COLUMNS``."""
    measured, goal = judged.measurement, judged.goal
    figure = judged.figure
    is_ratio = goal is None or goal.kind not in (Kind.AT_MOST, Kind.AT_LEAST)
    return (
        measured.name,
        _spread(measured.value, measured.ours, measured.unit),
        _spread(measured.peer_value, measured.peer, measured.unit) if measured.peer else "-",
        "-" if figure is None or not is_ratio else f"{number(figure)} x",
        "-" if goal is None else goal.text(measured.unit),
        (goal.before if goal is not None else "") or "-",
        str(judged.verdict),
        str(len(measured.ours)),
    )


def number(value: float) -> str:
    """Three digits that count."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _spread(value: float | None, figures: tuple[float, ...], unit: str) -> str:
    if value is None:
        return "-"
    text = f"{number(value)} {unit}"
    if len(figures) < 3:
        return text
    low, high = quartiles(figures)
    return f"{text} ({number(low)} to {number(high)})"
