"""Reads libpq's password file: ``~/.pgpass``, lines of ``host:port:database:user:password``.

Read here because libpq and asyncpg choose different lines for a socket.
"""

from __future__ import annotations

import logging
import re
import stat
from functools import cache
from pathlib import Path

logger = logging.getLogger(__name__)

_FIELD = re.compile(r"((?:[^:\\]|\\.)*)(?::|\Z)", re.DOTALL)


def default_password_file() -> Path | None:
    try:
        return Path.home() / ".pgpass"
    except RuntimeError:
        return None


def password_from_file(path: Path, *, host: str, port: int, database: str, user: str) -> str | None:
    """The password of the first matching line; None without one.

    As in libpq, a file that others may read is not used. A socket's directory matches its own name
    and ``localhost``.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            return None
        if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            _say_once(path)
            return None
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return None
    # Not str.splitlines: a password may contain its other line breaks.
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    hosts = {host, "localhost"} if host.startswith("/") else {host}
    wanted = (hosts, {str(port)}, {database}, {user})
    for line in lines:
        if line.startswith("#"):
            continue
        *names, password = _fields(line)
        if len(names) == len(wanted) and all(
            name == "*" or _plain(name) in values
            for name, values in zip(names, wanted, strict=True)
        ):
            return _plain(password) or None
    return None


@cache
def _say_once(path: Path) -> None:
    """Warn once per process, not for each connection."""
    logger.warning("The password file is not used: others may read it (chmod 600).")


def _fields(line: str) -> list[str]:
    """Up to four fields and the rest of the line, with their backslashes."""
    fields: list[str] = []
    at = 0
    while len(fields) < 4:
        found = _FIELD.match(line, at)
        if found is None or found.end() == len(line):
            return [*fields, line[at:]]
        fields.append(found[1])
        at = found.end()
    return [*fields, line[at:]]


def _plain(field: str) -> str:
    return re.sub(r"\\(.)", r"\1", field)
