"""What the figures depend on: processors, versions, and how busy other work keeps the machine."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from service import __version__

# Share of all processors that is busy before a scenario starts anything.
TOO_BUSY = 0.4
LOOK_SECONDS = 0.4
PACKAGES = ("procrastinate", "psycopg", "asyncpg", "starlette", "uvicorn", "pgqueuer", "oban")


@dataclass(frozen=True)
class Machine:
    """``postgres`` and ``fsync`` are None until a server was needed."""

    version: str
    python: str
    system: str
    processors: int
    load_at_start: float
    packages: dict[str, str]
    postgres: str | None = None
    fsync: str | None = None
    load_at_end: float | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def this_machine() -> Machine:
    return Machine(
        version=__version__,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        processors=os.cpu_count() or 1,
        load_at_start=load(),
        packages={name: found for name in PACKAGES if (found := _version(name))},
    )


def load() -> float:
    return round(os.getloadavg()[0], 2)


def busy_share() -> float:
    """The share of the processors that works now, measured for a moment; 0 where it is unknown."""
    before = _ticks()
    time.sleep(LOOK_SECONDS)
    after = _ticks()
    total = sum(after) - sum(before)
    # The fourth and fifth are idle, and waiting for a disk.
    idle = sum(after[3:5]) - sum(before[3:5])
    return 1 - idle / total if total > 0 else 0.0


def _ticks() -> list[int]:
    try:
        return [int(each) for each in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    except OSError:
        return [0]


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
