"""stdout and stderr, where they cannot be written any more."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TextIO


def forget(stream: TextIO) -> None:
    """Send what is still buffered nowhere, so that the interpreter's exit has nothing to say."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError):
        os.dup2(nowhere, stream.fileno())
