"""Run the runbook, docs/operations.md, section by section, word for word."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.db.agreement import assert_agreed
from tests.db.pricing import Pricing, Row
from tests.docs.blocks import ROOT, Block
from tests.support.processes import FOREIGN_VARIABLES, Process, Processes

RUNBOOK = "docs/operations.md"

_HEADING = re.compile(r"^(#{1,3}) (.+)$")
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PLACEHOLDER = re.compile(r"<[a-z ]+>")
_END_OF_STATEMENT = re.compile(r";(?: +--[^\n]*)?\n")

# The result of a statement: its rows, or how many rows it changed.
Answer = list[Row] | int


def text(document: str = RUNBOOK) -> str:
    return (ROOT / document).read_text()


def sections(document: str = RUNBOOK) -> dict[str, str]:
    """The text below each heading, up to the next heading of any level."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text(document).splitlines(keepends=True):
        if heading := _HEADING.match(line):
            assert heading[2] not in found, f"two sections {heading[2]!r}"
            lines = found.setdefault(heading[2], [])
        else:
            lines.append(line)
    return {heading: "".join(lines) for heading, lines in found.items()}


def section_blocks(heading: str, document: str = RUNBOOK) -> list[Block]:
    return [Block(*found) for found in _FENCED.findall(sections(document)[heading])]


def prose(markdown: str) -> str:
    return _FENCED.sub("", markdown)


def tables(heading: str, document: str = RUNBOOK) -> list[list[dict[str, str]]]:
    """The tables of a section, a dict for each row."""
    found: list[list[dict[str, str]]] = []
    columns: list[str] | None = None
    for line in sections(document)[heading].splitlines():
        if not line.startswith("|"):
            columns = None
            continue
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if columns is None:
            columns = cells
            found.append([])
        elif set(line) - set("| -"):
            assert len(cells) == len(columns), line
            found[-1].append(dict(zip(columns, cells, strict=True)))
    return found


def code(cell: str) -> list[str]:
    """The words in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def statements(sql: str) -> list[str]:
    parts = _END_OF_STATEMENT.split(sql if sql.endswith("\n") else f"{sql}\n")
    assert not parts[-1].strip(), f"a statement without its semicolon: {parts[-1]}"
    return parts[:-1]


def filled(template: str, **words: object) -> str:
    """The template with its placeholders, such as ``<job id>``, replaced by real values."""
    for name, word in words.items():
        placeholder = f"<{name.replace('_', ' ')}>"
        assert placeholder in template, f"no {placeholder} in {template}"
        template = template.replace(placeholder, str(word))
    assert not _PLACEHOLDER.search(template), template
    return template


@dataclass
class Night:
    """One section, one database: ``pricing`` makes the situation, ``editor`` is the SQL editor."""

    heading: str
    pricing: Pricing
    editor: Pricing
    processes: Processes
    url: str
    directory: Path
    # The shell's variables beside DATABASE_URL.
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._left = section_blocks(self.heading)

    def sql(self, **words: object) -> list[Answer]:
        """Run the section's next block in the SQL editor; returns a result for each statement."""
        return [self.answer(statement) for statement in statements(self._next("sql", **words))]

    def sh(self, *, status: int = 0, **words: object) -> str:
        """Run the section's next block in a shell; returns what it printed."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self._next("sh", **words)],
            env={**reader_environment(), "DATABASE_URL": self.url, **self.variables},
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    def start(self, **variables: str) -> Process:
        """Start the section's next block, a process that keeps running."""
        words = shlex.split(self._next("sh"))
        program = words.index("pricing-sync")
        given = dict(word.split("=", 1) for word in words[:program])
        return self.processes.service(
            *words[program + 1 :], may_fail=False, cwd=ROOT, **given, **variables
        )

    def answer(self, statement: str) -> Answer:
        cursor = self.editor.connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description is not None else cursor.rowcount

    def assert_done(self) -> None:
        """Assert that every block was run, and that queue, log and job agree."""
        assert not self._left, f"{self.heading}: never run: {self._left}"
        assert_agreed(self.pricing.connection)
        status = self.editor.connection.info.transaction_status
        assert status == psycopg.pq.TransactionStatus.IDLE

    def _next(self, language: str, **words: object) -> str:
        assert self._left, f"{self.heading} has no further block"
        block = self._left.pop(0)
        assert block.language == language, f"{self.heading}: {block}"
        return filled(block.text, **words)


def rows(answer: Answer) -> list[Row]:
    assert isinstance(answer, list), f"not rows, but {answer} changed"
    return answer


def row(answer: Answer) -> Row:
    (only,) = rows(answer)
    return only


def reader_environment() -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_VARIABLES)
    }
    return {**kept, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
