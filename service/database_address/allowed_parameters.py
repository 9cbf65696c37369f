"""Decides which parameters an address may have: those that psycopg and asyncpg obey alike.

Commands and worker connect with psycopg, which is libpq; the web process connects with asyncpg. A
parameter that one of them would ignore is refused by name for all processes: an address with
``require_auth`` or ``channel_binding=require`` must not be weaker in the web process.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

VERIFYING = ("verify-ca", "verify-full")
ENCRYPTED = ("require", *VERIFYING)
TLS_VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")

# Files of the system's certificate authorities, besides the one that Python's OpenSSL names.
_SYSTEM_ROOTS = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)


@dataclass(frozen=True)
class OneOf:
    values: tuple[str, ...]

    def __call__(self, value: str) -> bool:
        return value in self.values


def _one_of(*values: str) -> OneOf:
    return OneOf(values)


def _whole_number(value: str) -> bool:
    return re.fullmatch(r"[0-9]{1,9}", value) is not None


def _readable_file(value: str) -> bool:
    return Path(value).is_file() and os.access(value, os.R_OK)


def _readable_roots(value: str) -> bool:
    return value == "system" or _readable_file(value)


def _anything(value: str) -> bool:
    return True


# Parameter -> whether a value is valid. Host, login and database are fields of the address itself.
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

# Values that change nothing for either driver: accepted and dropped.
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

# Further parameters of libpq.
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

# Parameters of other programs (Prisma, JDBC, SQLAlchemy, node-postgres), found in hosters' URLs.
FOREIGN = frozenset(
    [
        "connection_limit",
        "currentSchema",
        "pgbouncer",
        "pool_timeout",
        "prepareThreshold",
        "prepared_statements",
        "schema",
        "socket_timeout",
        "ssl",
        "sslaccept",
        "sslfactory",
        "sslidentity",
        "statement_cache_size",
        "supa",
        "uselibpqcompat",
    ]
)
_LEAVE_OUT = "Leave it out"
_SURE = "sslmode=verify-full with sslrootcert=system, or with the file of your server's authority,"
WHY_REFUSED: Mapping[str, str] = {
    "channel_binding": f"{_LEAVE_OUT}: {_SURE} makes sure of the server as well.",
    "require_auth": f"{_LEAVE_OUT}: {_SURE} makes sure of the server.",
    "ssl": "Write sslmode=require, or sslmode=verify-full.",
    "sslaccept": f"{_LEAVE_OUT}: sslmode says it.",
    "schema": f"{_LEAVE_OUT}: the tables are in public.",
    "currentSchema": f"{_LEAVE_OUT}: the tables are in public.",
    "pgbouncer": f"{_LEAVE_OUT}: a pooler is noticed.",
    "connection_limit": f"{_LEAVE_OUT}: PRICING_WEB_CONNECTIONS and PRICING_WORKER_CONNECTIONS"
    " say how many there are.",
    "requirepeer": "Let only the server's user write to the directory of its socket.",
    "hostaddr": "Name the address as the host, or give the name an address in /etc/hosts.",
    "service": "Name host, port, database and user.",
    "sslcrldir": "Put the revoked certificates into one file, for sslcrl.",
    "load_balance_hosts": "Hosts are tried in the order in which they are named.",
    "client_encoding": "Text is always sent as UTF8.",
}

# Parameters whose values may be shown; other values may be or contain a secret.
SHOWN = frozenset(SUPPORTED) - {
    "application_name",
    "fallback_application_name",
    "options",
    "passfile",
    "sslpassword",
}


_NUMBER = "It is a whole number, 0 or more."


class RefusedParameter(ValueError):
    """``name`` is a known parameter, never a piece of a value. ``why`` may say what to do."""

    def __init__(self, name: str, problem: str, why: str | None = None) -> None:
        super().__init__(f"{name}{problem}")
        self.name = name
        self.why = why


def judge_parameter(name: str, value: str) -> bool:
    """True if the parameter is used, False if it changes nothing; else RefusedParameter.

    KeyError for an unknown name.
    """
    if name in ASKS_NOTHING and value in ASKS_NOTHING[name]:
        return False
    if name in REFUSED:
        why = WHY_REFUSED.get(name)
        raise RefusedParameter(name, " is not supported: not every driver here would obey it", why)
    if name in FOREIGN:
        why = WHY_REFUSED.get(name, f"{_LEAVE_OUT}.")
        raise RefusedParameter(name, " is not supported: it is another program's", why)
    can_be = SUPPORTED[name]
    if can_be(value):
        return True
    if can_be in (_readable_file, _readable_roots):
        why = "Name a file that this process may read."
        raise RefusedParameter(name, " names no file that can be read", why)
    # The hint never is to leave it out: the default of sslmode would be weaker than intended.
    why = f"It can be {', '.join(can_be.values)}." if isinstance(can_be, OneOf) else _NUMBER
    raise RefusedParameter(name, " has a value that it cannot have", why)


def with_tls_files(parameters: dict[str, str]) -> dict[str, str]:
    """Replace ``sslrootcert=system`` by a file, which both drivers can read.

    RefusedParameter for TLS parameters that contradict each other.
    """
    mode = parameters.get("sslmode", "prefer")
    if parameters.get("sslnegotiation") == "direct" and mode not in ENCRYPTED:
        raise RefusedParameter(
            "sslnegotiation", "=direct needs sslmode=require or better", "Set sslmode."
        )
    if parameters.get("sslrootcert") != "system":
        return parameters
    if parameters.setdefault("sslmode", "verify-full") != "verify-full":
        raise RefusedParameter("sslrootcert", "=system needs sslmode=verify-full", "Set sslmode.")
    for file in (ssl.get_default_verify_paths().cafile, *_SYSTEM_ROOTS):
        if file and _readable_file(file):
            return {**parameters, "sslrootcert": file}
    raise RefusedParameter("sslrootcert", "=system finds no file here", "Name one.")
