"""HTTP errors in one JSON shape.

    {"error": {"code": "bad_input", "message": "...", "hint": "..."}}

Clients decide by ``code``; ``message`` and ``hint`` are for people and may change.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from service.errors import PricingError

logger = logging.getLogger(__name__)

# What Starlette raises itself.
CODE_BY_STATUS: Mapping[int, tuple[str, str | None]] = {
    404: ("not_found", "GET /openapi.json lists every route."),
    405: ("method_not_allowed", "GET /openapi.json lists every route with its methods."),
    413: ("body_too_large", None),
}


class HttpError(PricingError):
    """An error with its status; ``details`` are further members of the ``error`` object."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        hint: str | None = None,
        headers: Mapping[str, str] | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.status = status
        self.headers = dict(headers or {})
        self.details = dict(details or {})

    def response(self) -> JSONResponse:
        error = {"code": self.code, "message": self.message, "hint": self.hint, **self.details}
        return JSONResponse({"error": error}, self.status, self.headers)


def bad_input(message: str, *, hint: str | None = None) -> HttpError:
    return HttpError(422, "bad_input", message, hint=hint)


def not_found(message: str, *, hint: str | None = None) -> HttpError:
    return HttpError(404, "not_found", message, hint=hint)


@contextmanager
def with_hints(hints: Mapping[int, str]) -> Iterator[None]:
    """Replace a function's hints, which have SQL in them, by hints for HTTP callers."""
    try:
        yield
    except HttpError as error:
        error.hint = hints.get(error.status, error.hint)
        raise


def internal_error() -> HttpError:
    return HttpError(
        500, "internal", "Unexpected error.", hint="The log of the web process has the details."
    )


async def pricing_error_response(request: Request, error: Exception) -> Response:
    if isinstance(error, HttpError):
        return error.response()
    logger.error("error without a status: %s", error, exc_info=error)
    return internal_error().response()


async def http_exception_response(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    code, hint = CODE_BY_STATUS.get(error.status_code, ("bad_input", None))
    message = {
        404: f"There is no {request.url.path}.",
        405: f"{request.url.path} does not take {request.method}.",
    }.get(error.status_code, HTTPStatus(error.status_code).phrase)
    return HttpError(error.status_code, code, message, hint=hint, headers=error.headers).response()


async def unexpected_error_response(request: Request, error: Exception) -> Response:
    """The server logs the traceback; the client gets no details."""
    return internal_error().response()
