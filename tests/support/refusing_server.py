"""A server that speaks just enough of Postgres's protocol to refuse clients, as poolers do."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from types import TracebackType

# Requests for encryption before the start-up; the server declines both.
_SSL, _GSS = 80877103, 80877104
GARBAGE = b"HTTP/1.1 400 Bad Request\r\n\r\n"


class RefusingServer:
    """``code``: the SQLSTATE of its refusal; if empty, it responds outside Postgres's protocol.

    ``welcomes``: it accepts every login and refuses the first statement, as a pooler does that has
    no connection to the server. ``refused`` counts the refusals.
    """

    def __init__(self) -> None:
        self.code = "XX000"
        self.welcomes = False
        self.refused = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, name="refusing", daemon=True)

    @property
    def url(self) -> str:
        return f"postgresql://somebody:a-secret@127.0.0.1:{self.port}/prices"

    def __enter__(self) -> RefusingServer:
        self._accepting.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(10)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(client,), daemon=True).start()

    def _answer(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            client.settimeout(20)
            while True:
                (length,) = struct.unpack("!i", _read(client, 4))
                (asked,) = struct.unpack("!i", _read(client, length - 4)[:4])
                if asked not in (_SSL, _GSS):
                    break
                client.sendall(b"N")
            if not self.code:
                client.sendall(GARBAGE)
            else:
                if self.welcomes:
                    client.sendall(
                        _message(b"R", struct.pack("!i", 0))
                        + _message(b"S", b"server_version\x0015.0\0")
                        + _message(b"S", b"client_encoding\0UTF8\0")
                        + _message(b"K", struct.pack("!ii", 1, 1))
                        + _message(b"Z", b"I")
                    )
                    _read(client, 5)
                fields = f"SFATAL\0VFATAL\0C{self.code}\0Mno connection ({self.code})\0\0"
                client.sendall(_message(b"E", fields.encode()))
            self.refused += 1
            with suppress(OSError):
                client.shutdown(socket.SHUT_WR)
                client.recv(65536)


def _read(client: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        more = client.recv(length - len(data))
        if not more:
            raise ConnectionResetError
        data += more
    return data


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body
