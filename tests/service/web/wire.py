"""A proxy in front of Postgres that counts what a client asks."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

# The server answers once for each of these: Sync ends an extended query, Query is a simple one.
ASKING = {b"S", b"Q"}
PROBING = b"notify "


class CountingProxy:
    """Counts the round trips of all connections, except the probe of the listening one."""

    def __init__(self, database: str) -> None:
        parts = urlsplit(database)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 5432)
        self._listening = socket.create_server(("127.0.0.1", 0))
        port = self._listening.getsockname()[1]
        login, at, _ = parts.netloc.rpartition("@")
        self.url = urlunsplit(
            parts._replace(netloc=f"{login}{at}127.0.0.1:{port}", query="sslmode=disable")
        )
        self.round_trips = 0
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        # Join the accepting thread first: then its last connection is among the sockets.
        self._threads[0].join(5)
        self._listening.close()
        for end in self._sockets:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        for end in self._sockets:
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = socket.create_connection(self._target)
            self._sockets += [client, server]
            for target, arguments in (
                (self._forward_and_count, (client, server)),
                (self._forward, (server, client)),
            ):
                thread = threading.Thread(target=target, args=arguments)
                self._threads.append(thread)
                thread.start()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def _forward_and_count(self, client: socket.socket, server: socket.socket) -> None:
        waiting = b""
        started = False
        with suppress(OSError):
            while data := client.recv(65536):
                waiting += data
                # The first message has no type; the others have one byte of type, then four of
                # length.
                while len(waiting) >= (header := 5 if started else 4):
                    size = int.from_bytes(waiting[header - 4 : header], "big") + header - 4
                    if len(waiting) < size:
                        break
                    message, waiting = waiting[:size], waiting[size:]
                    if started and message[:1] in ASKING and PROBING not in message:
                        self.round_trips += 1
                    started = True
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)


class ClingingProxy(CountingProxy):
    """With ``clings`` it forwards the server's last bytes, but not the end of the connection."""

    clings = False

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            if not self.clings:
                target.shutdown(socket.SHUT_WR)
