"""Start, watch and end real processes of ours for a test, by process id."""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import httpx2

from tests.support.fork_server import ForkedProcess, ForkServer, needs_interpreter
from tests.support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
ADMIN_KEY = "a-key-that-only-tests-know"

# The test itself sets what decides it, not the shell that started the tests.
FOREIGN_VARIABLES = ("PRICING_", "DATABASE_URL", "PG", "TEST_", "PYTEST_", "COLUMNS", "NO_COLOR")

Run = Callable[..., "subprocess.CompletedProcess[str]"]

TRACEBACK = "Traceback (most recent call last)"


_fork_server: ForkServer | None = None


def start_module(
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    cwd: Path,
    streams: tuple[IO[bytes] | None, IO[bytes], IO[bytes]],
    interpreter: bool = False,
) -> subprocess.Popen[bytes] | ForkedProcess:
    """Start ``python -m`` in a session of its own, so that its children can be ended with it."""
    stdin, stdout, stderr = streams
    if interpreter or needs_interpreter(environment):
        return subprocess.Popen(
            [sys.executable, "-m", *arguments],
            stdin=stdin or subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            cwd=cwd,
            env=environment,
            start_new_session=True,
        )
    with open(os.devnull, "rb") as nothing:
        descriptors = [(stdin or nothing).fileno(), stdout.fileno(), stderr.fileno()]
        return _the_fork_server().start(
            arguments, environment=environment, cwd=cwd, streams=descriptors, new_session=True
        )


def _the_fork_server() -> ForkServer:
    global _fork_server
    if _fork_server is None or _fork_server.popen.poll() is not None:
        _fork_server = ForkServer()
        atexit.register(_fork_server.stop)
    return _fork_server


def _content(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode(errors="replace")


def answers(url: str) -> bool:
    """Whether a web server responds there, with any status."""
    try:
        httpx2.get(url, timeout=5)
    except httpx2.TransportError:
        return False
    return True


@dataclass
class Process:
    """One process; stdout and stderr each go to a file that the test can read at any time."""

    name: str
    popen: subprocess.Popen[bytes] | ForkedProcess
    file: Path
    may_fail: bool = False

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def output(self) -> str:
        return self.file.read_text(errors="replace")

    @property
    def is_running(self) -> bool:
        return self.popen.poll() is None

    def wait(self, timeout: float = 60.0) -> int:
        """Wait for its end; returns the exit status."""
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end:\n{self.output}") from None

    def wait_for_output(self, text: str, timeout: float = 60.0) -> str:
        """Wait until it has printed a text; returns all its output so far."""
        wait_until(
            lambda: text in self.output or not self.is_running, timeout, f"{text!r} by {self.name}"
        )
        assert text in self.output, f"{self.name} ended without {text!r}:\n{self.output}"
        return self.output

    def send(self, number: signal.Signals) -> None:
        self.popen.send_signal(number)

    def stop(self, timeout: float = 60.0) -> int:
        """Send SIGTERM and wait for the end; returns the exit status."""
        self.popen.terminate()
        return self.wait(timeout)


class Processes:
    """Start processes of ours on one database; the fixture calls ``end``.

    ``interpreters``: start each with its own interpreter, for tests of imports and memory.
    """

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        self.directory = directory
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(FOREIGN_VARIABLES)
            },
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "PRICING_ADMIN_KEY": ADMIN_KEY,
            "PRICING_ALLOW_PRIVATE_HOSTS": "1",
            **environment,
        }
        self.interpreters = False
        self._started: list[Process] = []

    def service(
        self, *arguments: str, may_fail: bool = False, cwd: Path = ROOT, **variables: str
    ) -> Process:
        """Start ``python -m service ...``; further keyword arguments are environment variables."""
        return self.start("service", *arguments, may_fail=may_fail, cwd=cwd, **variables)

    def procrastinate(
        self, *arguments: str, may_fail: bool = False, cwd: Path = ROOT, **variables: str
    ) -> Process:
        """Start ``procrastinate --app=service.worker.app ...``."""
        app = "--app=service.worker.app"
        return self.start("procrastinate", app, *arguments, may_fail=may_fail, cwd=cwd, **variables)

    def start(
        self,
        module: str,
        *arguments: str,
        may_fail: bool = False,
        cwd: Path = ROOT,
        **variables: str,
    ) -> Process:
        """Start ``python -m module``. ``may_fail``: a traceback in its output is expected."""
        name = " ".join((module, *arguments))
        file = self.directory / f"process-{len(self._started) + 1}.log"
        with file.open("wb") as output:
            popen = start_module(
                [module, *arguments],
                environment={**self.environment, **variables},
                cwd=cwd,
                streams=(None, output, output),
                interpreter=self.interpreters,
            )
        process = Process(name, popen, file, may_fail)
        self._started.append(process)
        return process

    def run(
        self, *arguments: str, cwd: Path = ROOT, timeout: float = 120, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run ``python -m service ...`` to its end, with stdout and stderr apart."""
        with TemporaryFile() as stdout, TemporaryFile() as stderr:
            popen = start_module(
                ["service", *arguments],
                environment={**self.environment, **variables},
                cwd=cwd,
                streams=(None, stdout, stderr),
                interpreter=self.interpreters,
            )
            try:
                status = popen.wait(timeout)
            except subprocess.TimeoutExpired:
                os.killpg(popen.pid, signal.SIGKILL)
                popen.wait()
                raise
            texts = [_content(stream) for stream in (stdout, stderr)]
        return subprocess.CompletedProcess([*arguments], status, *texts)

    def end(self) -> None:
        """End what still runs; AssertionError if a process hung or left a traceback."""
        running = [process for process in self._started if process.is_running]
        for process in running:
            process.popen.terminate()
        problems = []
        for process in self._started:
            try:
                process.popen.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.popen.wait()
                problems.append(f"{process.name} did not end on SIGTERM:\n{process.output}")
            else:
                if TRACEBACK in process.output and not process.may_fail:
                    problems.append(f"{process.name} left a traceback:\n{process.output}")
        assert not problems, "\n\n".join(problems)
