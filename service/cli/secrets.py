"""A secret that is shown once: written while what made it can still be undone."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import psycopg

from service.cli.streams import forget
from service.errors import DatabaseRefused, DatabaseUnavailable, SecretNotWritten
from service.postgres.connect import refusals
from service.terminal.output import Terminal

Made = TypeVar("Made")

NOTHING_CHANGED = "Nothing was changed"


def require_stdout(how: str) -> None:
    """SecretNotWritten where stdout was closed when the process was started (``>&-``)."""
    if sys.__stdout__ is None:
        raise SecretNotWritten(
            f"stdout is closed: the secret would be shown nowhere. {NOTHING_CHANGED}.", hint=how
        )


def make_and_show(
    connection: psycopg.Connection,
    make: Callable[[], Made],
    show: Callable[[Terminal, Made], None],
    *,
    unchanged: str,
    how: str,
) -> Made:
    """Commit what ``make`` made only once ``show`` has written it to stdout.

    ``unchanged`` says the state after a failure to write, ``how`` what to do then.
    """
    is_shown = False
    try:
        with refusals(), connection.transaction():
            made = make()
            _write(lambda: show(Terminal(sys.stdout), made), unchanged, how)
            is_shown = True
    except (DatabaseRefused, DatabaseUnavailable) as error:
        if is_shown:
            raise SecretNotWritten(
                f"It is not known whether the secret on stdout is valid: {error.message}",
                hint="Try it. " + how,
            ) from error
        raise
    return made


def _write(write: Callable[[], None], unchanged: str, how: str) -> None:
    try:
        write()
        sys.stdout.flush()
        # Some file systems tell only now that they are full; a pipe or a terminal has nothing to.
        with suppress(AttributeError, ValueError):
            _sync(sys.stdout.fileno())
    except OSError as error:
        # Nor may what is left in the buffer come out later.
        forget(sys.stdout)
        raise SecretNotWritten(
            f"The secret could not be written to stdout ({error.strerror}). {unchanged}",
            hint=how,
        ) from error


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
