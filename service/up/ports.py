"""Find a port to listen on: the one that was chosen, or the first free one."""

from __future__ import annotations

import errno
import socket
from ipaddress import ip_address

from service.errors import NoPort, PortTaken

HIGHEST = 65535
TRIES = 100


def free_port(host: str, wished: int) -> int:
    """The first free port from ``wished`` on; NoPort if there is none, or no such host here."""
    last = min(wished + TRIES - 1, HIGHEST)
    for port in range(wished, last + 1):
        if _is_free(host, port):
            return port
    raise NoPort(
        f"All ports from {wished} to {last} are taken.", hint="Set PRICING_PORT to a free one."
    )


def require_free(host: str, port: int) -> None:
    """PortTaken if another program listens there; NoPort if there is no such host here."""
    if not _is_free(host, port):
        raise PortTaken(
            f"Port {port} of {host} is taken.",
            hint="Stop what listens there, or set PRICING_PORT to a free port; without it `up`"
            " takes the first free one from 8000 on.",
        )


def reachable_host(host: str) -> str:
    """The address by which a process of this machine reaches a server that listens on ``host``."""
    try:
        is_any = not host or ip_address(host).is_unspecified
    except ValueError:
        # A name.
        return host
    if not is_any:
        return host
    return "::1" if ":" in host else "127.0.0.1"


def web_address(host: str, port: int) -> str:
    host = reachable_host(host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _is_free(host: str, port: int) -> bool:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            return False
        raise NoPort(
            f"Cannot listen on {host}: {error.strerror}.",
            hint="Set PRICING_HOST to an address of this machine, such as 127.0.0.1.",
        ) from error
    return True
