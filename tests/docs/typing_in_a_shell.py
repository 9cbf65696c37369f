"""Run a document's commands in a shell, word for word, with this machine's paths."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.docs.runbook import filled, reader_environment

TYPED_SECONDS = 170


@dataclass
class Shell:
    """A shell in ``home``; ``replaced`` maps the document's texts to this machine's."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)
    replaced: dict[str, str] = field(default_factory=dict)

    @property
    def programs(self) -> Path:
        return self.home / "programs"

    def stand_in(self, name: str, script: str) -> None:
        """Replace a program that this machine lacks; ``script`` is bash, ``$LOG`` its own log."""
        self.programs.mkdir(exist_ok=True)
        path = self.programs / name
        path.write_text(f"#!/bin/bash\nset -euo pipefail\nLOG={self.log(name)}\n{script}\n")
        path.chmod(0o755)

    def log(self, name: str) -> Path:
        return self.home / f"{name}.log"

    def logged(self, name: str) -> list[str]:
        return self.log(name).read_text().splitlines()

    def type(self, text: str, *, status: int = 0, **words: object) -> str:
        """Run the text; returns its stdout."""
        for written, meant in self.replaced.items():
            assert written in text, f"no {written} in {text}"
            text = text.replace(written, meant)
        environment = reader_environment()
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", filled(text, **words)],
            env=environment | {"PATH": f"{self.programs}:{environment['PATH']}"} | self.environment,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TYPED_SECONDS,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout


PYTHON = Path(sys.executable)
