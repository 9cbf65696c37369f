"""The variables of the environment that libpq reads, taken out of its reach.

psycopg (libpq) and asyncpg obey different ones of these, and differently. So they are read here
instead, once: ``address`` says which of them count, and then they count for every connection alike.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

# What libpq's documentation lists, of every version; asyncpg's are among them.
LIBPQ_VARIABLES = frozenset(
    "PG" + name
    for name in [
        "APPNAME",
        "CHANNELBINDING",
        "CLIENTENCODING",
        "CONNECT_TIMEOUT",
        "DATABASE",
        "DATESTYLE",
        "GEQO",
        "GSSDELEGATION",
        "GSSENCMODE",
        "GSSLIB",
        "HOST",
        "HOSTADDR",
        "KRBSRVNAME",
        "LOADBALANCEHOSTS",
        "LOCALEDIR",
        "MAXPROTOCOLVERSION",
        "MINPROTOCOLVERSION",
        "OAUTHDEBUG",
        "OPTIONS",
        "PASSFILE",
        "PASSWORD",
        "PORT",
        "REALM",
        "REQUIREAUTH",
        "REQUIREPEER",
        "REQUIRESSL",
        "SERVICE",
        "SERVICEFILE",
        "SSLCERT",
        "SSLCERTMODE",
        "SSLCOMPRESSION",
        "SSLCRL",
        "SSLCRLDIR",
        "SSLKEY",
        "SSLKEYLOGFILE",
        "SSLMAXPROTOCOLVERSION",
        "SSLMINPROTOCOLVERSION",
        "SSLMODE",
        "SSLNEGOTIATION",
        "SSLROOTCERT",
        "SSLSNI",
        "SYSCONFDIR",
        "TARGETSESSIONATTRS",
        "TZ",
        "USER",
    ]
)

_taken: dict[str, str] = {}


def take_libpq_variables() -> Mapping[str, str]:
    """Those that this process was given, which no library finds in the environment any more."""
    for name in LIBPQ_VARIABLES & os.environ.keys():
        _taken[name] = os.environ.pop(name)
    return _taken


def environment_of_children() -> dict[str, str]:
    """The environment as it was: a child of ours reads these variables as we do."""
    return {**os.environ, **_taken}
