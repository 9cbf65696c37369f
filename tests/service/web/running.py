"""The web server of a test: in a thread, on a free port, over real HTTP."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2
from starlette.applications import Starlette

from service.settings import Settings, read_settings
from service.web.app import create_app
from service.web.http_server.protocol import TIMEOUTS, Timeouts
from service.web.http_server.web_server import WebServer, create_server
from tests.support.processes import ADMIN_KEY
from tests.support.waiting import wait_until

TRIGGER = "/admin/pricing/scheduler/trigger"
ACTIVE = "/admin/pricing/syncs/active"
SCHEDULER = "/admin/pricing/scheduler/status"
HELD = "/admin/pricing/held"
RULES = "/admin/pricing/rules"
SHORTER_LIST = "/admin/pricing/providers/{slug}/accept-shorter-list"
OVERRIDES = "/admin/pricing/overrides"
DRIFT = "/admin/pricing/drift"
UNPRICED = "/admin/pricing/unpriced"


@dataclass
class Web:
    """A running server and a client that has the admin key."""

    url: str
    client: httpx2.Client
    app: Starlette
    server: WebServer

    def clients(self) -> list[object]:
        """Address and port of each client that is connected."""
        return [each.client for each in self.server.connections()]

    def answering(self) -> list[object]:
        """The connections on which the server is busy with an answer."""
        return [each for each in self.server.connections() if each.evictable_since() is None]

    def trigger(self, **body: object) -> httpx2.Response:
        return self.client.post(TRIGGER, json=body)

    def triggered(self, **body: object) -> str:
        """Trigger and return the job's id."""
        answer = self.trigger(**body)
        assert answer.status_code == 202, answer.text
        job_id: str = answer.json()["job_id"]
        return job_id

    def sync(self, job_id: str, **query: float) -> httpx2.Response:
        return self.client.get(f"/admin/pricing/sync/{job_id}", params=query)


def settings_for(database: str, **variables: str) -> Settings:
    return read_settings({"DATABASE_URL": database, "PRICING_ADMIN_KEY": ADMIN_KEY, **variables})


@contextmanager
def running_web(
    settings: Settings, *, listening: bool = True, timeouts: Timeouts = TIMEOUTS
) -> Iterator[Web]:
    """Serve until the block ends. ``listening``: wait until notifications arrive."""
    app = create_app(settings)
    server = create_server(app, timeouts=timeouts)
    # Naming the protocol lets asyncio turn Nagle's algorithm off; otherwise a response takes 40 ms.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    thread = threading.Thread(target=_run, args=(server, bound), name="web")
    thread.start()
    try:
        wait_until(lambda: server.started, what="the server starts")
        if listening:
            wait_until(lambda: app.state.web.changes.listening, what="the server listens")
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        with httpx2.Client(base_url=url, headers=headers, timeout=30) as client:
            yield Web(url, client, app, server)
    finally:
        server.should_exit = True
        thread.join(15)
        assert not thread.is_alive(), "the server did not stop"


@contextmanager
def listening_again(web: Web) -> Iterator[None]:
    """The block loses the listening connection; wait until a new one listens."""
    state = web.app.state.web
    before = state.database._pool
    yield
    # ``listening`` may be false only for a moment, but the pool changes for good.
    wait_until(lambda: state.database._pool not in (before, None), what="the loss is noticed")
    wait_until(lambda: state.changes.listening, what="it listens again")


def refused(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """Assert that the response is an error in the one shape; returns the error."""
    assert answer.status_code == status, answer.text
    error: dict[str, Any] = answer.json()["error"]
    assert error["code"] == code
    assert error["message"]
    assert error["hint"]
    return error


def half_sent(url: str) -> socket.socket:
    """A connection over which half of a trigger's body has been sent."""
    address = urlsplit(url)
    half = socket.create_connection((address.hostname, address.port), timeout=20)
    half.sendall(
        f"POST {TRIGGER} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {ADMIN_KEY}\r\n"
        "Content-Length: 100\r\n\r\n{}".encode()
    )
    return half


def _run(server: WebServer, bound: socket.socket) -> None:
    asyncio.run(server.serve(sockets=[bound]))
