"""Keep the processes of a run running as a service manager does: restart those that end."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.processes import ROOT, TRACEBACK, Process, Processes

LAST_LINES = 25
# A process must end within this time after SIGTERM.
STOP_SECONDS = 10.0
# Start-up time on a busy machine. A death by the signal itself is still detected later.
STARTING_SECONDS = 20.0
# A dead network may go undetected this long; a worker stopped meanwhile cannot hand back its sync.
DEAD_NETWORK_SECONDS = 30.0
LEFT = "Stopped before the end of"
# Stops restarting processes that fail at start.
MOST_PROBLEMS = 30
# A log record of the engine's command line: level, logger, message.
RECORD = re.compile(r"^(?:DEBUG|INFO|WARNING|ERROR|CRITICAL):([\w.]+):", re.MULTILINE)
END = re.compile(r"^\w.*$", re.MULTILINE)


@dataclass
class Service:
    """One service: its command, and the process that runs now."""

    name: str
    module: str
    arguments: tuple[str, ...]
    variables: dict[str, str]
    process: Process
    started_at: float = field(default_factory=time.monotonic)
    is_suspended: bool = False
    is_expected_to_end: bool = False
    network_died_at: float = float("-inf")


class ServiceManager:
    """``problems`` lists what none of our processes may do: end unasked, or leave a traceback."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._services: dict[str, Service] = {}
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="service manager", daemon=True)
        self._history: list[tuple[str, Process]] = []
        self.problems: list[str] = []
        self.starts: Counter[str] = Counter()

    @contextmanager
    def running(self) -> Iterator[ServiceManager]:
        """Restart ended processes until the end of the block, then stop them all."""
        self._thread.start()
        try:
            yield self
        finally:
            self._end()

    def add(self, name: str, module: str, *arguments: str, **variables: str) -> None:
        """Start a process and keep it running; keyword arguments are environment variables."""
        with self._lock:
            process = self._start(name, module, arguments, variables)
            self._services[name] = Service(name, module, arguments, variables, process)

    def names(self, prefix: str = "") -> list[str]:
        return sorted(name for name in self._services if name.startswith(prefix))

    def is_up(self, name: str) -> bool:
        """Whether it runs and may be sent a signal: no other thread has stopped or killed it."""
        with self._lock:
            service = self._services[name]
            return service.process.is_running and not (
                service.is_suspended or service.is_expected_to_end
            )

    def kill(self, name: str) -> bool:
        """SIGKILL; False when it was not up."""
        with self._lock:
            if not self.is_up(name):
                return False
            service = self._services[name]
            service.is_expected_to_end = True
            service.process.send(signal.SIGKILL)
            return True

    def suspend(self, name: str) -> bool:
        """SIGSTOP, until ``resume``; False when it was not up."""
        with self._lock:
            if not self.is_up(name):
                return False
            self._services[name].is_suspended = True
            self._services[name].process.send(signal.SIGSTOP)
            return True

    def note_dead_network(self, name: str) -> None:
        """Its connections are dead now, and it has not been notified."""
        with self._lock:
            self._services[name].network_died_at = time.monotonic()

    def resume(self, name: str) -> None:
        with self._lock:
            service = self._services[name]
            service.is_suspended = False
            if service.process.is_running:
                service.process.send(signal.SIGCONT)

    def terminate(self, name: str) -> bool:
        """Send SIGTERM and wait: it must end within ten seconds, with status 0."""
        with self._lock:
            if not self.is_up(name):
                return False
            service = self._services[name]
            process, age = service.process, time.monotonic() - service.started_at
            is_cut_off = time.monotonic() - service.network_died_at < DEAD_NETWORK_SECONDS
            service.is_expected_to_end = True
        process.send(signal.SIGTERM)
        try:
            status = process.wait(STOP_SECONDS + 2)
        except AssertionError:
            self.problems.append(f"{name} did not end on SIGTERM:\n{_last_lines(process)}")
            process.send(signal.SIGKILL)
            return True
        if status == 1 and is_cut_off and LEFT in process.output:
            return True
        # A starting process has no handler yet, and nothing to hand back.
        if status != 0 and not (status == -signal.SIGTERM and age < STARTING_SECONDS):
            self.problems.append(f"{name} ended with {status} on SIGTERM:\n{_last_lines(process)}")
        return True

    def outputs(self) -> list[tuple[str, str]]:
        """Name and output of every process that was started, oldest first."""
        return [(name, process.output) for name, process in self._history]

    def _watch(self) -> None:
        while not self._stopping.wait(0.03):
            with self._lock:
                for service in self._services.values():
                    if not service.process.is_running and not self._stopping.is_set():
                        self._start_again(service)
                if len(self.problems) > MOST_PROBLEMS:
                    return

    def _start_again(self, service: Service) -> None:
        if not service.is_expected_to_end:
            self.problems.append(
                f"{service.name} ended by itself with {service.process.wait(1)}:\n"
                f"{_last_lines(service.process)}"
            )
        service.process = self._start(
            service.name, service.module, service.arguments, service.variables
        )
        service.is_expected_to_end = service.is_suspended = False
        service.started_at = time.monotonic()

    def _start(
        self, name: str, module: str, arguments: tuple[str, ...], variables: dict[str, str]
    ) -> Process:
        process = self._processes.start(module, *arguments, may_fail=True, cwd=ROOT, **variables)
        self._history.append((name, process))
        self.starts[name] += 1
        return process

    def _end(self) -> None:
        self._stopping.set()
        self._thread.join()
        for name in self.names():
            self.resume(name)
        threads = [
            threading.Thread(target=self.terminate, args=[name], daemon=True)
            for name in self.names()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._processes.end()
        for name, output in self.outputs():
            where = _traceback_in(output)
            if where is not None:
                # Matches up to the line that names the error, the first that is not indented.
                named = END.search(output, where + len(TRACEBACK))
                shown = output[max(where - 600, 0) : named.end() if named else None]
                self.problems.append(f"{name} left a traceback:\n{shown}")


def _traceback_in(output: str) -> int | None:
    """Find where a traceback of ours begins.

    The engine's command line logs the engine's errors with tracebacks, for instance lost
    connections; our commands log them without.
    """
    where = output.find(TRACEBACK)
    while where >= 0:
        loggers = RECORD.findall(output, 0, where)
        if not loggers or not loggers[-1].startswith("procrastinate"):
            return where
        where = output.find(TRACEBACK, where + 1)
    return None


def _last_lines(process: Process) -> str:
    return "\n".join(process.output.splitlines()[-LAST_LINES:])
