"""A provider's HTTP server: answers each provider's path with the body that a scenario sets."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Answer:
    """``delay``: seconds before it. With ``etag`` an unchanged body is answered by 304."""

    body: bytes
    delay: float = 0.0
    etag: bool = False


class ListServer(ThreadingHTTPServer):
    """``answers`` has each provider's answer by the first part of the path."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__((HOST, 0), _Handler)
        self.answers: dict[str, Answer] = {}
        self.not_modified = 0

    def base_url(self, slug: str) -> str:
        return f"http://{HOST}:{self.server_port}/{slug}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is a worker that was stopped."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ListServer

    def do_GET(self) -> None:
        answer = self.server.answers.get(self.path.split("/")[1])
        if answer is None:
            return self._send(404, b"{}", {})
        if answer.delay:
            time.sleep(answer.delay)
        headers = {"Content-Type": "application/json"}
        if answer.etag:
            headers["ETag"] = f'"{hashlib.sha256(answer.body).hexdigest()}"'
            if self.headers.get("If-None-Match") == headers["ETag"]:
                self.server.not_modified += 1
                return self._send(304, b"", headers)
        return self._send(200, answer.body, headers)

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: the report is what is printed."""


@contextmanager
def running_list_server() -> Iterator[ListServer]:
    server = ListServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
