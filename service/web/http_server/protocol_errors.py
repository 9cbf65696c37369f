"""Error responses, as bytes, to what never becomes a request."""

from __future__ import annotations

import json
from http import HTTPStatus

from service.web.http_server.request_id import HEADER, new_request_id

CODE_BY_STATUS = {
    400: ("bad_request", "Send well-formed HTTP/1.1; the log of the web process has the details."),
    408: ("request_timeout", "Nothing was done. Send the whole request again."),
    414: ("uri_too_long", "No route here needs a long address."),
    431: ("headers_too_large", "Send fewer and shorter headers."),
    503: ("busy", "Ask again; PRICING_MAX_CONNECTIONS limits the connections."),
}
RETRY_AFTER_BUSY = 5


def raw_error_response(status: int, message: str) -> bytes:
    """A whole response; the connection ends after it."""
    code, hint = CODE_BY_STATUS[status]
    body = json.dumps({"error": {"code": code, "message": message, "hint": hint}}).encode()
    headers = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        HEADER: new_request_id(),
    }
    if status == 503:
        headers["Retry-After"] = str(RETRY_AFTER_BUSY)
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
