"""Bearer keys: PRICING_ADMIN_KEY, or ``psk_<id>_<secret>`` from ``create_pricing_api_key``.

Each key has a role, and each route the least role that may call it (``routes.py``).
Authentication precedes routing, so a request without a key learns not even which routes exist
below ``/admin``, and its body is not read.
"""

from __future__ import annotations

import hmac
import logging
import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from service.environment.trusted_proxies import network_of
from service.settings import Settings
from service.web.app_state import WebState, state_of
from service.web.http_server.repeated_lines import RepeatedLines
from service.web.http_server.request_state import request_state_of
from service.web.requests.client_address import client_of
from service.web.responses.error_responses import HttpError
from service.web.routes.endpoint import Role, roles_from
from service.web.routes.route_table import RouteTable

STORED_KEY = re.compile(rb"psk_([0-9a-f]{12})_[0-9a-f]{64}")
# Paths that need a key unless a setting opens them.
OPENED_BY = {"/openapi.json": "open_documents", "/metrics": "open_metrics"}
HEALTH = frozenset({"/health", "/health/ready", "/health/pricing"})
IDENTITY = "pricing.identity"
_ROUTE = "pricing.route"

logger = logging.getLogger(__name__)

HINT = "Send `Authorization: Bearer <key>`; `pricing-sync keys create NAME` makes one."


@dataclass(frozen=True)
class Identity:
    """``key_id``: the key's public part; ``is_stale``: its last use should be recorded again."""

    name: str
    role: Role
    key_id: str | None = None
    is_stale: bool = False

    @property
    def caller_name(self) -> str:
        """The caller as jobs and the audit log name it."""
        return f"api:{self.name}"


class KeyRefused(HttpError):
    """401. ``claimed_id``: the id in the sent key; ``key_id``: the same if such a key exists."""

    def __init__(
        self, message: str, *, claimed_id: str | None = None, is_known: bool = False
    ) -> None:
        super().__init__(
            401,
            "unauthorized",
            message,
            hint=HINT,
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
        self.claimed_id = claimed_id
        self.key_id = claimed_id if is_known else None


class KeyMissing(KeyRefused):
    """No key was sent, which does not count as a failure."""

    def __init__(self) -> None:
        super().__init__("A key is needed.")
        self.headers["WWW-Authenticate"] = "Bearer"


def opened_paths(settings: Settings) -> frozenset[str]:
    return frozenset(path for path, setting in OPENED_BY.items() if getattr(settings, setting))


def needs_key(path: str, *, opened: frozenset[str]) -> bool:
    if path in OPENED_BY:
        return path not in opened
    return path == "/admin" or path.startswith("/admin/")


def route_of(scope: Scope) -> str | None:
    """The pattern of the requested route; None if there is no such route."""
    route: str | None = scope.get(_ROUTE)
    return route


def identity_of(request: Request) -> Identity:
    identity: Identity = request.scope[IDENTITY]
    return identity


class KeyMiddleware:
    """ASGI middleware: require a key with a sufficient role for protected paths."""

    def __init__(self, app: ASGIApp, *, table: RouteTable, opened: frozenset[str]) -> None:
        self._app = app
        self._table = table
        self._opened = opened
        self._lines = RepeatedLines(logger)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope[_ROUTE], needed = self._table.matched(scope)
        if needs_key(scope["path"], opened=self._opened):
            request = Request(scope)
            try:
                identity = await identify(_bearer_key(request), state_of(request))
            except HttpError as error:
                refused = error
                if isinstance(error, KeyRefused):
                    refused = await self._throttled(error, request)
                await refused.response()(scope, receive, send)
                return
            scope[IDENTITY] = identity
            request_state_of(scope).has_key = True
            try:
                if identity.role in roles_from(needed):
                    await self._app(scope, receive, send)
                else:
                    await _forbidden(identity.role, needed).response()(scope, receive, send)
            finally:
                if identity.key_id is not None and identity.is_stale:
                    state_of(request).key_uses.record(identity.key_id)
            return
        await self._app(scope, receive, send)

    async def _throttled(self, refused: KeyRefused, request: Request) -> HttpError:
        """Log the failure, and delay clients that fail too often; returns the response's error."""
        client = client_of(request.scope)
        whose = f" with key id {refused.key_id}" if refused.key_id is not None else ""
        self._lines.warn(
            f"{network_of(client or '')} {type(refused).__name__}",
            f"authentication failed from {client}, route {route_of(request.scope) or '-'}{whose}:"
            f" {refused.message}",
        )
        if isinstance(refused, KeyMissing):
            return refused
        wait = await state_of(request).failed_keys.delay(client, refused.claimed_id)
        if wait is None:
            return refused
        return HttpError(
            429,
            "too_many_failures",
            "Too many wrong keys came from this address, or with this key id.",
            hint="A valid key is never delayed. Correct the key that you send.",
            headers={"Retry-After": str(wait)},
        )


async def identify(key: bytes, state: WebState) -> Identity:
    """The identity of a key; HttpError 401 if there is none, 503 without the database."""
    digest = sha256(key).digest()
    key_of_settings = state.settings.admin_key
    if key_of_settings is not None:
        admin_digest = _digest_of(key_of_settings.get_secret_value())
        if hmac.compare_digest(digest, admin_digest):
            return Identity("admin", "admin")

    stored = STORED_KEY.fullmatch(key)
    if stored is None:
        raise KeyRefused("The key is not valid.")
    stored_id = stored[1].decode("ascii")
    row = await state.database.row(
        "select name, role, key_digest, is_valid, is_stale from public.pricing_api_key($1)",
        stored_id,
    )
    # An unknown id costs the same comparison as a known one.
    known = row["key_digest"] if row is not None else bytes(len(digest))
    if not hmac.compare_digest(digest, known) or row is None:
        raise KeyRefused("The key is not valid.", claimed_id=stored_id, is_known=row is not None)
    if not row["is_valid"]:
        raise KeyRefused("The key has expired or was revoked.", claimed_id=stored_id, is_known=True)
    return Identity(row["name"], row["role"], stored_id, row["is_stale"])


@lru_cache(maxsize=1)
def _digest_of(admin_key: str) -> bytes:
    return sha256(admin_key.encode()).digest()


def _bearer_key(request: Request) -> bytes:
    values = [value for name, value in request.scope["headers"] if name == b"authorization"]
    if not values:
        raise KeyMissing
    scheme, _, key = values[0].partition(b" ")
    if len(values) > 1 or scheme.lower() != b"bearer" or not key.strip():
        raise KeyRefused("The Authorization header is not a bearer key.")
    return bytes(key.strip())


def _forbidden(role: Role, needed: Role) -> HttpError:
    return HttpError(
        403,
        "forbidden",
        f"This needs a key with the role {' or '.join(roles_from(needed))}; this one has {role}.",
        hint="`pricing-sync keys list` shows the keys and their roles.",
        headers={"WWW-Authenticate": 'Bearer error="insufficient_scope"'},
    )
