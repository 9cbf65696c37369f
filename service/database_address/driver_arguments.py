"""Builds the arguments of psycopg and asyncpg for one target, with the same meaning for both.

Each argument is named, so that neither library adds anything from the environment, a password file
or its defaults.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from service.database_address.address import DatabaseAddress
from service.database_address.allowed_parameters import SUPPORTED
from service.database_address.hosts import Target

# A path that cannot exist, so that neither library reads a password file.
_NO_FILE = f"{os.devnull}/none"
# For a key with a passphrase: without it libpq would ask at the terminal and wait.
_NO_QUESTION = "none"
# libpq's minimum in seconds, and the time instead of 0, which means for ever.
LEAST_TIMEOUT, NO_TIMEOUT = 2, 130

_TLS = tuple(name for name in SUPPORTED if name.startswith("ssl"))
_NOT_PASSED_ON = ("passfile", "fallback_application_name", "target_session_attrs")


def psycopg_arguments(
    address: DatabaseAddress, target: Target, defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """Keyword arguments of ``psycopg.connect``; the address wins over ``defaults``."""
    parameters = {k: v for k, v in address.parameters if k not in _NOT_PASSED_ON}
    if target.host.is_socket:
        parameters = {**_without_tls(parameters), "sslmode": "disable"}
    arguments = {
        "options": "",
        "sslmode": "prefer",
        "sslpassword": _NO_QUESTION,
        **defaults,
        **parameters,
        "host": target.host.name,
        "port": target.host.port,
        "user": address.user,
        "dbname": address.database,
        "password": address.password_for(target.host),
        "passfile": _NO_FILE,
        "target_session_attrs": target.session_attrs,
        "client_encoding": "UTF8",
        "gssencmode": "disable",
    }
    arguments["application_name"] = application_name(address, arguments.get("application_name", ""))
    return {name: value for name, value in arguments.items() if value is not None}


def asyncpg_arguments(
    address: DatabaseAddress, target: Target, *, name: str, seconds: float
) -> dict[str, Any]:
    """Keyword arguments of ``asyncpg.connect``.

    ``name`` is the application name and ``seconds`` the timeout, where the address has none.
    """
    parameters = dict(address.parameters)
    tls = {k: parameters[k] for k in _TLS if k in parameters} or {"sslmode": "prefer"}
    if target.host.is_socket:
        tls = {"sslmode": "disable"}
    settings = {"application_name": application_name(address, name)}
    if "options" in parameters:
        settings["options"] = parameters["options"]
    return {
        # asyncpg takes TLS parameters in no other way.
        "dsn": f"postgresql://?{urlencode({'sslmode': 'prefer', **tls}, quote_via=quote)}",
        "host": [target.host.name],
        "port": [target.host.port],
        "user": address.user,
        "database": address.database,
        "password": address.password_for(target.host),
        "passfile": _NO_FILE,
        "target_session_attrs": target.session_attrs,
        "server_settings": settings,
        "timeout": connect_seconds(address, seconds),
    }


def application_name(address: DatabaseAddress, default: str) -> str:
    return (
        address.parameter("application_name")
        or address.parameter("fallback_application_name")
        or default
    )


def connect_seconds(address: DatabaseAddress, default: float) -> float:
    """``connect_timeout`` in seconds, as libpq interprets it."""
    timeout = address.parameter("connect_timeout")
    if timeout is None:
        return default
    return max(int(timeout), LEAST_TIMEOUT) if int(timeout) else NO_TIMEOUT


def keep_alive(own: socket.socket, address: DatabaseAddress) -> None:
    """Set the keepalive options on asyncpg's socket that libpq sets on its own."""
    if own.family not in (socket.AF_INET, socket.AF_INET6):
        return
    own.setsockopt(
        socket.SOL_SOCKET, socket.SO_KEEPALIVE, int(address.parameter("keepalives") or 1)
    )
    for name, option in (
        ("keepalives_idle", "TCP_KEEPIDLE"),
        ("keepalives_interval", "TCP_KEEPINTVL"),
        ("keepalives_count", "TCP_KEEPCNT"),
        ("tcp_user_timeout", "TCP_USER_TIMEOUT"),
    ):
        value = int(address.parameter(name) or 0)
        # libpq, too, skips options that the system lacks.
        if value and hasattr(socket, option):
            own.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def _without_tls(parameters: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if name not in _TLS}
