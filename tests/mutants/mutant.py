"""The form of a mutant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Mutant:
    """``text``, which occurs once in ``file``, becomes ``instead``; one of ``tests`` must fail.

    ``why`` says what a customer would get; with the file it is the mutant's name. ``tests`` are
    arguments of pytest: a file, or ``file::test``.
    """

    file: str
    text: str
    instead: str
    tests: tuple[str, ...]
    why: str

    @property
    def name(self) -> str:
        return f"{self.file}: {self.why}"

    @property
    def needs_database(self) -> bool:
        return self.file.startswith("db/")

    def problem(self, root: Path = ROOT) -> str | None:
        """Why this mutant does not apply to the files as they are now; None if it does."""
        if self.text == self.instead:
            return f"{self.name}: nothing is changed"
        path = root / self.file
        found = path.read_text().count(self.text) if path.exists() else 0
        if found != 1:
            return f"{self.name}: the text occurs {found} times"
        missing = [test for test in self.tests if not (root / test.split("::")[0]).exists()]
        if missing or not self.tests:
            return f"{self.name}: no such tests: {', '.join(missing)}"
        return None
