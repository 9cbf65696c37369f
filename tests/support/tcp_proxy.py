"""A TCP proxy between a process and its server that can fail as networks do."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from urllib.parse import urlsplit, urlunsplit

CHUNK = 65536


class TcpProxy:
    """Forwards to ``host``:``port`` until a method below is called; a context manager.

    ``freeze()``: every connection, old or new, is accepted and read from, but gets no reply, as
    behind a firewall that has lost its state. ``freeze_at(words)``: freeze when a client sends
    these words, which the server does not get. ``thaw()``: new connections work; frozen ones stay
    dead. ``cut()``: all open connections are reset when it returns; new ones work, unless it is
    frozen.
    """

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._pairs: set[_Pair] = set()
        self._frozen = False
        self._freezing_words: bytes | None = None
        self._closing = False
        self._accepting = threading.Thread(target=self._accept, name="tcp proxy", daemon=True)

    def __enter__(self) -> TcpProxy:
        self._accepting.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closing = True
        with suppress(OSError):
            # Wakes the thread in accept(), which close() alone would not.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(10)
        self.cut()

    def url_of(self, url: str) -> str:
        """The same database URL, through this proxy."""
        parts = urlsplit(url)
        login = parts.netloc.rpartition("@")[0]
        address = f"127.0.0.1:{self.port}"
        return urlunsplit(parts._replace(netloc=f"{login}@{address}" if login else address))

    @property
    def frozen_clients(self) -> int:
        """How many clients still have a frozen connection."""
        with self._lock:
            return sum(pair.frozen.is_set() and pair.client.fileno() != -1 for pair in self._pairs)

    @property
    def connections(self) -> int:
        """How many connections are open, frozen ones too."""
        with self._lock:
            return len(self._pairs)

    def freeze(self) -> None:
        with self._lock:
            self._frozen = True
            for pair in self._pairs:
                pair.frozen.set()

    def freeze_at(self, words: bytes) -> None:
        self._freezing_words = words

    def thaw(self) -> None:
        with self._lock:
            self._frozen = False
            self._freezing_words = None

    def cut(self) -> None:
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            pair.reset()
            self._forget(pair)
        for pair in pairs:
            pair.wait_for_pumps()

    def _accept(self) -> None:
        while not self._closing:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        pair = _Pair(client, pumps=[threading.current_thread()])
        with self._lock:
            frozen = self._frozen
            if frozen:
                pair.frozen.set()
            self._pairs.add(pair)
        if self._closing:
            self.cut()
            return
        if not frozen:
            try:
                server = socket.create_connection(self._server, timeout=10)
            except OSError:
                # No server: the client gets a reset, as from the server's own machine.
                pair.reset()
                self._forget(pair)
                return
            server.settimeout(None)
            if not pair.join(server):
                return
            pump = threading.Thread(target=self._pump, args=[pair, server], daemon=True)
            pump.start()
            pair.pumps.append(pump)
        self._pump(pair, client)

    def _pump(self, pair: _Pair, source: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                words = self._freezing_words
                if words is not None and source is pair.client and words in data:
                    self.freeze()
                # Checked after the read, so that data that arrived after the freeze is dropped.
                if not pair.frozen.is_set():
                    pair.other(source).sendall(data)
        if pair.frozen.is_set():
            # The end is not passed on either: the server keeps its session, as behind a real
            # firewall.
            if source is pair.client:
                pair.client.close()
            return
        pair.close()
        self._forget(pair)

    def _forget(self, pair: _Pair) -> None:
        with self._lock:
            self._pairs.discard(pair)


@dataclass(eq=False)
class _Pair:
    """A client's connection and the matching one to the server."""

    client: socket.socket
    server: socket.socket | None = None
    frozen: threading.Event = field(default_factory=threading.Event)
    pumps: list[threading.Thread] = field(default_factory=list)
    _is_over: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def join(self, server: socket.socket) -> bool:
        """Add the connection to the server; close it and return False if the pair is over."""
        with self._lock:
            if self._is_over:
                server.close()
            else:
                self.server = server
            return not self._is_over

    def other(self, end: socket.socket) -> socket.socket:
        assert self.server is not None
        return self.server if end is self.client else self.client

    def close(self) -> None:
        for end in self._take():
            with suppress(OSError):
                # Ends the recv of the other thread, which close() alone would not.
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def reset(self) -> None:
        for end in self._take():
            with suppress(OSError):
                # Linger of zero seconds: a reset instead of an orderly end.
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                # Shut down reading only: for writing, it would send FIN before the reset.
                end.shutdown(socket.SHUT_RD)
            end.close()

    def wait_for_pumps(self) -> None:
        """Wait for the threads: a socket is reset only when the last one has left its recv."""
        for pump in self.pumps:
            if pump is not threading.current_thread():
                # A thread that is stuck in a send is abandoned.
                pump.join(1)

    def _take(self) -> list[socket.socket]:
        """The sockets to end, for the first caller only: after a reset the other must send no
        FIN."""
        with self._lock:
            ends = () if self._is_over else (self.client, self.server)
            self._is_over = True
            return [end for end in ends if end is not None]
