"""The child processes of ``up``: started, watched, started again when they die, stopped.

A child has a session of its own, so that Ctrl-C on the terminal reaches only ``up``. Its stdin is
a pipe from ``up``: when that is killed, the pipe closes and the child ends by itself.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from service.database_address.libpq_environment import environment_of_children
from service.embedded.program import PIPE, Program
from service.environment.secret_files import SUFFIX

FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 30.0

# A worker requeues its syncs and exits within 10 s of SIGTERM.
STOP_SECONDS = 12.0
KILL_SECONDS = 5.0

LOG_BYTES = 10_000_000
LOG_LINES = 12


@dataclass
class Child:
    """One process of ours: ``python -m service <command>``.

    ``environment`` is called at every start, and added to ours: secrets are never in argv.
    """

    command: str
    log: Path
    environment: Callable[[], Mapping[str, str]]
    process: subprocess.Popen[bytes] | None = None
    # Starts that did not last, in a row.
    failures: int = 0
    _started_at: float = 0.0
    _due_at: float | None = None
    _log_begin: int = field(default=0, repr=False)

    def start(self) -> None:
        own = self.environment()
        # A variable that is set here must not be overridden by a file of secrets.
        files = _files_of(own)
        ours = {k: v for k, v in environment_of_children().items() if k not in files}
        environment = {**ours, **own}
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._bound_log()
        with self.log.open("ab") as output:
            self._log_begin = output.tell()
            self.process = Program(
                Path(sys.executable).absolute(),
                *("-m", "service", self.command, "--with-parent"),
                environment=environment,
                input=PIPE,
                output=output,
                start_new_session=True,
            )
        self._started_at = time.monotonic()
        self._due_at = None

    def check(self) -> str | None:
        """Start it again if it has ended and its backoff is over; returns news for the operator."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self._bound_log()
            return None
        now = time.monotonic()
        if self._due_at is None:
            if now - self._started_at > LONGEST_BACKOFF_SECONDS:
                self.failures = 0
            backoff = min(FIRST_BACKOFF_SECONDS * 2**self.failures, LONGEST_BACKOFF_SECONDS)
            self.failures += 1
            self._due_at = now + backoff
            return (
                f"The {self.name} ended ({_how(self.process.returncode)}); "
                f"it is started again in {backoff:g} s. Its log: {self.log}"
            )
        if now >= self._due_at:
            self._close()
            self.start()
        return None

    def terminate(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait(self, seconds: float) -> None:
        """Wait for its end; kill it after these seconds."""
        if self.process is None:
            return
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(KILL_SECONDS)
        self._close()
        self.process = None

    def last_lines(self) -> list[str]:
        """The last lines that it has logged since its last start."""
        with self.log.open("rb") as log:
            log.seek(self._log_begin)
            return log.read().decode(errors="replace").splitlines()[-LOG_LINES:]

    @property
    def name(self) -> str:
        return "worker" if self.command == "worker" else "web process"

    def _bound_log(self) -> None:
        """Copy a large log to ``.1`` and truncate it; the child goes on appending."""
        with suppress(FileNotFoundError):
            if self.log.stat().st_size <= LOG_BYTES:
                return
            with self.log.open("r+b") as log:
                # Where the disk has no room for a copy, the log is only truncated.
                with (
                    suppress(OSError),
                    self.log.with_name(f"{self.log.name}.1").open("wb") as kept,
                ):
                    shutil.copyfileobj(log, kept)
                log.truncate(0)
            self._log_begin = 0

    def _close(self) -> None:
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()


def stop_children(children: list[Child]) -> None:
    """Send SIGTERM to all, wait, then SIGKILL those that still run."""
    for child in children:
        child.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        child.wait(max(deadline - time.monotonic(), 0))


def end_with_parent() -> None:
    """In a child: send ourselves SIGTERM when the parent ends, which closes our stdin."""

    def wait_for_the_end() -> None:
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait_for_the_end, name="parent watch", daemon=True).start()


def _files_of(variables: Iterable[str]) -> set[str]:
    return {variable + SUFFIX for variable in variables}


def _how(status: int) -> str:
    return f"exit status {status}" if status >= 0 else f"by {signal.Signals(-status).name}"
