"""Give every request an id, its response headers, and a line of the access log; count it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.log_context import REQUEST_ID
from service.settings import Settings
from service.web.auth import HEALTH, IDENTITY, Identity, route_of
from service.web.database.database_errors import database_error
from service.web.http_server.repeated_lines import RepeatedLines
from service.web.http_server.request_id import RAW_HEADER, request_id_of
from service.web.http_server.request_state import request_state_of
from service.web.metrics.http_requests import HttpRequests
from service.web.requests.client_address import client_of, note_client

logger = logging.getLogger("service.web.access")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Envelope:
    """ASGI middleware around the whole application, including its error handling."""

    def __init__(self, app: ASGIApp, settings: Settings, requests: HttpRequests) -> None:
        self._app = app
        self._requests = requests
        self._trusted = settings.trusted_proxies
        self._is_logging = settings.access_log
        self._lines = RepeatedLines(logging.getLogger(__name__))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        request_id = request_id_of(scope["headers"])
        # Not reset, because the server logs errors later; the task ends with the request.
        REQUEST_ID.set(request_id)
        note_client(scope, self._trusted)
        state = request_state_of(scope)
        state.task = asyncio.current_task()
        status: int | None = None
        is_answered = False

        async def send_enveloped(message: Message) -> None:
            nonlocal status, is_answered
            if message["type"] == "http.response.start":
                status = state.sent_status if state.is_abandoned else message["status"]
                message["headers"] = [*message["headers"], *_headers(message, request_id)]
            elif message["type"] == "http.response.body":
                is_answered = not message.get("more_body", False)
            await send(message)

        try:
            await self._app(scope, receive, send_enveloped)
        except asyncio.CancelledError:
            # The connection was evicted, or the process stops while the database does not answer.
            if status is None and not state.is_abandoned:
                late = database_error(
                    TimeoutError("no answer before the end of the process"), self._lines
                )
                await late.response()(scope, receive, send_enveloped)
            status = status or state.sent_status
        except Exception as error:
            # After a whole response. Raising would close the connection, which the client may
            # be using for its next request.
            if not is_answered:
                raise
            logging.getLogger(__name__).error("unexpected error", exc_info=error)
        finally:
            seconds = time.monotonic() - began
            self._requests.observe(route_of(scope), status, seconds)
            if self._is_logging:
                _log(scope, status, seconds)


def _headers(message: Message, request_id: str) -> Iterator[tuple[bytes, bytes]]:
    yield RAW_HEADER, request_id.encode("ascii")
    # Prices, names of keys and errors are for this caller and this moment. What has a tag may be
    # kept, and is asked for again each time.
    is_tagged = any(name == b"etag" for name, _ in message["headers"])
    yield b"cache-control", b"private, no-cache" if is_tagged else b"no-store"
    yield b"x-content-type-options", b"nosniff"


def _log(scope: Scope, status: int | None, seconds: float) -> None:
    """Log nothing that the caller wrote: a key may be anywhere in a request."""
    identity = scope.get(IDENTITY)
    fields = {
        "method": scope["method"] if scope["method"] in METHODS else "-",
        "route": route_of(scope) or "-",
        "status": status,
        "duration_ms": round(seconds * 1000, 1),
        "client": client_of(scope),
        "key": identity.name if isinstance(identity, Identity) else None,
    }
    if job_id := request_state_of(scope).job_id:
        fields["job_id"] = job_id
    # Probes come every few seconds; the reason of a 503 is logged separately.
    logger.log(
        logging.DEBUG if fields["route"] in HEALTH else logging.INFO,
        "%s %s %s in %.1f ms from %s%s",
        fields["method"],
        fields["route"],
        status or "-",
        fields["duration_ms"],
        fields["client"],
        f" with key {fields['key']}" if fields["key"] else "",
        extra=fields,
    )
