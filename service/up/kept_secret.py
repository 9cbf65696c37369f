"""A secret that ``up`` generates once and keeps in a file of its data directory."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from service.errors import SettingsError

MIN_LENGTH = 24


def kept_secret(path: Path, name: str, *, instead: str) -> str:
    """The secret in this file, mode 0600; generated if the file is missing.

    ``name``: what it is, such as "admin key"; ``instead``: what else the operator can do.
    """
    try:
        secret = path.read_text().strip()
    except FileNotFoundError:
        return _make(path)
    except OSError as error:
        raise SettingsError(
            f"The {name} in {path} cannot be read: {error.strerror}.",
            hint=f"Make it readable for this user, or {instead}.",
        ) from error
    if len(secret) < MIN_LENGTH:
        raise SettingsError(
            f"The {name} in {path} has fewer than {MIN_LENGTH} characters.",
            hint="Remove the file: the next `pricing-sync up` makes a new one.",
        )
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    return secret


def _make(path: Path) -> str:
    secret = secrets.token_urlsafe(32)
    # Written to a new file and renamed, so that it is never half-written or readable for others.
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w") as stream:
        stream.write(secret + "\n")
    unfinished.rename(path)
    return secret
