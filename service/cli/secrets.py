"""Print a new secret before the transaction that creates it commits."""

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
            f"stdout is closed: the secret could not be shown. {NOTHING_CHANGED}.", hint=how
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

    After a failed write ``unchanged`` says the state, and ``how`` what to do.
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
        # Some file systems report only now that they are full; pipes and terminals cannot sync.
        with suppress(AttributeError, ValueError):
            _sync(sys.stdout.fileno())
    except OSError as error:
        # The rest of the buffer must not be written later.
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
