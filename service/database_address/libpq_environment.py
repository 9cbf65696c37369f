"""Removes libpq's variables from the environment and keeps their values.

psycopg (libpq) and asyncpg obey different ones of these, and differently. So they are read here
once; those in FIELD_VARIABLES count, for each connection alike.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

# The variables that libpq's documentation lists, of all versions; asyncpg's are among them.
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

# Field or parameter -> the variable that supplies it where the text leaves it out. No other of
# libpq's variables counts.
FIELD_VARIABLES: Mapping[str, str] = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "passfile": "PGPASSFILE",
    "sslmode": "PGSSLMODE",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcrl": "PGSSLCRL",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
    "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION",
    # Refused, as they are in the text: a request for safety must not be ignored.
    "channel_binding": "PGCHANNELBINDING",
    "gssencmode": "PGGSSENCMODE",
    "require_auth": "PGREQUIREAUTH",
    "requirepeer": "PGREQUIREPEER",
    "sslcertmode": "PGSSLCERTMODE",
    "sslcrldir": "PGSSLCRLDIR",
}
# They name a host in a way that only one of the drivers knows.
UNSUPPORTED_HOST_VARIABLES: Mapping[str, str] = {"hostaddr": "PGHOSTADDR", "service": "PGSERVICE"}

_taken: dict[str, str] = {}


def take_libpq_variables() -> Mapping[str, str]:
    """The variables of this process; they are removed from ``os.environ``."""
    for name in LIBPQ_VARIABLES & os.environ.keys():
        _taken[name] = os.environ.pop(name)
    return _taken


def environment_of_children() -> dict[str, str]:
    """The environment with the removed variables, for child processes that read them as we do."""
    return {**os.environ, **_taken}
