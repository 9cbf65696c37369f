"""The embedded server's way in for other programs: a port of 127.0.0.1, with a password.

Our own processes use the socket, whose directory other users cannot enter.
"""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

from service.embedded.postgres_server import Account

HOST = "127.0.0.1"
# Below the ports that systems give to outgoing connections.
FIRST_PORT, PORTS = 15432, 10_000
TRIES = 100

RULES = f"""\
# Written at each start.
local all all trust
host all all {HOST}/32 scram-sha-256
"""


def choose_port(data_dir: Path) -> int | None:
    """The same port at each start of this data directory while it is free; None if none is."""
    digest = hashlib.sha256(os.fsencode(data_dir)).digest()
    first = int.from_bytes(digest[:4], "big") % PORTS
    for offset in range(TRIES):
        port = FIRST_PORT + (first + offset) % PORTS
        if is_free(port):
            return port
    return None


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            # Taken, or there is no such address.
            return False
    return True


def write_rules(home: Path, account: Account) -> Path:
    """The server's pg_hba.conf, which only its user can change."""
    path = home / "pg_hba.conf"
    unfinished = home / "pg_hba.conf.new"
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        os.fchown(file.fileno(), account.uid, account.gid)
        file.write(RULES)
    unfinished.rename(path)
    return path
