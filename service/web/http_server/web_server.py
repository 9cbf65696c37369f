"""The HTTP server: listen, limit connections, and stop in time."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import sys
from contextlib import ExitStack, suppress
from typing import cast

import uvicorn
from starlette.applications import Starlette
from uvicorn.config import STARTUP_FAILURE

from service.errors import PortTaken, SettingsError
from service.settings import Settings
from service.web.app import count_requests, create_app
from service.web.app_state import WebState
from service.web.database.job_changes import JobChanges
from service.web.envelope import Envelope
from service.web.http_server.connection_limit import LimitedAcceptor
from service.web.http_server.descriptors import connection_limit
from service.web.http_server.forked_processes import Forked, fork_processes
from service.web.http_server.protocol import TIMEOUTS, BoundedProtocol, Timeouts
from service.web.http_server.repeated_lines import RepeatedLines
from service.web.http_server.waking_server import WakingServer
from service.web.metrics.http_requests import HttpRequests
from service.web.responses.error_responses import HttpError

logger = logging.getLogger(__name__)

# Below the 10 seconds after which an orchestrator kills.
GRACE_SECONDS = 7


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; SettingsError without any admin key, PortTaken."""
    listening = _listen(settings.host, settings.port)
    most = connection_limit(settings.max_connections, of_database=settings.web_connections)
    counts = count_requests(settings.web_workers)
    _collect_less_garbage()
    forked = None
    if settings.web_workers > 1:
        # A wrong setting ends the command here, not each process again and again.
        asyncio.run(_require_startable(settings))
        _log_listening(listening)
        forked = fork_processes(settings.web_workers, stop_seconds=GRACE_SECONDS + 1)
        if forked is None:
            return
        counts.take_place(forked.place)
    with suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(_serve(settings, listening, most, counts, forked))


class WebServer(WakingServer):
    """uvicorn's server, with a limit of connections, and an end to those with slow clients."""

    def __init__(
        self,
        config: uvicorn.Config,
        changes: JobChanges,
        most_connections: int,
        timeouts: Timeouts,
        *,
        shares_port: bool,
    ) -> None:
        super().__init__(config)
        self._shares_port = shares_port
        self._changes = changes
        self._most_connections = most_connections
        self._timeouts = timeouts
        self._lines = RepeatedLines(logger)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            sys.exit(STARTUP_FAILURE)
        # uvicorn needs close() and wait_closed() of an asyncio.Server.
        self.servers = [
            LimitedAcceptor(  # type: ignore[misc]
                listening,
                self._protocol,
                self.server_state.connections,
                self._most_connections,
                self._lines,
                is_shared=self._shares_port,
            )
            for listening in sockets or []
        ]
        self.started = True

    async def on_tick(self, counter: int) -> bool:
        self._end_overdue()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Requests that wait for a job answer now, instead of being cut off.
        self._changes.stop()
        ending = asyncio.create_task(self._end_overdue_forever())
        try:
            await super().shutdown(sockets)
        finally:
            ending.cancel()
        for connection in self.connections():
            connection.abort()

    async def _end_overdue_forever(self) -> None:
        """During shutdown, when ``on_tick`` is no longer called."""
        while True:
            self._end_overdue()
            await asyncio.sleep(0.5)

    def _end_overdue(self) -> None:
        now = asyncio.get_running_loop().time()
        for connection in self.connections():
            connection.end_if_overdue(now)

    def _protocol(self) -> BoundedProtocol:
        return BoundedProtocol(
            self.config,
            self.server_state,
            self.lifespan.state,
            timeouts=self._timeouts,
            lines=self._lines,
            on_connected=self.wake,
        )

    def connections(self) -> list[BoundedProtocol]:
        found = self.server_state.connections
        return [each for each in found if isinstance(each, BoundedProtocol)]


def create_server(
    app: Starlette, *, most_connections: int | None = None, timeouts: Timeouts = TIMEOUTS
) -> WebServer:
    state: WebState = app.state.web
    config = uvicorn.Config(
        Envelope(app, state.settings, state.http_requests),
        http="h11",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    most = most_connections or state.settings.max_connections
    shares_port = state.settings.web_workers > 1
    return WebServer(config, state.changes, most, timeouts, shares_port=shares_port)


async def _serve(
    settings: Settings,
    listening: socket.socket,
    most: int,
    counts: HttpRequests,
    forked: Forked | None,
) -> None:
    loop = asyncio.get_running_loop()
    this = cast(asyncio.Task[None], asyncio.current_task())
    # A handler that raised would stop nothing where Python ignores exceptions, as in a destructor.
    loop.add_signal_handler(signal.SIGTERM, this.cancel)
    app = create_app(settings, counts)
    await _require_usable(app.state.web)
    server = create_server(app, most_connections=most)
    # Before uvicorn has its own handler; and after it, since uvicorn raises its signal again.
    loop.add_signal_handler(signal.SIGTERM, server.handle_exit, signal.SIGTERM, None)
    if forked is None:
        _log_listening(listening)
    else:
        loop.add_reader(forked.lifeline, _stop_without_parent, server, forked.lifeline)
    await server.serve(sockets=[listening])


def _stop_without_parent(server: WebServer, lifeline: int) -> None:
    """The parent ended without a signal to this process."""
    asyncio.get_running_loop().remove_reader(lifeline)
    server.handle_exit(signal.SIGTERM, None)


def _collect_less_garbage() -> None:
    """What is imported stays: it is not looked at again, nor copied by forked processes.

    A request makes some hundred objects in cycles. With Python's threshold of 700 a collection runs
    within each second request, and some within a request look at all objects.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


def _log_listening(listening: socket.socket) -> None:
    host, port = listening.getsockname()[:2]
    logger.info("listening on http://%s:%d", f"[{host}]" if ":" in host else host, port)


async def _require_startable(settings: Settings) -> None:
    state: WebState = create_app(settings).state.web
    await _require_usable(state)
    await state.database.close()


async def _require_usable(state: WebState) -> None:
    """SettingsError if the server could only refuse: without any admin key."""
    try:
        await state.database.open()
    except HttpError:
        # A database that is away is no mistake: requests get 503 until it is back.
        logger.warning("starting without the database: requests get 503")
        return
    if state.settings.admin_key is not None:
        return
    try:
        row = await state.database.row("select found from public.pricing_has_admin_key() as found")
    except HttpError as error:
        if error.code in ("database_unavailable", "locked"):
            return
        row = None
    if row is None or not row["found"]:
        await state.database.close()
        raise SettingsError(
            "There is no admin key.",
            hint="Set PRICING_ADMIN_KEY to 24 characters or more, "
            "or create a key: `pricing-sync keys create NAME`.",
        )


def _listen(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(
            host,
            port,
            type=socket.SOCK_STREAM,
            # Only with this does asyncio disable Nagle's algorithm: 2 ms a response instead of 40.
            proto=socket.IPPROTO_TCP,
            flags=socket.AI_PASSIVE,
        )
        # localhost has two addresses; people expect 127.0.0.1.
        family, kind, proto, _, address = min(found, key=lambda info: info[0] != socket.AF_INET)
        with ExitStack() as stack:
            listening = stack.enter_context(socket.socket(family, kind, proto))
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            # Listen at once: two processes may bind one port, but only one can listen.
            listening.listen()
            stack.pop_all()
            return listening
    except OSError as error:
        raise PortTaken(
            f"Cannot listen on {host} port {port}: {error.strerror}.",
            hint="Set PRICING_PORT or PRICING_HOST to another one.",
        ) from None
