"""Decides which environment variable may be sent to which host.

An adapter's code names its variable and hosts; the worker's environment may add pairs
(``PRICING_CREDENTIAL_HOSTS``). A row of ``pricing_providers`` only chooses among these, so a login
that may change rows cannot read the secrets of a worker.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

# Credentials of the database and of our own HTTP interface, never of a provider.
_NEVER_SENT = re.compile(r"PRICING_.*|PG.*|DATABASE_URL", re.IGNORECASE | re.DOTALL)
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_HOST = re.compile(
    r"(?:(?P<name>[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)|\[(?P<ipv6>[0-9a-f:.]+)\])(?::(?P<port>[0-9]{1,5}))?",
    re.IGNORECASE,
)
_DEFAULT_PORTS = {"https": 443, "http": 80}


def is_never_sent(variable: str) -> bool:
    """Whether the variable can never be a provider's credential, whatever the settings."""
    return _NEVER_SENT.fullmatch(variable) is not None


@dataclass(frozen=True, slots=True)
class Host:
    """One host, without its subdomains; ``port`` None is the scheme's default port."""

    name: str
    port: int | None = None
    https_only: bool = True

    @classmethod
    def parse(cls, text: str, *, https_only: bool = True) -> Self:
        """Parse ``api.example.com``, ``localhost:9000`` or ``[::1]:9000``; else ValueError."""
        found = _HOST.fullmatch(text)
        if found is None:
            raise ValueError(text)
        name = (found["name"] or found["ipv6"]).lower()
        port = None if found["port"] is None else int(found["port"])
        if port is not None and not 0 < port < 65536:
            raise ValueError(text)
        return cls(name, port, https_only)

    def is_at(self, scheme: str, name: str, port: int | None) -> bool:
        """Whether a URL with these parts leads here; ``name`` is ASCII, as sent on the wire."""
        default = _DEFAULT_PORTS.get(scheme)
        if default is None or (self.https_only and scheme != "https"):
            return False
        return (self.name, self.port or default) == (name.lower(), port or default)

    def __str__(self) -> str:
        name = f"[{self.name}]" if ":" in self.name else self.name
        return name if self.port is None else f"{name}:{self.port}"


@dataclass(frozen=True, slots=True)
class CredentialHosts:
    """``PRICING_CREDENTIAL_HOSTS``: the pairs that are added to those of the adapters."""

    pairs: tuple[tuple[str, Host], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse ``VARIABLE=host,VARIABLE=host``; ValueError's sentence quotes no value."""
        return cls(tuple(_pair(each.strip()) for each in text.split(",") if each.strip()))

    def of(self, variable: str) -> tuple[Host, ...]:
        return tuple(host for named, host in self.pairs if named == variable)

    def __str__(self) -> str:
        return ",".join(f"{variable}={host}" for variable, host in self.pairs)


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret, and the only hosts that it may be sent to."""

    secret: str = field(repr=False)
    variable: str
    hosts: tuple[Host, ...]


def refusal(
    variable: str, hosts: Iterable[Host], scheme: str, name: str, port: int | None
) -> str | None:
    """Why a credential may not be sent to an address, as a sentence; None if it may."""
    if is_never_sent(variable):
        return (
            f"{variable} is never sent to a provider: its row must name another variable, or none."
        )
    if any(host.is_at(scheme, name, port) for host in hosts):
        return None
    if any(host.is_at("https", name, port) for host in hosts):
        return f"{variable} may be sent to {name} over https only."
    asked = Host(name, port)
    return (
        f"{variable} may not be sent to {asked}. If it should be, set PRICING_CREDENTIAL_HOSTS="
        f"{variable}={asked} for the workers; else correct the provider's row."
    )


def _pair(text: str) -> tuple[str, Host]:
    variable, equals, host = (each.strip() for each in text.partition("="))
    if not equals or not _VARIABLE.fullmatch(variable):
        raise ValueError("Write it as VARIABLE=host,VARIABLE=host, variables in capitals")
    if is_never_sent(variable):
        raise ValueError(f"{variable} is never sent to a provider")
    try:
        # http needs PRICING_ALLOW_PRIVATE_HOSTS as well.
        return variable, Host.parse(host, https_only=False)
    except ValueError:
        raise ValueError(
            f"The text after {variable}= is no host: write its name alone, with the port if it is"
            " not the default one; no scheme, path or pattern; an international name as xn--"
        ) from None
