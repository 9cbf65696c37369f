"""Send bytes over a socket that no client's library would send."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

HEAD = b"GET /health HTTP/1.1\r\nHost: test\r\n"
HEALTH = HEAD + b"\r\n"


def connected(url: str, timeout: float = 20) -> socket.socket:
    address = urlsplit(url)
    return socket.create_connection((address.hostname, address.port), timeout=timeout)


@contextmanager
def having_sent(url: str, sent: bytes) -> Iterator[socket.socket]:
    with connected(url) as connection:
        connection.sendall(sent)
        yield connection


def read_to_end(connection: socket.socket) -> bytes:
    """Read until the server ends the connection; a reset raises an error."""
    received = b""
    while data := connection.recv(65536):
        received += data
    return received


def is_over(connection: socket.socket) -> bool:
    """Read what the server has sent; returns whether it has ended the connection, in any way."""
    connection.setblocking(False)
    try:
        while connection.recv(65536):
            pass
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True


def statuses(received: bytes) -> list[int]:
    """The statuses of all responses in it."""
    return [int(each[:3]) for each in received.split(b"HTTP/1.1 ")[1:]]


def error_of(received: bytes) -> dict[str, Any]:
    error: dict[str, Any] = json.loads(received.rpartition(b"\r\n\r\n")[2])["error"]
    return error
