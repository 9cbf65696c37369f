"""ETag and 304: a client that has the answer already does not get it again.

Tags are weak, because the same answer may be sent compressed or not.
"""

from __future__ import annotations

import re
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

_VARY = (b"vary", b"Accept, Accept-Encoding, Authorization")
TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')


def tagged(request: Request, response: Response) -> Response:
    """The response with its tag; 304 if the request names that tag."""
    if response.status_code != 200 or isinstance(response, StreamingResponse):
        return response
    tag = sha256(response.body).hexdigest()[:32]
    headers = [(b"etag", f'W/"{tag}"'.encode()), _VARY]
    named = b",".join(
        value for name, value in request.scope["headers"] if name == b"if-none-match"
    ).decode("latin-1")
    if named and (named.strip() == "*" or tag in TAG.findall(named)):
        response = Response(status_code=304)
    response.raw_headers += headers
    return response
