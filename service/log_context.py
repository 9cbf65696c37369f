"""What a log line says of its surroundings: the current HTTP request, the current attempt."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from logging import LogRecord
from typing import Any

ATTEMPT_FIELDS = ("job_id", "provider", "attempt")

# Each is set for the rest of its task, so that what the engine or the server logs later has it too.
REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
_ATTEMPT: ContextVar[Mapping[str, object] | None] = ContextVar("attempt", default=None)


def note_attempt(*, job_id: str, provider: str, attempt: int) -> None:
    _ATTEMPT.set({"job_id": job_id, "provider": provider, "attempt": attempt})


def attempt_fields(record: LogRecord) -> dict[str, Any]:
    """``job_id``, ``provider`` and ``attempt``, as far as the record or its context has them."""
    context = _ATTEMPT.get() or _of_engine(record)
    own = {name: getattr(record, name) for name in ATTEMPT_FIELDS if hasattr(record, name)}
    return {**context, **own}


def _of_engine(record: LogRecord) -> Mapping[str, object]:
    """The fields in the job that a line of the engine is about."""
    job = getattr(record, "job", None)
    arguments = job.get("task_kwargs") if isinstance(job, dict) else None
    if not isinstance(job, dict) or not isinstance(arguments, dict) or "provider" not in arguments:
        return {}
    attempts = job.get("attempts")
    fields: dict[str, object] = {
        name: arguments[name] for name in ("job_id", "provider") if name in arguments
    }
    return {**fields, "attempt": attempts + 1} if isinstance(attempts, int) else fields
