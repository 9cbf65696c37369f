"""The client's address, for logs, the audit log and the delay of failed keys."""

from __future__ import annotations

from starlette.types import Scope

from service.environment.trusted_proxies import TrustedProxies

_CLIENT = "pricing.client"


def note_client(scope: Scope, trusted: TrustedProxies) -> str | None:
    """Determine the client's address, and store it in the scope."""
    peer = scope["client"][0] if scope.get("client") else None
    forwarded = [
        value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"
    ]
    scope[_CLIENT] = trusted.client(peer, forwarded)
    return client_of(scope)


def client_of(scope: Scope) -> str | None:
    """An IP address; None with a Unix socket."""
    client: str | None = scope[_CLIENT]
    return client
