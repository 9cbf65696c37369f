"""Reads a secret from its variable, or from the file that ``<VARIABLE>_FILE`` names.

systemd's ``LoadCredential``, Compose and Kubernetes provide secrets as files. No error repeats the
content of a file or its path: an operator may have put the secret there instead.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping

from service.errors import SettingsError

SUFFIX = "_FILE"
# Many times the length of any URL or token.
MOST_BYTES = 16 * 1024


def naming_variable(variable: str, environ: Mapping[str, str]) -> str:
    """The variable that a secret comes from: itself, or the one that names its file."""
    by_file = variable + SUFFIX
    return by_file if environ.get(by_file) and not environ.get(variable) else variable


def read_secret(variable: str, environ: Mapping[str, str]) -> str | None:
    """The variable's value or its file's content; None if neither is set. Raises SettingsError.

    A file is read at each call, so a new secret in it needs no restart.
    """
    value, path = environ.get(variable), environ.get(variable + SUFFIX)
    if not path:
        return value or None
    if value:
        raise SettingsError(
            f"{variable} and {variable}{SUFFIX} are both set.", hint="Unset one of them."
        )
    return _read(variable + SUFFIX, path)


def _read(variable: str, path: str) -> str:
    try:
        content = _content(path)
    except _Unusable as wrong:
        raise _error(variable, str(wrong)) from None
    except OSError as error:
        raise _error(variable, f"its file cannot be read: {error.strerror}") from None
    try:
        text = content.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise _error(variable, "its file is not UTF-8") from None
    if not text:
        raise _error(variable, "its file is empty")
    if any(each in text for each in "\r\n\0"):
        raise _error(variable, "its file has more than one line, or a NUL")
    return text


class _Unusable(Exception):
    pass


def _content(path: str) -> bytes:
    # O_NONBLOCK: opening a pipe would block.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _Unusable("it does not name a regular file")
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise _Unusable(f"its file has more than {MOST_BYTES} bytes")
    return content


def _error(variable: str, sentence: str) -> SettingsError:
    return SettingsError(
        f"{variable}: {sentence}.",
        hint="It is the path of a file that the process may read, with the secret in one line and"
        " nothing else.",
    )
