"""What a request says outside of its body: checked before the database is asked."""

from __future__ import annotations

import re
from uuid import UUID

from starlette.requests import Request

from service.web.errors import HttpError, bad_input, not_found

LONGEST_WAIT_SECONDS = 60.0

JOB_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
SECONDS = re.compile(r"[0-9]{1,2}(?:\.[0-9]{1,6})?")
IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,200}")


def job_id_of(request: Request) -> UUID:
    """A malformed id is an unknown one."""
    text = request.path_params["id"]
    if not JOB_ID.fullmatch(text):
        raise unknown_sync(text)
    return UUID(text)


def unknown_sync(job_id: str) -> HttpError:
    return not_found(
        f"There is no sync {job_id[:60]}.",
        hint="The sync_id is in a trigger's answer.",
    )


def wait_seconds_of(request: Request) -> float:
    values = request.query_params.getlist("wait")
    if not values:
        return 0.0
    if len(values) == 1 and SECONDS.fullmatch(values[0]):
        seconds = float(values[0])
        if seconds <= LONGEST_WAIT_SECONDS:
            return seconds
    raise bad_input(
        f"wait must be a number of seconds from 0 to {LONGEST_WAIT_SECONDS:.0f}.",
        hint="Ask again when it is over: each answer says whether the job has finished.",
    )


def idempotency_key_of(request: Request) -> str | None:
    values = request.headers.getlist("idempotency-key")
    if not values:
        return None
    if len(values) == 1 and IDEMPOTENCY_KEY.fullmatch(values[0]):
        return values[0]
    raise bad_input(
        "Idempotency-Key must be one header of 1 to 200 visible ASCII characters.",
        hint="Use a random value, such as a UUID, for each intended trigger.",
    )
