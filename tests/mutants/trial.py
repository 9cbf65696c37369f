"""Try mutants in a copy of the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from pathlib import Path

from tests.mutants.mutant import ROOT, Mutant

COPIED = ("service", "tests", "db", "migrations", "docs")
FILES = ("pyproject.toml", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile")
SECONDS = 300


class Verdict(StrEnum):
    KILLED = "killed"
    SURVIVED = "SURVIVED"
    # Neither: the tests could not run, so it is unknown whether they would notice.
    UNTRIED = "UNTRIED"


@dataclass(frozen=True)
class Trial:
    """The verdict on one mutant, and pytest's output."""

    mutant: Mutant
    verdict: Verdict
    seconds: float
    output: str


class Copy:
    """A copy of the checkout, so that edits stay separate from the original."""

    def __init__(self, directory: Path, root: Path = ROOT) -> None:
        self.root = directory
        self._seconds = count(1)
        for name in COPIED:
            shutil.copytree(root / name, directory / name, ignore=shutil.ignore_patterns("*.pyc"))
        for name in FILES:
            shutil.copy2(root / name, directory / name)

    def remove(self) -> None:
        shutil.rmtree(self.root)

    def try_mutant(self, mutant: Mutant) -> Trial:
        """Run the mutant's tests on the mutant."""
        started = time.monotonic()
        if (problem := mutant.problem(self.root)) is not None:
            return Trial(mutant, Verdict.UNTRIED, 0, problem)
        with self._edited(mutant):
            status, output = self.run(*mutant.tests)
        return Trial(mutant, _verdict(status, output), time.monotonic() - started, output)

    def run(self, *tests: str) -> tuple[int, str]:
        """Run tests in the copy until one fails; returns pytest's exit status and output."""
        # Plain assertions: rewriting them is most of pytest's start-up time.
        options = ["-x", "-q", "--tb=line", "--assert=plain", "-p", "no:cacheprovider"]
        command = [sys.executable, "-m", "pytest", *options, "-p", "no:xdist", *tests]
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("PYTEST_") and name != "PYTHONDONTWRITEBYTECODE"
        }
        answer = subprocess.run(
            command,
            cwd=self.root,
            env={**environment, "PYTHONPATH": str(self.root)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
        )
        return answer.returncode, answer.stdout

    @contextmanager
    def _edited(self, mutant: Mutant) -> Iterator[None]:
        path = self.root / mutant.file
        original, times = path.read_text(), path.stat()
        path.write_text(original.replace(mutant.text, mutant.instead))
        # Python trusts compiled code by mtime in seconds and size: each edit needs its own mtime.
        os.utime(path, (times.st_atime, times.st_mtime + next(self._seconds)))
        try:
            yield
        finally:
            path.write_text(original)
            os.utime(path, (times.st_atime, times.st_mtime))


def _verdict(status: int, output: str) -> Verdict:
    if status == 0:
        return Verdict.SURVIVED
    # A failing set-up is an error, not a failure: the test itself has not run on the mutant.
    failed = re.search(r"^\d+ failed\b", output, re.MULTILINE)
    return Verdict.KILLED if status == 1 and failed else Verdict.UNTRIED
