"""stderr for logs; and a stdout or stderr that cannot be written any more."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from service.settings import Settings


def log_to_stderr(settings: Settings) -> None:
    from service.logs import configure_logging

    configure_logging(settings)


def forget(stream: TextIO) -> None:
    """Send the rest of the buffer to /dev/null, so that the interpreter's exit does not fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError):
        os.dup2(nowhere, stream.fileno())
