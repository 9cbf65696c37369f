"""Log the error that ends a process as an event, where its log is JSON, for the collector."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

from service.errors import PricingError, SettingsError

PROCESSES = ("serve", "worker")


def logs_events(arguments: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Whether the command is a process whose log is JSON; a wrong setting does not matter here."""
    command = next((each for each in arguments if not each.startswith("-")), "")
    if command not in PROCESSES:
        return False
    from service.settings import read_settings, variable_name

    name = variable_name("log_format")
    with suppress(SettingsError):
        return read_settings({name: environ.get(name, "")}).log_format == "json"
    return False


def log_error(error: PricingError, traced: Exception | None) -> None:
    """One line on stderr, with the hint; ``traced``: with its traceback."""
    from service.logs import JsonLines

    text = f"{error.message} {error.hint}" if error.hint else error.message
    exc_info = None if traced is None else (type(traced), traced, traced.__traceback__)
    record = logging.LogRecord(__name__, logging.ERROR, "", 0, text, None, exc_info)
    with suppress(OSError):
        print(JsonLines().format(record), file=sys.stderr)
