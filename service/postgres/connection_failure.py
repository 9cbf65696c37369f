"""Explains why a connection could not be made, in a sentence without a secret.

The drivers' texts may repeat pieces of the address. The sentence names the kind of the failure and
the host as the address has it; of the drivers' text it repeats only the server's message, without
the password in any form.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import quote

from service.database_address.address import HIDDEN, DatabaseAddress
from service.database_address.hosts import Host
from service.postgres.sqlstates import INVALID_LOGIN

# In libpq's text two blanks precede the server's message, in every language.
_SERVER_SAID = re.compile(r"(?:failed|error): \S{1,40}:  (?P<said>[^\n]*)")
_NOT_AS_WANTED = re.compile(
    r"session is (?:not )?read-only|server is (?:not )?in hot standby|target attribute requirement"
)
_PARTS_LONGER_THAN = 3


def failure_of(error: BaseException, address: DatabaseAddress, host: Host) -> str:
    """A sentence without a full stop for an error of psycopg, asyncpg or the operating system."""
    text = str(error)
    where = f"the socket in {host.name}" if host.is_socket else str(host)
    if _is(error, socket.gaierror) or "failed to resolve host" in text or "translate host" in text:
        return f"cannot connect to {where}: the name cannot be resolved"
    if isinstance(error, TimeoutError) or "timeout expired" in text or "timed out" in text:
        return f"cannot connect to {where}: no answer in time"
    if _wants_password(error, text) and address.password_for(host) is None:
        return f"{where} wants a password for {address.user}, and none is given"
    said = _server_said(error, text)
    if said:
        return f"{where} says: {without_secret(said, address)}"
    if _is(error, FileNotFoundError) or ("No such file or directory" in text and host.is_socket):
        return f"there is no server's socket in {host.name}"
    if _is(error, ConnectionRefusedError) or "Connection refused" in text:
        return f"cannot connect to {where}: connection refused"
    if _is(error, ssl.SSLError) or re.search("SSL|certificate|private key", text):
        return f"TLS with {where} fails: {without_secret(_reason(text), address)}"
    if _NOT_AS_WANTED.search(text):
        return f"{where} is not as target_session_attrs wants it"
    return f"cannot connect to {where}: {without_secret(_reason(text), address)}"


def without_secret(text: str, address: DatabaseAddress) -> str:
    """The text without the password, its URL encodings, and its pieces of 4 characters or more.

    A piece that is also part of the user, the database or a host stays: those are shown anyway.
    """
    if address.password is None:
        return text
    shown = [address.user, address.database, *(host.name for host in address.hosts)]
    for secret in sorted(_forms(address.password.get_secret_value()), key=len, reverse=True):
        if secret and secret in text and not any(secret in each for each in shown):
            text = text.replace(secret, HIDDEN)
    return text


def _forms(password: str) -> Iterator[str]:
    yield password
    yield quote(password, safe="")
    yield quote(password)
    for piece in re.split(r"[\W_]+", password):
        if len(piece) > _PARTS_LONGER_THAN:
            yield piece


def _server_said(error: BaseException, text: str) -> str | None:
    if getattr(error, "sqlstate", None):
        # asyncpg's error: its first line is the server's message.
        return text.partition("\n")[0]
    found = _SERVER_SAID.search(text)
    return None if found is None else found["said"]


def _wants_password(error: BaseException, text: str) -> bool:
    return "no password supplied" in text or getattr(error, "sqlstate", None) == INVALID_LOGIN


def _is(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__
    return False


def _reason(text: str) -> str:
    """The last part of libpq's first line; the parts before it repeat the host."""
    line = next(iter(text.strip().splitlines()), "") or "no reason is known"
    return line.rpartition(" failed: ")[2].removeprefix("connection failed: ")
