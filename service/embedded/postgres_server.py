"""Creates, starts, finds and stops a Postgres server process, for ``up`` and for the tests.

Postgres refuses to run as root, so root runs each program as an unprivileged ``Account``.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from service.embedded.program import PIPE, Program
from service.errors import EmbeddedPostgresError

PORT = 5432
LOG_LINES = 8

# A fast shutdown writes a checkpoint, which takes long on a slow disk.
FAST_SHUTDOWN_SECONDS = 20.0
IMMEDIATE_SHUTDOWN_SECONDS = 5.0


@dataclass(frozen=True)
class Account:
    """The user that the server runs as."""

    name: str
    uid: int
    gid: int

    def popen_arguments(self) -> dict[str, Any]:
        """The arguments with which ``subprocess`` becomes this user; empty if we are it."""
        if os.geteuid() == self.uid:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Make this user the owner of a directory, closed to other users."""
        os.chown(path, self.uid, self.gid, follow_symlinks=False)
        path.chmod(0o700)

    def can(self, test: str, path: Path) -> bool:
        """Run ``test -r``, ``-w`` or ``-x`` as this user: mode bits alone do not tell."""
        arguments = ("-c", f'test {test} "$1"', "sh", str(path))
        shell = Program(
            Path("/bin/sh"), *arguments, environment={}, cwd="/", **self.popen_arguments()
        )
        return shell.wait() == 0


def own_account() -> Account:
    return account_of(os.geteuid())


def unprivileged_account() -> Account:
    """The account that runs a server: our own; for root ``postgres``, else ``nobody``."""
    if os.geteuid() != 0:
        return own_account()
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedPostgresError(
        "Postgres does not run as root, and there is neither a user postgres nor nobody.",
        hint="Run this as an ordinary user, or set DATABASE_URL to a Postgres of yours.",
    )


def account_of(uid: int) -> Account:
    """The account of a user id; in a container it may have no name."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return Account(f"uid {uid}", uid, os.getegid())
    return Account(entry.pw_name, uid, entry.pw_gid)


@dataclass
class PostgresServer:
    """A data directory and the process that serves it.

    ``programs`` contains initdb and postgres; ``home`` belongs to ``account`` and will contain
    ``data``; we open ``log``, so it may be where ``account`` cannot write.
    """

    programs: Path
    home: Path
    log: Path
    account: Account
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int = PORT
    process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        return self.home / "data"

    def has_data(self) -> bool:
        return (self.data / "PG_VERSION").exists()

    def create_data(self, *options: str) -> None:
        """Run initdb in a temporary directory: an interrupted run leaves no partial data."""
        unfinished = self.home / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        arguments = [
            f"--pgdata={unfinished}",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-sync",
            "--no-instructions",
            *options,
        ]
        with Program(
            self.programs / "initdb",
            *arguments,
            environment=self._environment(),
            output=PIPE,
            cwd=self.home,
            **self.account.popen_arguments(),
        ) as initdb:
            printed, _ = initdb.communicate()
        if initdb.returncode != 0:
            self._fail("initdb failed", printed.decode(errors="replace"))
        unfinished.rename(self.data)

    def start(self, socket_directory: Path, *, timeout: float = 60.0) -> None:
        """Start the server and wait until it accepts connections."""
        deadline = time.monotonic() + timeout
        # A path may hold a space or a comma, and this setting is a list.
        quoted = '"{}"'.format(str(socket_directory).replace('"', '""'))
        settings = {
            "port": str(self.port),
            "listen_addresses": "",
            **self.settings,
            "unix_socket_directories": quoted,
            "unix_socket_permissions": "0700",
        }
        arguments = ["-D", str(self.data)]
        for name, value in settings.items():
            arguments += ["-c", f"{name}={value}"]
        while True:
            begin = self._launch(arguments)
            if self._wait_until_ready(deadline):
                return
            output = self._log_since(begin)
            # The backends of a killed server need a moment to exit.
            if "shared memory block" not in output or time.monotonic() > deadline:
                self.stop()
                self._fail("the Postgres server did not start", output)
            time.sleep(0.2)

    def running_pid(self) -> int | None:
        """The process id of a server of this data directory, even if another process started it."""
        lines = self._pid_file_lines()
        if not lines or not lines[0].strip().isdigit():
            return None
        pid = int(lines[0])
        if self.process is not None and pid == self.process.pid:
            return pid if self.process.poll() is None else None
        # After a crash another process may have the id by now.
        return pid if self._serves(pid) else None

    def is_ready(self) -> bool:
        lines = self._pid_file_lines()
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def socket_directory(self) -> Path:
        """The socket directory of the running server, from its pid file."""
        return Path(self._pid_file_lines()[4])

    def running_port(self) -> int:
        """The port of the running server, which its socket is named for, from its pid file."""
        return int(self._pid_file_lines()[3])

    def tcp_port(self) -> int | None:
        """The port that the running server listens on; None if it has only its socket."""
        return self.running_port() if self._pid_file_lines()[5].strip() else None

    def forget_dead_server(self, socket_directory: Path) -> None:
        """Remove what a killed server left, so that a reused process id does not prevent a start.

        The pid file stays, because it has the key by which Postgres looks for orphaned backends. It
        gets our process id, which Postgres ignores as that of its parent.
        """
        for name in (f".s.PGSQL.{self.port}", f".s.PGSQL.{self.port}.lock"):
            (socket_directory / name).unlink(missing_ok=True)
        lines = self._pid_file_lines()
        if not lines:
            return
        replacement = self.data / "postmaster.pid.new"
        replacement.unlink(missing_ok=True)
        descriptor = os.open(replacement, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            os.fchown(file.fileno(), self.account.uid, self.account.gid)
            file.write("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
        replacement.rename(self.data / "postmaster.pid")

    def stop(self) -> None:
        """Stop the server: fast, then immediate, then by SIGKILL; returns when it is gone."""
        pid = self.running_pid()
        if pid is None and self.process is not None and self.process.poll() is None:
            pid = self.process.pid  # it has not written its pid file yet
        if pid is not None:
            for number, seconds in (
                (signal.SIGINT, FAST_SHUTDOWN_SECONDS),
                (signal.SIGQUIT, IMMEDIATE_SHUTDOWN_SECONDS),
                (signal.SIGKILL, IMMEDIATE_SHUTDOWN_SECONDS),
            ):
                if self._signal_and_wait(pid, number, seconds):
                    break
        if self.process is not None:
            self.process.wait()
            self.process = None

    def _launch(self, arguments: list[str]) -> int:
        """Start the process; returns the offset in the log where its lines begin."""
        with self.log.open("ab") as log:
            begin = log.tell()
            self.process = Program(
                self.programs / "postgres",
                *arguments,
                environment=self._environment(),
                output=log,
                cwd=self.home,
                # A new session: Ctrl-C must not stop the server before its clients.
                start_new_session=True,
                **self.account.popen_arguments(),
            )
        return begin

    def _wait_until_ready(self, deadline: float) -> bool:
        while (process := self.process) is not None and process.poll() is None:
            if self.running_pid() == process.pid and self.is_ready():
                return True
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        return False

    def _signal_and_wait(self, pid: int, number: signal.Signals, seconds: float) -> bool:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return True
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._is_gone(pid):
                return True
            time.sleep(0.02)
        return False

    def _is_gone(self, pid: int) -> bool:
        if self.process is not None and self.process.pid == pid:
            return self.process.poll() is not None
        return not self._serves(pid)

    def _serves(self, pid: int) -> bool:
        return f" -D {self.data} -c " in _command_line(pid)

    def _pid_file_lines(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _log_since(self, begin: int) -> str:
        with self.log.open("rb") as log:
            log.seek(begin)
            return log.read().decode(errors="replace")

    def _fail(self, what: str, output: str) -> NoReturn:
        lines = [line for line in output.splitlines() if line.strip()][-LOG_LINES:]
        raise EmbeddedPostgresError(
            f"{what}: " + ("\n".join(lines) or "it printed nothing"), hint=f"Its log is {self.log}."
        )

    def _environment(self) -> dict[str, str]:
        # Nothing else: another user's process must not get our settings and keys.
        inherited = {name: os.environ.get(name) for name in ("PATH", "LD_LIBRARY_PATH")}
        kept = {name: value for name, value in inherited.items() if value}
        return {"PATH": os.defpath, **kept, "LC_ALL": "C", "TZ": "UTC"}


def _command_line(pid: int) -> str:
    """The command line of a process, empty when there is none."""
    if Path("/proc/self").exists():
        try:
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return ""
        return os.fsdecode(arguments.replace(b"\0", b" "))
    ps = Program(
        Path("/bin/ps"), "-ww", "-o", "command=", "-p", str(pid), environment={}, output=PIPE
    )
    printed, _ = ps.communicate()
    return os.fsdecode(printed)
