"""Bearer keys: PRICING_ADMIN_KEY, or ``psk_<id>_<secret>`` from ``create_pricing_api_key``.

A key has a role, and each route the least role that may call it (``routes.py``).

Authentication comes before routing, so a request without a key learns nothing, not even which
routes exist below ``/admin``, and its body is never read.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from starlette.requests import Request
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from service.web.endpoint import Role, default_role, roles_from
from service.web.errors import HttpError
from service.web.state import WebState, state_of

STORED_KEY = re.compile(rb"psk_([0-9a-f]{12})_[0-9a-f]{64}")
# What PRICING_OPEN_DOCUMENTS opens.
DOCUMENTS = frozenset({"/openapi.json"})
IDENTITY = "pricing.identity"

HINT = "Send `Authorization: Bearer <key>`; `pricing-sync keys create NAME` makes one."


@dataclass(frozen=True)
class Identity:
    """``key_id``: the key's public part; ``is_stale``: its last use was not written down lately."""

    name: str
    role: Role
    key_id: str | None = None
    is_stale: bool = False

    @property
    def who(self) -> str:
        """What jobs and the audit log say of the caller."""
        return f"api:{self.name}"


def needs_key(path: str, *, open_documents: bool) -> bool:
    if path in DOCUMENTS:
        return not open_documents
    return path == "/admin" or path.startswith("/admin/")


def identity_of(request: Request) -> Identity:
    identity: Identity = request.scope[IDENTITY]
    return identity


class KeyGate:
    """ASGI middleware: nobody passes to a guarded path without a key of the right role."""

    def __init__(
        self, app: ASGIApp, *, roles: Iterable[tuple[Route, Role]], open_documents: bool
    ) -> None:
        self._app = app
        self._roles = tuple(roles)
        self._open_documents = open_documents

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and needs_key(
            scope["path"], open_documents=self._open_documents
        ):
            request = Request(scope)
            try:
                identity = await identify(_bearer_key(request), state_of(request))
            except HttpError as error:
                await error.response()(scope, receive, send)
                return
            scope[IDENTITY] = identity
            try:
                needed = self._needed_role(scope)
                if identity.role in roles_from(needed):
                    await self._app(scope, receive, send)
                else:
                    await _forbidden(identity.role, needed).response()(scope, receive, send)
            finally:
                if identity.key_id is not None and identity.is_stale:
                    state_of(request).key_uses.note(identity.key_id)
            return
        await self._app(scope, receive, send)

    def _needed_role(self, scope: Scope) -> Role:
        """As the router will match it; what is no route of ours needs what a new one would."""
        for route, role in self._roles:
            if route.matches(scope)[0] is Match.FULL:
                return role
        return default_role(scope["method"])


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
    stored_id = stored[1].decode("ascii")
    row = await state.database.row(
        "select name, role, key_digest, is_valid, is_stale from public.pricing_api_key($1)",
        stored_id,
    )
    # An unknown id costs the same comparison as a known one.
    known = row["key_digest"] if row is not None else bytes(len(digest))
    if not hmac.compare_digest(digest, known) or row is None:
        raise _unauthorized("The key is not valid.")
    if not row["is_valid"]:
        raise _unauthorized("The key has expired or was revoked.")
    return Identity(row["name"], row["role"], stored_id, row["is_stale"])


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


def _forbidden(role: Role, needed: Role) -> HttpError:
    return HttpError(
        403,
        "forbidden",
        f"This needs a key with the role {' or '.join(roles_from(needed))}; this one has {role}.",
        hint="`pricing-sync keys list` shows the keys and their roles.",
        headers={"WWW-Authenticate": 'Bearer error="insufficient_scope"'},
    )
