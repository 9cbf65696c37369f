"""Parse and check path, query and header parameters, before any query."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import UUID

from starlette.requests import Request

from service.web.requests.body import read_time
from service.web.responses.error_responses import HttpError, bad_input, not_found

LONGEST_WAIT_SECONDS = 60.0
UNKNOWN_SYNC_HINT = "The sync_id is in a trigger's answer."
# As long as a model's id may be.
LONGEST_NAME = 512
TIME_HINT = "Left out it does not count. In an address the + of an offset is written %2B."
LONGEST_USAGE = 4000

JOB_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
ROW_ID = re.compile(r"[1-9][0-9]{0,18}")
SECONDS = re.compile(r"[0-9]{1,2}(?:\.[0-9]{1,20})?")
IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,200}")


def job_id_of(request: Request) -> UUID:
    """A malformed id counts as unknown."""
    text = request.path_params["id"]
    if not JOB_ID.fullmatch(text):
        raise unknown_sync(text)
    return UUID(text)


def slug_of(request: Request) -> str:
    """The provider of the path; any text, of which the database knows the rest."""
    text: str = request.path_params["slug"]
    return text[:60]


def unknown_sync(job_id: str) -> HttpError:
    return not_found(
        f"There is no sync {job_id[:60]}.",
        hint=UNKNOWN_SYNC_HINT,
    )


def row_id_of(request: Request, what: str) -> int:
    """A malformed id counts as unknown; ``what``: the kind of row, for the message."""
    text = request.path_params["id"]
    if not ROW_ID.fullmatch(text) or int(text) >= 2**63:
        raise not_found(f"There is no {what} {text[:60]}.", hint="The lists have the ids.")
    return int(text)


def query_value(request: Request, name: str, longest: int = LONGEST_NAME) -> str | None:
    """One query parameter's text; None without it."""
    values = request.query_params.getlist(name)
    if not values:
        return None
    if len(values) > 1 or not 1 <= len(values[0]) <= longest or "\0" in values[0]:
        raise bad_input(
            f"{name} must be given once, with 1 to {longest} characters.",
            hint="Omit it for all.",
        )
    return values[0]


def queried_time(request: Request, name: str) -> datetime | None:
    text = query_value(request, name)
    if text is None:
        return None
    try:
        return read_time(text)
    except ValueError as error:
        raise bad_input(f"{name} {error}.", hint=TIME_HINT) from None


def is_dry_run(request: Request, said: bool) -> bool:
    """Whether ``dry_run`` is true in the query, or was in the body."""
    text = query_value(request, "dry_run")
    if text not in (None, "true", "false"):
        raise bad_input("dry_run must be true or false.", hint="True only shows what would change.")
    return said or text == "true"


def required_value(request: Request, name: str, longest: int = LONGEST_NAME) -> str:
    text = query_value(request, name, longest)
    if text is None:
        raise bad_input(f"{name} is missing.", hint="It is a query parameter.")
    return text


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
        hint="Repeat the request after that: each response says whether the job has finished.",
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
