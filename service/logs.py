"""Logs: one line a record, for people or for collectors, with the same fields in both."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

from service.settings import Settings

FIELDS = ("job_id", "provider", "attempt")

# The engine reports each job a second time, and calls one that ended with an error a success:
# our own lines say how an attempt ended.
QUIET = {"procrastinate": logging.WARNING, "httpx2": logging.WARNING, "httpcore2": logging.WARNING}


class SyncLogger(logging.LoggerAdapter[logging.Logger]):
    """A logger for one attempt: its job, provider and number are in every line.

    In the text too, because the engine's command line has a log format of its own.
    """

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        fields = dict(self.extra or {})
        kwargs["extra"] = {**fields, **kwargs.get("extra", {})}
        return f"{fields['provider']}, attempt {fields['attempt']}: {msg}", kwargs


def sync_logger(*, job_id: str, provider: str, attempt: int) -> SyncLogger:
    return SyncLogger(
        logging.getLogger("service.sync"),
        {"job_id": job_id, "provider": provider, "attempt": attempt},
    )


def configure_logging(settings: Settings) -> None:
    """Send everything to stderr: stdout belongs to what a command was asked for."""
    handler = logging.StreamHandler(sys.stderr)
    if settings.log_level != "DEBUG":
        handler.addFilter(without_engine_tracebacks)
    handler.setFormatter(JsonLines() if settings.log_format == "json" else TextLines())
    logging.basicConfig(handlers=[handler], level=settings.log_level, force=True)
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(max(level, logging.getLevelName(settings.log_level)))


def without_engine_tracebacks(record: logging.LogRecord) -> bool:
    """A lost connection is one line: the supervisor says what comes of it."""
    if record.name.startswith("procrastinate"):
        record.exc_info = record.exc_text = None
    return True


class TextLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = f"{_time(record)} {record.levelname:<7} {record.getMessage()}"
        if job_id := getattr(record, "job_id", None):
            line += f"  [job {job_id}]"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name in FIELDS:
            if hasattr(record, name):
                line[name] = getattr(record, name)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def _time(record: logging.LogRecord) -> str:
    at = datetime.fromtimestamp(record.created, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
