"""A real HTTP server that responds as providers do, correctly or not.

In a test::

    with running_provider_server() as server:
        server.base_url("openrouter")                       # what pricing_providers.base_url gets
        server.price_of("openrouter", "openai/gpt-4o")["prompt"] = "0.000003"
        server.answer("openrouter", Answer(delay=30))       # the response from now on

From a terminal: ``python -m tests.support.provider_server --port 9000``. Then ``PUT
/_answer/openrouter`` takes the fields of ``Answer`` as JSON, ``PUT /_price/openrouter`` takes
``{"model_id": ..., "pricing": {...}}``, and ``GET /_requests`` lists the requests.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.support.provider_pages import PAGED
from tests.support.provider_shapes import SHAPES, Body, Pricing

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """The response for a path. Without ``body``: the provider's current list."""

    body: bytes | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    # Seconds before the first byte, and between the pieces of a body that drips.
    delay: float = 0
    drip: float | None = None
    encoding: str | None = None
    chunked: bool = False
    # Repeats the body: 200 MB without that memory.
    repeat: int = 1
    # Close half-way; never respond; wait for release(); send an ETag and honour If-None-Match.
    cut: bool = False
    hang: bool = False
    held: bool = False
    etag: bool = False
    # An ETag that stays when the list changes.
    sticky_etag: bool = False


@dataclass
class Request:
    """One received request; times are time.monotonic()'s, ``ended`` is None while it runs."""

    path: str
    headers: dict[str, str]
    started: float
    ended: float | None = None


class ProviderServer:
    """The server's state: each provider's responses, and the requests received."""

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        self._lock = threading.RLock()
        self._bodies: dict[str, Body] = {}
        self._answers: dict[str, list[Answer]] = {}
        self._requests: list[Request] = []
        self._running: dict[str, int] = {}
        self._peaks: dict[str, int] = {}
        self.stopping = threading.Event()
        self.released = threading.Event()
        self._http = _HTTPServer((host, port), _Handler)
        self._http.providers = self
        self.host, self.port = host, self._http.server_port

    def base_url(self, slug: str) -> str:
        """The provider's own prefix on this server."""
        return f"http://{self.host}:{self.port}/{slug}"

    def url(self, slug: str) -> str:
        """The URL of the provider's list."""
        return self.base_url(slug) + SHAPES[slug].path

    def fill(self, slug: str, n: int | None = None) -> None:
        """Replace the provider's list by ``n`` models; default: all of the catalogue's."""
        body = SHAPES[slug].body(n)
        with self._lock:
            self._bodies[slug] = body

    def body(self, slug: str) -> Body:
        """The list that the provider serves; it may be edited."""
        with self._lock:
            if slug not in self._bodies:
                self.fill(slug)
            return self._bodies[slug]

    def page(self, slug: str, query: dict[str, str]) -> bytes:
        """The bytes of the response: the list, or the requested page of it."""
        body = self.body(slug)
        return json.dumps(PAGED[slug](body, query) if slug in PAGED else body).encode()

    def price_of(self, slug: str, model_id: str) -> Pricing:
        """One model's prices as sent over the wire; assign to its keys to change them."""
        return SHAPES[slug].pricing(self.body(slug), model_id)

    def answer(self, slug: str, *answers: Answer) -> None:
        """Respond so from now on: with each of these in order, then with the last one always."""
        with self._lock:
            self._answers[slug] = list(answers) or [Answer()]

    def release(self) -> None:
        """Send the responses that wait, now and from now on."""
        self.released.set()

    def requests(self, slug: str) -> list[Request]:
        """The requests to the provider, oldest first."""
        with self._lock:
            return [request for request in self._requests if _slug(request.path) == slug]

    def peak(self, slug: str) -> int:
        """The highest number of concurrent requests to the provider."""
        return self._peaks.get(slug, 0)

    def serve(self) -> None:
        self._http.serve_forever(poll_interval=0.05)

    def stop(self) -> None:
        self.stopping.set()
        self.released.set()
        self._http.shutdown()
        self._http.server_close()

    def next_answer(self, slug: str) -> Answer:
        with self._lock:
            answers = self._answers.get(slug, [Answer()])
            return answers.pop(0) if len(answers) > 1 else answers[0]

    @contextmanager
    def recorded(self, path: str, headers: dict[str, str]) -> Iterator[None]:
        request, slug = Request(path, headers, time.monotonic()), _slug(path)
        with self._lock:
            self._requests.append(request)
            self._running[slug] = self._running.get(slug, 0) + 1
            self._peaks[slug] = max(self._peaks.get(slug, 0), self._running[slug])
        try:
            yield
        finally:
            with self._lock:
                request.ended = time.monotonic()
                self._running[slug] -= 1

    def everything_asked(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(request) for request in self._requests]


@contextmanager
def running_provider_server(port: int = 0) -> Iterator[ProviderServer]:
    """Run a server in this process, in threads of its own, on a free port."""
    server = ProviderServer(port)
    thread = threading.Thread(target=server.serve, name="provider server", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()


def gzip_bomb(mebibytes: int) -> bytes:
    """Compressed zeros, about a thousand times smaller than what they decompress to.

    The stream has no end: a client that reads that far has read too much.
    """
    squeeze = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    first, each = (
        squeeze.compress(bytes(MEBIBYTE)) + squeeze.flush(zlib.Z_FULL_FLUSH) for _ in range(2)
    )
    return first + each * (mebibytes - 1)


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True
    # Benchmarks open many connections at once.
    request_queue_size = 256
    providers: ProviderServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that hang up: tests do that on purpose."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _HTTPServer

    def do_GET(self) -> None:
        providers = self.server.providers
        if self.path == "/_requests":
            return self._send_json(providers.everything_asked())
        slug = _slug(self.path)
        with providers.recorded(self.path, {k.lower(): v for k, v in self.headers.items()}):
            answer = providers.next_answer(slug)
            if answer.hang:
                providers.stopping.wait()
                self.close_connection = True
                return
            if answer.held:
                providers.released.wait()
            if not providers.stopping.wait(answer.delay):
                self._give(answer, slug)

    def do_PUT(self) -> None:
        providers = self.server.providers
        _, command, slug = self.path.split("/", 2)
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if command == "_price":
            providers.price_of(slug, told["model_id"]).update(told["pricing"])
        else:
            if told.get("body") is not None:
                told["body"] = told["body"].encode()
            providers.answer(slug, Answer(**told))
        self._send_json({"done": True})

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing, so that only the test's output appears."""

    def _give(self, answer: Answer, slug: str) -> None:
        body = answer.body
        if body is None:
            if slug not in SHAPES or not _asks_for(self.path, f"/{slug}{SHAPES[slug].path}"):
                answer, body = Answer(status=404), b"{}"
            else:
                body = self.server.providers.page(slug, _query(self.path))
        headers = {"Content-Type": "application/json"} | answer.headers
        if answer.etag or answer.sticky_etag:
            tag = "sticky" if answer.sticky_etag else hashlib.sha256(body).hexdigest()
            headers["ETag"] = f'"{tag}"'
            if self.headers.get("If-None-Match") == headers["ETag"]:
                answer, body = Answer(status=304), b""
        if answer.encoding:
            body = gzip.compress(body) if answer.encoding == "gzip" else zlib.compress(body)
            headers["Content-Encoding"] = answer.encoding
        if answer.chunked:
            headers["Transfer-Encoding"] = "chunked"
        else:
            headers["Content-Length"] = str(len(body) * answer.repeat)
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if answer.status != 304:
            self._send_body(answer, body)

    def _send_body(self, answer: Answer, body: bytes) -> None:
        for number in range(answer.repeat):
            for piece in _pieces(body, 100 if answer.drip is not None else MEBIBYTE):
                if answer.drip is not None and self.server.providers.stopping.wait(answer.drip):
                    return
                if answer.cut and (number + 1) * 2 > answer.repeat:
                    self.wfile.write(self._framed(answer, piece[: len(piece) // 2], whole=False))
                    return self._hang_up()
                self.wfile.write(self._framed(answer, piece))
        if answer.chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _framed(self, answer: Answer, piece: bytes, *, whole: bool = True) -> bytes:
        if not answer.chunked:
            return piece
        return f"{len(piece) if whole else len(piece) * 2:x}\r\n".encode() + piece + b"\r\n"

    def _hang_up(self) -> None:
        self.wfile.flush()
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _send_json(self, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _pieces(body: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def _slug(path: str) -> str:
    return path.split("/")[1]


def _query(path: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(path).query))


def _asks_for(path: str, wanted: str) -> bool:
    """Whether this is the wanted address; the query may have more parameters, such as a page."""
    is_same_path = urlsplit(path).path == urlsplit(wanted).path
    return is_same_path and _query(wanted).items() <= _query(path).items()


def main() -> None:
    parser = argparse.ArgumentParser(description="Answer like providers do.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0, help="seconds before each answer")
    arguments = parser.parse_args()
    server = ProviderServer(arguments.port)
    for slug in SHAPES:
        server.answer(slug, Answer(delay=arguments.delay))
        print(f"{slug}: base_url {server.base_url(slug)}", flush=True)
    with suppress(KeyboardInterrupt):
        server.serve()


if __name__ == "__main__":
    main()
