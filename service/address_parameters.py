"""Which parameters of a database's address there are: those that every driver of ours obeys alike.

The commands and the worker connect with psycopg, which is libpq, the web process with asyncpg. A
parameter that one of them would ignore is refused by name, for all of them: an address that asks
for ``require_auth`` or ``channel_binding=require`` must not be weaker in the web process.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path

VERIFYING = ("verify-ca", "verify-full")
ENCRYPTED = ("require", *VERIFYING)
TLS_VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")

# Files of the system's certificate authorities, next to what Python's own OpenSSL names.
_SYSTEM_ROOTS = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)


def _one_of(*values: str) -> Callable[[str], bool]:
    return lambda value: value in values


def _whole_number(value: str) -> bool:
    return re.fullmatch(r"[0-9]{1,9}", value) is not None


def _readable_file(value: str) -> bool:
    return Path(value).is_file() and os.access(value, os.R_OK)


def _readable_roots(value: str) -> bool:
    return value == "system" or _readable_file(value)


def _anything(value: str) -> bool:
    return True


# Parameter -> whether a value can be one of it. Those of the host, the login and the database
# are fields of the address itself.
SUPPORTED: Mapping[str, Callable[[str], bool]] = {
    "application_name": _anything,
    "fallback_application_name": _anything,
    "connect_timeout": _whole_number,
    "keepalives": _one_of("0", "1"),
    "keepalives_idle": _whole_number,
    "keepalives_interval": _whole_number,
    "keepalives_count": _whole_number,
    "tcp_user_timeout": _whole_number,
    "options": _anything,
    "passfile": _anything,
    "sslmode": _one_of("disable", "allow", "prefer", *ENCRYPTED),
    "sslnegotiation": _one_of("postgres", "direct"),
    "sslrootcert": _readable_roots,
    "sslcrl": _readable_file,
    "sslcert": _readable_file,
    "sslkey": _readable_file,
    "sslpassword": _anything,
    "ssl_min_protocol_version": _one_of(*TLS_VERSIONS),
    "ssl_max_protocol_version": _one_of(*TLS_VERSIONS),
    "target_session_attrs": _one_of(
        "any", "read-write", "read-only", "primary", "standby", "prefer-standby"
    ),
}

# What asks for nothing that a driver of ours would not do anyway is taken, and dropped.
ASKS_NOTHING: Mapping[str, tuple[str, ...]] = {
    "channel_binding": ("disable", "prefer"),
    "client_encoding": ("auto", "UTF8", "UTF-8", "utf8", "utf-8", "unicode"),
    "gssdelegation": ("0",),
    "gssencmode": ("disable", "prefer"),
    "load_balance_hosts": ("disable",),
    "sslcertmode": ("allow",),
    "sslcompression": ("0", "1"),
    "sslsni": ("1",),
}

# libpq has these too.
REFUSED = frozenset(
    [
        "channel_binding",
        "client_encoding",
        "gssdelegation",
        "gssencmode",
        "gsslib",
        "hostaddr",
        "krbsrvname",
        "load_balance_hosts",
        "max_protocol_version",
        "min_protocol_version",
        "oauth_client_id",
        "oauth_client_secret",
        "oauth_issuer",
        "oauth_scope",
        "replication",
        "require_auth",
        "requirepeer",
        "scram_client_key",
        "scram_server_key",
        "service",
        "sslcertmode",
        "sslcompression",
        "sslcrldir",
        "sslkeylogfile",
        "sslsni",
    ]
)
WHY_REFUSED: Mapping[str, str] = {
    "channel_binding": "sslmode=verify-full with sslrootcert makes sure of the server as well.",
    "require_auth": "sslmode=verify-full with sslrootcert makes sure of the server.",
    "requirepeer": "Let only the server's user write to the directory of its socket.",
    "hostaddr": "Name the address as the host, or give the name an address in /etc/hosts.",
    "service": "Name host, port, database and user.",
    "sslcrldir": "Put the revoked certificates into one file, for sslcrl.",
    "load_balance_hosts": "Hosts are tried in the order in which they are named.",
    "client_encoding": "Text is always sent as UTF8.",
}

# What can be shown; a value of any other may be a secret, or hold one.
SHOWN = frozenset(SUPPORTED) - {
    "application_name",
    "fallback_application_name",
    "options",
    "passfile",
    "sslpassword",
}


class RefusedParameter(ValueError):
    """``name`` is a parameter of libpq, never a piece of a value. ``why`` may say what to do."""

    def __init__(self, name: str, problem: str, why: str | None = None) -> None:
        super().__init__(f"{name}{problem}")
        self.name = name
        self.why = why


def judge_parameter(name: str, value: str) -> bool:
    """Whether it counts: True it does, False it asks for nothing; else RefusedParameter.

    KeyError: libpq has no parameter of this name.
    """
    if name in ASKS_NOTHING and value in ASKS_NOTHING[name]:
        return False
    if name in REFUSED:
        why = WHY_REFUSED.get(name)
        raise RefusedParameter(name, " is not supported: not every driver here would obey it", why)
    if SUPPORTED[name](value):
        return True
    if SUPPORTED[name] in (_readable_file, _readable_roots):
        raise RefusedParameter(name, " names no file that can be read")
    raise RefusedParameter(name, " has a value that it cannot have")


def with_tls_files(parameters: dict[str, str]) -> dict[str, str]:
    """The same with ``sslrootcert=system`` as a file, which both drivers can read.

    RefusedParameter: TLS parameters that do not go together.
    """
    mode = parameters.get("sslmode", "prefer")
    if parameters.get("sslnegotiation") == "direct" and mode not in ENCRYPTED:
        raise RefusedParameter("sslnegotiation", "=direct needs sslmode=require or better")
    if parameters.get("sslrootcert") != "system":
        return parameters
    if parameters.setdefault("sslmode", "verify-full") != "verify-full":
        raise RefusedParameter("sslrootcert", "=system needs sslmode=verify-full")
    for file in (ssl.get_default_verify_paths().cafile, *_SYSTEM_ROOTS):
        if file and _readable_file(file):
            return {**parameters, "sslrootcert": file}
    raise RefusedParameter("sslrootcert", "=system finds no file here", "Name one.")
