"""Configures logging: one line a record, as text for people or JSON for collectors.

Both have the same fields.
"""

from __future__ import annotations

import copy
import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterable, MutableMapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from service.log_context import REQUEST_ID, attempt_fields
from service.printable import escaped
from service.settings import Settings

FIELDS = ("method", "route", "status", "duration_ms", "client", "key")

# The engine logs each job a second time, and logs a failed sync as a success; our own lines say how
# an attempt ended.
QUIET = {"procrastinate": logging.WARNING, "httpx2": logging.WARNING, "httpcore2": logging.WARNING}


# The pieces of a traceback that have line breaks of their own: a frame with its code, and the text
# between two exceptions.
_OWN_LINES = re.compile(r'[ |+-]*(?:File ")|\n')


class SyncLogger(logging.LoggerAdapter[logging.Logger]):
    """A logger for one attempt: each line has its job, provider and number.

    Provider and number are in the text as well, because the engine's command line has a log format
    of its own.
    """

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        fields = dict(self.extra or {})
        kwargs["extra"] = {**fields, **kwargs.get("extra", {})}
        return f"{fields['provider']}, attempt {fields['attempt']}: {msg}", kwargs


def sync_logger(*, job_id: str, provider: str, attempt: int) -> SyncLogger:
    return SyncLogger(
        logging.getLogger("service.sync.run"),
        {"job_id": job_id, "provider": provider, "attempt": attempt},
    )


def configure_logging(settings: Settings) -> None:
    """Send everything to stderr: stdout is for the output of a command."""
    handler = logging.StreamHandler(sys.stderr)
    if settings.log_level != "DEBUG":
        handler.addFilter(without_engine_tracebacks)
    handler.setFormatter(JsonLines() if settings.log_format == "json" else TextLines())
    logging.basicConfig(handlers=[handler], level=settings.log_level, force=True)
    # No line says where in the code or in which thread it was logged (Python's logging HOWTO has
    # this under "Optimization"): a third of what a line of the access log costs.
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    # What Python would print itself, in several lines.
    logging.captureWarnings(True)
    threading.excepthook = _log_thread_error
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(max(level, logging.getLevelName(settings.log_level)))


def without_engine_tracebacks(record: logging.LogRecord) -> bool:
    """Drop the engine's tracebacks: the supervisor logs a lost connection in one line."""
    if record.name.startswith("procrastinate"):
        record.exc_info = record.exc_text = None
    return True


def _log_thread_error(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None and not isinstance(ended.exc_value, SystemExit):
        name = ended.thread.name if ended.thread is not None else "-"
        logging.getLogger(__name__).error(
            "unexpected error in thread %s", name, exc_info=ended.exc_value
        )


def format_as_set(log_format: str) -> None:
    """Replace the formatters of the engine's command line by JSON, or by some that escape too."""
    for handler in logging.getLogger().handlers:
        # Handlers of other types belong to the program that embeds the worker.
        if type(handler) is logging.StreamHandler and not isinstance(
            handler.formatter, TextLines | JsonLines | EscapedLines
        ):
            other = handler.formatter or logging.Formatter()
            handler.setFormatter(JsonLines() if log_format == "json" else EscapedLines(other))


class TextLines(logging.Formatter):
    """One line a record; a traceback follows indented: no message can look like a record."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{_time(record)} {record.levelname:<7} {escaped(record.getMessage())}"
        fields = attempt_fields(record)
        if job_id := fields.get("job_id"):
            line += f"  [job {escaped(str(job_id))}]"
        # A SyncLogger has them in its text.
        if "attempt" in fields and not hasattr(record, "attempt"):
            line += f"  [{escaped(str(fields['provider']))}, attempt {fields['attempt']}]"
        if request_id := REQUEST_ID.get():
            line += f"  [request {escaped(request_id)}]"
        if traced := _shown_exception(record):
            line += "\n" + traced
        return line


class EscapedLines(logging.Formatter):
    """Another formatter, given escaped text."""

    def __init__(self, other: logging.Formatter) -> None:
        super().__init__()
        self._other = other

    def format(self, record: logging.LogRecord) -> str:
        return self._other.format(_escaped_record(record))


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **attempt_fields(record),
        }
        for name in FIELDS:
            if hasattr(record, name):
                line[name] = getattr(record, name)
        if request_id := REQUEST_ID.get():
            line["request_id"] = request_id
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack"] = record.stack_info
        return json.dumps(line, default=str)


def _escaped_record(record: logging.LogRecord) -> logging.LogRecord:
    shown = copy.copy(record)
    shown.msg, shown.args = escaped(record.getMessage()), None
    shown.exc_text = _shown_exception(record)
    if record.stack_info:
        shown.stack_info = _indented([f"{line}\n" for line in record.stack_info.splitlines()])
    shown.exc_info = None
    return shown


def _shown_exception(record: logging.LogRecord) -> str | None:
    if record.exc_info:
        return _indented(traceback.format_exception(*record.exc_info))
    if record.exc_text:
        return _indented([f"{line}\n" for line in record.exc_text.splitlines()])
    return None


def shown_traceback(error: BaseException) -> str:
    """The traceback of an error, formatted as in the logs."""
    return _indented(traceback.format_exception(error))


def _indented(pieces: Iterable[str]) -> str:
    """Indent a traceback; its own line breaks stay, those inside a message are escaped."""
    lines: list[str] = []
    for piece in pieces:
        text = piece.removesuffix("\n")
        lines += text.split("\n") if _OWN_LINES.match(text) else [text]
    return "\n".join(f"    {escaped(line)}".rstrip() for line in lines)


def _time(record: logging.LogRecord) -> str:
    second = int(record.created)
    return f"{_second_text(second)}.{int((record.created - second) * 1000):03d}Z"


@lru_cache(maxsize=8)
def _second_text(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()[:-6]
