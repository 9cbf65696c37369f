"""Read a request's body within limits, and parse it strictly."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic_core import from_json
from starlette.requests import ClientDisconnect, Request

from service.web.app_state import state_of
from service.web.requests.amounts import Number
from service.web.responses.error_responses import HttpError, bad_input

BODY_LIMIT = 64 * 1024
READ_SECONDS = 10.0

# RFC 3339 only; pydantic would also take seconds since 1970.
TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)


WHOLE = re.compile(r"[0-9]{1,10}", re.ASCII)


def read_time(value: object) -> datetime:
    """An RFC 3339 time with an offset, in UTC; ValueError for anything else."""
    if not isinstance(value, str) or not TIME.fullmatch(value):
        raise ValueError("must be a time such as 2026-11-27T12:00:00Z; in an address + is %2B")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except OverflowError:
        raise ValueError("must be a time up to the end of the year 9999") from None


TimeInput = Annotated[
    datetime,
    BeforeValidator(read_time),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


def read_seconds(value: object) -> int:
    """A whole number of seconds, as JSON or as ``Number``; ValueError for anything else."""
    text = value.text if isinstance(value, Number) else str(value)
    if not WHOLE.fullmatch(text) or isinstance(value, bool | str):
        raise ValueError("must be a whole number of seconds, up to 10 digits")
    return int(text)


# As the checks of pricing_providers; Postgres compares years as 360 days.
SHORTEST_INTERVAL_SECONDS, LONGEST_SECONDS = 300, 100 * 360 * 86400

TimeoutInput = Annotated[
    int,
    Field(ge=1, le=LONGEST_SECONDS),
    BeforeValidator(read_seconds),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": LONGEST_SECONDS}),
]
IntervalInput = Annotated[
    int,
    Field(ge=SHORTEST_INTERVAL_SECONDS, le=LONGEST_SECONDS),
    BeforeValidator(read_seconds),
    WithJsonSchema(
        {"type": "integer", "minimum": SHORTEST_INTERVAL_SECONDS, "maximum": LONGEST_SECONDS}
    ),
]


class RequestBody(BaseModel):
    """Base of the bodies: strict types, and no unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ExactBody(RequestBody):
    """Base of bodies with amounts: fields get JSON numbers as written, without a float."""


Body = TypeVar("Body", bound=RequestBody)


async def read_body(request: Request, model: type[Body]) -> Body:
    """The body as JSON, whatever its content type; an empty body is an empty object."""
    raw = (await _read_in_time(request)).strip() or b"{}"
    if issubclass(model, ExactBody):
        return validated(model, lambda: model.model_validate(as_written(raw)))
    return validated(model, lambda: model.model_validate_json(raw))


def validated(model: type[Body], read: Callable[[], Body]) -> Body:
    """What ``read`` returns; HttpError 422 for what is no JSON or not such a body."""
    try:
        return read()
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        message = f"{where}: {first['msg']}" if where else first["msg"]
    except ValueError as error:
        message = f"Invalid JSON: {error}"
    fields = ", ".join(model.model_fields)
    raise bad_input(message, hint=f"A JSON object with any of: {fields}.")


def as_written(raw: bytes) -> object:
    """JSON with its numbers as written; ValueError for invalid JSON."""
    # The strict parser first: it bounds the depth, and refuses NaN and lone surrogates.
    from_json(raw, allow_inf_nan=False)
    return json.loads(raw, parse_int=Number, parse_float=Number)


async def _read_in_time(request: Request) -> bytes:
    """The body; HttpError 408 if it takes too long, or the process ends first."""
    changes = state_of(request).changes
    timeout = asyncio.timeout(READ_SECONDS)
    try:
        async with timeout:
            # Most bodies are here already: tasks for each would cost more than to read it.
            with changes.ended_by_stop(timeout):
                return await _read_bounded(request)
    except TimeoutError:
        message = "The server is stopping." if changes.stopping else "The body came too slowly."
        raise _too_slow(message) from None


async def _read_bounded(request: Request) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > BODY_LIMIT:
        raise _too_large()
    read = bytearray()
    try:
        # Counted while reading: a chunked body declares no length.
        async for chunk in request.stream():
            read += chunk
            if len(read) > BODY_LIMIT:
                raise _too_large()
    except ClientDisconnect:
        raise bad_input("The body ended too early.") from None
    return bytes(read)


def _too_slow(message: str) -> HttpError:
    return HttpError(
        408,
        "request_timeout",
        message,
        hint=f"Nothing was done. Send it again, within {READ_SECONDS:g} seconds.",
        headers={"Connection": "close"},
    )


def _too_large() -> HttpError:
    return HttpError(
        413,
        "body_too_large",
        f"The body is larger than {BODY_LIMIT // 1024} KB.",
        hint="A body here is a small JSON object.",
        # The unread rest must not be parsed as the next request.
        headers={"Connection": "close"},
    )
