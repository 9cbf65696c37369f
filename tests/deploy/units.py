"""Read systemd's units as it would start them: command line, environment, copied credentials."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import ROOT

UNITS = ROOT / "deploy" / "systemd"
INSTALLED = "/opt/pricing-sync/bin/pricing-sync"
CONFIGURED = "/etc/pricing-sync"


@dataclass(frozen=True)
class Unit:
    """``section`` maps to its assignments, in order; drop-ins are not read."""

    name: str
    assignments: tuple[tuple[str, str, str], ...]

    def values(self, section: str, key: str) -> list[str]:
        return [v for s, k, v in self.assignments if (s, k) == (section, key)]

    def value(self, section: str, key: str) -> str:
        (only,) = self.values(section, key)
        return only

    def command(self) -> list[str]:
        program, *arguments = shlex.split(self.value("Service", "ExecStart"))
        assert program == INSTALLED
        return arguments

    def environment(self, configured: Path, credentials: Path) -> dict[str, str]:
        """``configured`` replaces /etc/pricing-sync; the copies are below ``credentials``."""
        mine = credentials / self.name
        mine.mkdir(parents=True)
        for credential in self.values("Service", "LoadCredential"):
            identifier, _, path = credential.partition(":")
            shutil.copy(_below(configured, path), mine / identifier)
        found: dict[str, str] = {}
        for path in self.values("Service", "EnvironmentFile"):
            file = _below(configured, path.removeprefix("-"))
            if file.exists() or not path.startswith("-"):
                found |= _assignments(file.read_text().splitlines())
        given = [v.replace("%d", str(mine)) for v in self.values("Service", "Environment")]
        return found | _assignments(given)


def read_unit(path: Path) -> Unit:
    return Unit(path.name, tuple(_read(path.read_text())))


def _read(text: str) -> Iterator[tuple[str, str, str]]:
    section = ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            yield section, key, value


def _below(configured: Path, path: str) -> Path:
    return configured / Path(path).relative_to(CONFIGURED)


def _assignments(lines: list[str]) -> dict[str, str]:
    given = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in given}
