"""The admin key that ``up`` generates and keeps where PRICING_ADMIN_KEY is not set."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from service.errors import SettingsError

FILE = "admin-key"
MIN_LENGTH = 24


def kept_admin_key(data_dir: Path) -> str:
    """The key in ``admin-key``, mode 0600; generated if the file is missing."""
    path = data_dir / FILE
    try:
        key = path.read_text().strip()
    except FileNotFoundError:
        return _make(path)
    except OSError as error:
        raise SettingsError(
            f"The admin key in {path} cannot be read: {error.strerror}.",
            hint="Make it readable for this user, or set PRICING_ADMIN_KEY.",
        ) from error
    if len(key) < MIN_LENGTH:
        raise SettingsError(
            f"The admin key in {path} has fewer than {MIN_LENGTH} characters.",
            hint="Remove the file: the next `pricing-sync up` makes a new key.",
        )
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    return key


def _make(path: Path) -> str:
    key = secrets.token_urlsafe(32)
    # Written to a new file and renamed, so that it is never half-written or readable for others.
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w") as stream:
        stream.write(key + "\n")
    unfinished.rename(path)
    return key
