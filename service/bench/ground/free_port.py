"""A port that nothing listens on, below those that the system gives to outgoing connections."""

from __future__ import annotations

import secrets

from service.embedded.tcp_access import FIRST_PORT, PORTS, is_free
from service.errors import BenchFailed

TRIES = 100


def free_port() -> int:
    for _ in range(TRIES):
        port = FIRST_PORT + secrets.randbelow(PORTS)
        if is_free(port):
            return port
    raise BenchFailed("No port is free.")
