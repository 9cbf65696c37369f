"""The lock of a data directory, which one ``up`` takes; the file has the database's URLs."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path

from service.errors import AlreadyUp, SettingsError

FILE = "up.lock"

# Another command locks the file for a moment to look whether an `up` runs.
PATIENCE_SECONDS = 0.5


class Instance:
    """Locked from ``take`` to ``release``, or to the end of the process."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / FILE
        self._file: int | None = None

    def take(self) -> None:
        """Raise AlreadyUp if another process has locked the data directory.

        SettingsError: the directory cannot be made or written to.
        """
        try:
            file = self._open()
        except OSError as error:
            raise SettingsError(
                f"{self.path.parent.absolute()} cannot be used: {error.strerror}.",
                hint="`up` keeps its data there; PRICING_DATA_DIR names another place.",
            ) from error
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not _lock(file, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                pid = _read(file).get("pid", "unknown")
                os.close(file)
                raise AlreadyUp(
                    f"Another `pricing-sync up` (process {pid}) is using {self.path.parent}.",
                    hint=f"Stop that one first (Ctrl-C, or kill {pid}), or set PRICING_DATA_DIR.",
                )
            time.sleep(0.05)
        self._file = file
        self.publish(None)

    def _open(self) -> int:
        if not self.path.parent.exists():
            self.path.parent.mkdir(parents=True)
            # Regardless of the umask: under root the embedded server's user must be able to enter.
            self.path.parent.chmod(0o755)
        return os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)

    def publish(self, embedded_url: str | None, client_url: str | None = None) -> None:
        """Write the embedded database's URLs for other commands; never a URL of the operator.

        ``client_url``: the one for other programs, with a password.
        """
        if self._file is None:
            raise ValueError("not taken")
        content = {"pid": os.getpid(), "database_url": embedded_url, "client_url": client_url}
        _write(self._file, content)

    def release(self) -> None:
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None


def running_database_url(data_dir: Path) -> str | None:
    """The URL of the embedded database, while an ``up`` of this data directory runs it."""
    return _published(data_dir, "database_url")


def running_client_url(data_dir: Path) -> str | None:
    """The same for other programs: host, port, user and password."""
    return _published(data_dir, "client_url")


def _published(data_dir: Path, name: str) -> str | None:
    try:
        file = os.open(data_dir / FILE, os.O_RDONLY)
    except OSError:
        return None
    try:
        if _lock(file, fcntl.LOCK_SH):
            return None
        url = _read(file).get(name)
        return url if isinstance(url, str) else None
    finally:
        os.close(file)


def _lock(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write(file: int, content: Mapping[str, object]) -> None:
    os.ftruncate(file, 0)
    os.pwrite(file, json.dumps(content).encode(), 0)


def _read(file: int) -> dict[str, object]:
    try:
        content = json.loads(os.pread(file, 4096, 0))
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
