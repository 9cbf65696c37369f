"""Bearer keys: PRICING_ADMIN_KEY, or ``psk_<id>_<secret>`` from ``create_pricing_api_key``.

Authentication comes before routing, so a request without a key learns nothing, not even which
routes exist below ``/admin``, and its body is never read.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from service.web.errors import HttpError
from service.web.state import WebState, state_of

Role = Literal["admin", "read"]

STORED_KEY = re.compile(rb"psk_([0-9a-f]{12})_[0-9a-f]{64}")
# What PRICING_OPEN_DOCUMENTS opens.
DOCUMENTS = frozenset({"/openapi.json"})
READING_METHODS = frozenset({"GET", "HEAD"})
IDENTITY = "pricing.identity"

HINT = "Send `Authorization: Bearer <key>`; make a key with select create_pricing_api_key('name')."


@dataclass(frozen=True)
class Identity:
    name: str
    role: Role

    @property
    def who(self) -> str:
        """What jobs and the audit log say of the caller."""
        return f"api:{self.name}"


def needs_key(path: str, *, open_documents: bool) -> bool:
    if path in DOCUMENTS:
        return not open_documents
    return path == "/admin" or path.startswith("/admin/")


def identity_of(request: Request) -> Identity:
    identity = request.scope[IDENTITY]
    assert isinstance(identity, Identity)
    return identity


class KeyGate:
    """ASGI middleware: nobody passes to a guarded path without a key of the right role."""

    def __init__(self, app: ASGIApp, *, open_documents: bool) -> None:
        self._app = app
        self._open_documents = open_documents

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and needs_key(
            scope["path"], open_documents=self._open_documents
        ):
            request = Request(scope)
            try:
                identity = await identify(_bearer_key(request), state_of(request))
                if identity.role == "read" and request.method not in READING_METHODS:
                    raise _forbidden()
            except HttpError as error:
                await error.response()(scope, receive, send)
                return
            scope[IDENTITY] = identity
        await self._app(scope, receive, send)


async def identify(key: bytes, state: WebState) -> Identity:
    """Whose key this is; HttpError 401 when it is nobody's, 503 when the database cannot say."""
    digest = sha256(key).digest()
    admin_key = state.settings.admin_key
    if admin_key is not None:
        admin_digest = sha256(admin_key.get_secret_value().encode()).digest()
        if hmac.compare_digest(digest, admin_digest):
            return Identity("admin", "admin")

    stored = STORED_KEY.fullmatch(key)
    if stored is None:
        raise _unauthorized("The key is not valid.")
    row = await state.database.row(
        "select name, role, key_digest, is_valid from public.pricing_api_key($1)",
        stored[1].decode("ascii"),
    )
    # An unknown id costs the same comparison as a known one.
    known = row["key_digest"] if row is not None else bytes(len(digest))
    if not hmac.compare_digest(digest, known) or row is None:
        raise _unauthorized("The key is not valid.")
    if not row["is_valid"]:
        raise _unauthorized("The key has expired or was revoked.")
    return Identity(row["name"], row["role"])


def _bearer_key(request: Request) -> bytes:
    values = [value for name, value in request.scope["headers"] if name == b"authorization"]
    if not values:
        raise _unauthorized("A key is needed.", challenge="Bearer")
    scheme, _, key = values[0].partition(b" ")
    if len(values) > 1 or scheme.lower() != b"bearer" or not key.strip():
        raise _unauthorized("The Authorization header is not a bearer key.")
    return bytes(key.strip())


def _unauthorized(message: str, *, challenge: str = 'Bearer error="invalid_token"') -> HttpError:
    return HttpError(
        401, "unauthorized", message, hint=HINT, headers={"WWW-Authenticate": challenge}
    )


def _forbidden() -> HttpError:
    return HttpError(
        403,
        "forbidden",
        "This key may only read.",
        hint="Use a key with the role admin.",
        headers={"WWW-Authenticate": 'Bearer error="insufficient_scope"'},
    )
