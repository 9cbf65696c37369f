"""Start processes of ours by fork, from one that has imported everything already.

A started process is a normal one, with its own environment, directory, streams, signals and exit
status; it only saves the second that an interpreter spends on our imports. A test about that second
(imports, encodings, memory) starts an interpreter instead.

The server is ``python -m tests.support.fork_server FD``: each message on the socket FD is a request
with four descriptors, stdin, stdout, stderr and a pipe that gets the exit status.
"""

from __future__ import annotations

import gc
import io
import json
import os
import random
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import cast

ROOT = Path(__file__).resolve().parents[2]

IMPORTED = ("procrastinate.cli", "rich.console", "rich.live", "rich.table", "uvicorn")
# An interpreter reads these at its start, so a process with one needs a new interpreter.
AT_START = ("PYTHON", "LANG", "LC_")
LONGEST_REQUEST = 1 << 20


class ForkedProcess:
    """A process of the fork server, with the part of ``subprocess.Popen`` that tests use."""

    def __init__(self, pid: int, status: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._status = status

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its exit status, or minus the number of the signal that ended it."""
        if self.returncode is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
            text = os.read(self._status, 16)
            os.close(self._status)
            if not text:
                raise ChildProcessError("the fork server is gone, and with it the exit status")
            self.returncode = int(text)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class ForkServer:
    """The client's end of the socket. All tests of a process share the server, which ends with
    it."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(60)
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")
        }
        with theirs:
            command = [sys.executable, "-m", __name__, str(theirs.fileno())]
            self.popen = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**environment, "PYTHONPATH": str(ROOT)},
                pass_fds=[theirs.fileno()],
            )

    def start(
        self,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str],
        cwd: Path,
        streams: Sequence[int],
        new_session: bool = False,
    ) -> ForkedProcess:
        """Start ``python -m`` with these arguments; ``streams`` are stdin, stdout and stderr."""
        request = {
            "arguments": [*arguments],
            "environment": {**environment},
            "cwd": str(cwd),
            "new_session": new_session,
        }
        mine, theirs = os.pipe()
        try:
            socket.send_fds(self._socket, [json.dumps(request).encode()], [*streams, theirs])
            pid = int(self._socket.recv(64))
        except BaseException:
            os.close(mine)
            raise
        finally:
            os.close(theirs)
        return ForkedProcess(pid, mine)

    def stop(self) -> None:
        self._socket.close()
        self.popen.wait(30)


def needs_interpreter(environment: Mapping[str, str]) -> bool:
    """Whether these variables require a new interpreter."""
    return sys.platform != "linux" or any(
        value != (str(ROOT) if name == "PYTHONPATH" else os.environ.get(name))
        for name, value in environment.items()
        if name.startswith(AT_START) and name != "PYTHONUNBUFFERED"
    )


def _serve(control: socket.socket) -> str | None:
    """Serve requests until the socket is closed; in a child, return the module to run."""
    _import_all()
    waking, woken = os.pipe()
    for end in (waking, woken):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    statuses: dict[int, int] = {}
    while True:
        ready = select.select([control.fileno(), waking], [], [])[0]
        if waking in ready:
            with suppress(BlockingIOError):
                os.read(waking, 4096)
            _report_ended(statuses)
        if control.fileno() in ready:
            message, descriptors, _, _ = socket.recv_fds(control, LONGEST_REQUEST, 4)
            if not message:
                return None
            *streams, status = descriptors
            pid = os.fork()
            if pid == 0:
                # The number may soon belong to another file.
                control.detach()
                return _become(json.loads(message), streams)
            statuses[pid] = status
            for stream in streams:
                os.close(stream)
            control.send(str(pid).encode())


def _import_all() -> None:
    ours = (found.name for found in walk_packages([str(ROOT / "service")], "service."))
    for name in (*IMPORTED, *(name for name in ours if name != "service.__main__")):
        import_module(name)
    if threading.active_count() > 1:
        raise RuntimeError("an import has started a thread, which a fork would lack")
    gc.collect()
    gc.freeze()


def _report_ended(statuses: dict[int, int]) -> None:
    while statuses:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        pipe = statuses.pop(pid)
        with suppress(BrokenPipeError):
            os.write(pipe, str(os.waitstatus_to_exitcode(status)).encode())
        os.close(pipe)


def _become(request: dict[str, object], streams: Sequence[int]) -> str:
    """In the child: do what ``exec`` of an interpreter would have done."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if request["new_session"]:
        os.setsid()
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
    os.closerange(3, 1024)
    os.chdir(str(request["cwd"]))
    os.environ.clear()
    os.environ.update(cast("dict[str, str]", request["environment"]))
    time.tzset()
    random.seed()
    is_unbuffered = "PYTHONUNBUFFERED" in os.environ
    for name, opened in (
        ("stdin", io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)))),
        ("stdout", _output(1, "strict", is_unbuffered, os.isatty(1))),
        ("stderr", _output(2, "backslashreplace", is_unbuffered, True)),
    ):
        setattr(sys, name, opened)
        setattr(sys, f"__{name}__", opened)
    module, *arguments = cast("list[str]", request["arguments"])
    sys.argv = [module, *arguments]
    sys.path[0] = str(request["cwd"])
    return module


def _output(descriptor: int, errors: str, is_unbuffered: bool, is_line: bool) -> io.TextIOWrapper:
    raw = io.FileIO(descriptor, "wb", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding="utf-8",
        errors=errors,
        line_buffering=is_line,
        write_through=is_unbuffered,
    )


if __name__ == "__main__":
    child = _serve(socket.socket(fileno=int(sys.argv[1])))
    if child is not None:
        runpy.run_module(child, run_name="__main__", alter_sys=True)
