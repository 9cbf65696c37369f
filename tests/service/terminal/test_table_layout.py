"""Tables on a narrow terminal: no column is lost, and no id is broken where it must not be."""

from __future__ import annotations

import io

import pytest

from service.terminal.output import Terminal
from service.terminal.table_layout import Column, folded_text

UUID = "0191c0de-1234-4000-8000-0123456789ab"
COLUMNS = (
    Column("provider"),
    Column("model", fixed=False),
    Column("input/1M", right=True),
    Column("output/1M", right=True),
    Column("cache read", right=True, optional=True),
    Column("state"),
    Column("error", fixed=False),
    Column("source", optional=True),
)
ROWS = [
    (
        "openrouter",
        "anthropic/claude-opus-4.1:free",
        "15",
        "75",
        "1.5",
        "priced",
        f"job {UUID}",
        "a",
    ),
    ("novita", "m", "0.25", "1", "-", "free", "-", "b"),
]


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(width: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    screen = Screen()
    Terminal(screen).table(COLUMNS, ROWS)
    return screen.getvalue().splitlines()


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
def test_no_column_is_lost_and_no_line_is_too_long(
    monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    lines = shown(width, monkeypatch)
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    for column in COLUMNS:
        assert column.title in text
    for cell in ("openrouter", "anthropic/", "1.5", "priced", UUID, "0.25"):
        assert cell in text, cell


def test_a_wide_terminal_has_one_line_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    header, _, first, second = shown(200, monkeypatch)
    assert header.split() == [column.title for column in COLUMNS[:4]] + [
        "cache", "read", "state", "error", "source"
    ]  # fmt: skip
    assert first.split()[:2] == ["openrouter", "anthropic/claude-opus-4.1:free"]
    assert second.split()[:2] == ["novita", "m"]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("short", 10, ["short"]),
        ("", 10, [""]),
        ("maker/model-one", 10, ["maker/", "model-one"]),
        ("a b c d", 3, ["a b", "c d"]),
        (f"see {UUID} for it", 20, ["see", UUID, "for it"]),
        (f"x{UUID}y", 36, ["x", UUID, "y"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("abcdef-ghij", 8, ["abcdef-", "ghij"]),
    ],
)
def test_where_a_text_folds(text: str, width: int, lines: list[str]) -> None:
    assert folded_text(text, width) == lines
