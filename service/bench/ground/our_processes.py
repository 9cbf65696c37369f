"""Starts worker and web processes of this version, as an operator does, and reads their figures."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from service.embedded.program import Program
from service.errors import BenchFailed
from service.up.stopping import StopSignals

FOREIGN = ("PRICING_", "DATABASE_URL", "PG", "TEST_", "PYTEST_", "COLUMNS", "NO_COLOR")
STOP_SECONDS = 30
ADMIN_KEY = "a-key-that-only-the-benchmark-knows"
PACKAGE = Path(__file__).resolve().parents[2]


@dataclass
class OurProcess:
    """A running process; ``output`` is a file with what it prints, ``port`` where it listens."""

    program: Program
    output: Path
    port: int = 0

    @property
    def pid(self) -> int:
        return self.program.pid

    def stop(self) -> None:
        """Send SIGTERM and wait for the end."""
        self.program.terminate()
        try:
            self.program.wait(STOP_SECONDS)
        except TimeoutError:
            self.program.kill()
            raise

    def require_running(self) -> None:
        if self.program.poll() is not None:
            last = self.output.read_text(errors="replace").strip().splitlines()[-3:]
            raise BenchFailed("A process of ours has ended: " + " / ".join(last))

    def memory_mb(self, name: str = "VmRSS") -> float:
        """``VmRSS``, or ``VmHWM`` for the peak. Linux only."""
        try:
            text = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            raise BenchFailed("The memory of a process is read from /proc, on Linux.") from None
        found = re.search(rf"^{name}:\s+(\d+) kB", text, re.M)
        return int(found[1]) / 1024 if found else 0.0

    def reset_peak(self) -> None:
        """Forget the peak of its memory."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def cpu_seconds(self) -> float:
        """User and system time since its start. Linux only."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class OurProcesses:
    """Processes on one database; ``ended`` with the context of ``running_processes``."""

    def __init__(
        self, directory: Path, environment: Mapping[str, str], signals: StopSignals
    ) -> None:
        self._signals = signals
        self.directory = directory
        kept = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
        self.environment = {
            **kept,
            "PYTHONPATH": os.pathsep.join(
                [str(PACKAGE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
            ),
            "PYTHONUNBUFFERED": "1",
            "PRICING_ADMIN_KEY": ADMIN_KEY,
            "PRICING_ALLOW_PRIVATE_HOSTS": "1",
            **environment,
        }
        self.started: list[OurProcess] = []

    def start(self, *arguments: str, module: str = "service", **variables: str) -> OurProcess:
        """Start ``python -m service ...``; keyword arguments are environment variables."""
        output = self.directory / f"process-{len(self.started) + 1}.log"
        with output.open("wb") as file, self._signals.deferred():
            program = Program(
                Path(sys.executable),
                "-m",
                module,
                *arguments,
                environment={**self.environment, **variables},
                output=file,
                start_new_session=True,
            )
            process = OurProcess(program, output)
            self.started.append(process)
        return process

    def run(self, *arguments: str, **variables: str) -> int:
        """Run a command of ours to its end; returns its exit status."""
        process = self.start(*arguments, **variables)
        status = process.program.wait()
        self.started.remove(process)
        return status

    def end(self) -> None:
        for process in self.started:
            if process.program.poll() is None:
                process.program.terminate()
        for process in self.started:
            try:
                process.program.wait(STOP_SECONDS)
            except Exception:
                process.program.kill()
                process.program.wait()


@contextmanager
def running_processes(url: str, signals: StopSignals) -> Iterator[OurProcesses]:
    """``signals`` wait while a process starts, so that none is lost."""
    with tempfile.TemporaryDirectory(prefix="pricing-bench-") as directory:
        processes = OurProcesses(Path(directory), {"DATABASE_URL": url}, signals)
        try:
            yield processes
        finally:
            processes.end()
