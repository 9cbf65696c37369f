"""Plots as SVG: the spread of each measurement, ours above its peer's, on one scale.

Drawn here, since a box and a line need no library, and the report must open without a network.
"""

from __future__ import annotations

import math
from html import escape

from service.bench.figures import number
from service.bench.measurement import Measurement, quartiles, share_of

WIDTH, LEFT, RIGHT, ROW, TOP = 720, 90, 80, 30, 8
OURS, PEER = "#2563eb", "#9ca3af"


def plot(measurement: Measurement) -> str:
    """Quartiles as a box, the median as a line, the rest from least to most as a thin line."""
    rows = [("ours", measurement.ours, OURS)]
    if measurement.peer:
        rows.append(("beside it", measurement.peer, PEER))
    figures = [each for _, samples, _ in rows for each in samples]
    scale = _Scale(min(figures), max(figures))
    height = TOP + ROW * len(rows) + 6
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        f' aria-label="{escape(measurement.what)}">'
    ]
    for index, (name, samples, colour) in enumerate(rows):
        parts += _row(name, samples, colour, TOP + ROW * index, scale, measurement.unit)
    return "".join([*parts, "</svg>"])


class _Scale:
    """Logarithmic where the figures differ by more than ten times."""

    def __init__(self, least: float, most: float) -> None:
        self._is_log = least > 0 and most / least > 10
        self._least, self._most = self._of(least if self._is_log else min(0.0, least)), 0.0
        self._most = self._of(most)

    def x(self, value: float) -> float:
        span = (self._most - self._least) or 1.0
        share = (self._of(value) - self._least) / span
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def _of(self, value: float) -> float:
        return math.log10(value) if self._is_log else value


def _row(
    name: str, samples: tuple[float, ...], colour: str, top: int, scale: _Scale, unit: str
) -> list[str]:
    low, high = quartiles(samples)
    middle, centre = share_of(samples, 0.5), top + ROW / 2 - 3
    left, right = scale.x(low), scale.x(high)
    least, most, at = scale.x(min(samples)), scale.x(max(samples)), scale.x(middle)
    line = f'<line stroke="{colour}"'
    return [
        f'<text x="0" y="{centre + 4}" font-size="13">{escape(name)}</text>',
        f'{line} x1="{least}" x2="{most}" y1="{centre}" y2="{centre}" />',
        f'<rect x="{left}" y="{top + 4}" width="{max(1.0, right - left):.1f}" height="16"'
        f' fill="{colour}" fill-opacity="0.35" />',
        f'{line} stroke-width="2" x1="{at}" x2="{at}" y1="{top + 2}" y2="{top + 22}" />',
        f'<text x="{most + 6}" y="{centre + 4}" font-size="12">'
        f"{escape(f'{number(middle)} {unit}'.rstrip())}</text>",
    ]
