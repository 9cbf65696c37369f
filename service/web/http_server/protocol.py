"""One connection: uvicorn's protocol with strict parsing, and a deadline for every wait.

uvicorn has a deadline only for idle connections: it waits for ever for a request's headers, its
body, and a client that does not read its response. The server calls ``end_if_overdue`` of each
connection twice a second, so no state needs a timer of its own.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

import h11
from starlette.types import Scope
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

from service.web.http_server.protocol_errors import raw_error_response
from service.web.http_server.repeated_lines import RepeatedLines
from service.web.http_server.request_state import RequestState, request_state_of
from service.web.http_server.strict_http import StrictConnection


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds that a connection waits for its client.

    ``idle``: between two requests, and longer than the 60 for which proxies keep a connection: they
    would send a request into one that is just being closed, and answer 502.
    ``head``: from the connection, or the first byte of a later request, to the end of its headers.
    ``body``: from there to the end of its body; handlers that read one answer 408 before.
    ``unread``: with an answer that does not go out, and longer for a large one:
    by ``slowest`` bytes a second. ``closing``: for what is still under way when the connection
    ends.
    """

    idle: int = 75
    head: float = 10.0
    body: float = 12.0
    unread: float = 20.0
    slowest: int = 8 * 1024
    closing: float = 2.0


TIMEOUTS = Timeouts()

# A third of it has to be read before more can be written. The system's own, of megabytes, would
# look for a minute as if a slow client read nothing.
SEND_BUFFER = 256 * 1024


class BoundedProtocol(H11Protocol):
    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        *,
        timeouts: Timeouts,
        lines: RepeatedLines,
        on_connected: Callable[[], None],
    ) -> None:
        super().__init__(config, server_state, app_state)
        self._on_connected = on_connected
        # ``envelope`` writes the access log.
        self.access_log = False
        self.conn: StrictConnection = StrictConnection()
        self._timeouts = timeouts
        self._lines = lines
        # Since when it waits for headers, for the rest of a body, for its response to be read.
        self._head_since: float = self.loop.time()
        self._body_since = self._head_since
        self._unread_since: float | None = None
        self._unread_until = self._head_since
        self._closing_since: float | None = None
        self._is_connected = False
        self._is_done = False

    @property
    def _answering(self) -> RequestResponseCycle | None:
        """The request that is being answered."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return None if cycle is None or cycle.response_complete else cycle

    @property
    def _is_idle(self) -> bool:
        """The last request is answered, and no byte of another one has come."""
        latest = cast("RequestResponseCycle | None", self.cycle)
        return (
            latest is not None
            and latest.response_complete
            and self.conn.their_state is h11.IDLE
            and not self.conn.has_begun
        )

    def evictable_since(self) -> float | None:
        """Since when it waits for its client, or answers a request without a key.

        None while it answers a request with a key.
        """
        if self._closing_since is not None:
            return self._closing_since
        if self._unread_since is not None:
            return self._unread_since
        answering = self._answering
        if answering is None:
            return self._head_since
        is_owed = _state_of_cycle(answering).has_key and not answering.more_body
        return None if is_owed else self._body_since

    def end_if_overdue(self, now: float) -> None:
        if not self._is_connected:
            return
        timeouts, answering = self._timeouts, self._answering
        unsent = self.transport.get_write_buffer_size()
        if unsent:
            if self._unread_since is None:
                self._unread_since = now
                self._unread_until = now + timeouts.unread + unsent / timeouts.slowest
            # The time to close counts from when everything has been sent.
            if self._closing_since is not None:
                self._closing_since = now
            if now > self._unread_until:
                self.abort()
            return
        self._unread_since = None
        if self._closing_since is None and self.transport.is_closing():
            self._closing_since = now
        if self._closing_since is not None:
            if now - self._closing_since > timeouts.closing:
                self.transport.abort()
        elif answering is None:
            if now - self._head_since > (timeouts.idle if self._is_idle else timeouts.head):
                # An incomplete request gets 408; silence, or a rest of a body, gets no response.
                sends_error = self.conn.has_begun and self.conn.their_state is h11.IDLE
                self._refuse(408, "The request did not come in time.", sends_error)
        elif answering.more_body and now - self._body_since > timeouts.body:
            self._refuse(408, "The body came too slowly.", not answering.response_started)

    def evict(self) -> None:
        """Close it for another connection, with 503 if a request waits for its response."""
        answering = self._answering
        sends_error = answering is not None and not answering.response_started
        if sends_error and not self._is_done:
            self._send_error(503, "All connections are in use.")
        self.abort()
        if answering is not None:
            _state_of_cycle(answering).cancel_unauthenticated()

    def abort(self) -> None:
        """Close it at once, without what is still unsent."""
        self._is_done = True
        # A socket accepted in this turn of the loop is connected in the next.
        if self._is_connected:
            self._give_up()
            self.transport.abort()

    # What asyncio and uvicorn call.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._is_connected = True
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        super().connection_made(transport)
        self._on_connected()
        if self._is_done:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        if not self._is_done:
            if self._is_idle:
                self._head_since = self.loop.time()
            super().data_received(data)

    def handle_events(self) -> None:
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._body_since = self.loop.time()
            self._unread_since = None
            self.cycle.transport = cast(asyncio.Transport, _CycleTransport(self.transport, self))
        refused = self.conn.refused
        if refused is not None and not self._is_done:
            status = refused.error_status_hint
            host = self.client[0] if self.client else "unknown"
            self._lines.warn("refused", f"refused from {host}, {status}: {refused.sentence}")
            answering = self._answering
            sends_error = answering is None or not answering.response_started
            self._refuse(status, refused.sentence, sends_error)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._answering is not None:
            _state_of_cycle(self._answering).is_abandoned = True

    def on_response_complete(self) -> None:
        """As uvicorn's, without its timer for an idle connection: ``end_if_overdue`` ends it."""
        self._head_since = self.loop.time()
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        # A request that was pipelined behind this one.
        if self.conn.our_state is h11.DONE and self.conn.their_state is h11.DONE:
            self.conn.start_next_cycle()
            self.handle_events()

    def resume_writing(self) -> None:
        self._unread_since = None
        super().resume_writing()

    def shutdown(self) -> None:
        if self._is_connected and not self._is_done:
            super().shutdown()

    def _should_upgrade(self) -> bool:
        # uvicorn would log two lines for each request.
        return False

    def _refuse(self, status: int, message: str, sends_error: bool) -> None:
        """Send the error if ``sends_error``, and end the connection without losing it."""
        if sends_error and not self.transport.is_closing():
            self._send_error(status, message)
        self.linger()

    def _send_error(self, status: int, message: str) -> None:
        self.transport.write(raw_error_response(status, message))
        if self._answering is not None:
            _state_of_cycle(self._answering).sent_status = status

    def linger(self) -> None:
        """End the connection after what has been written."""
        self._give_up()
        if self._closing_since is None:
            self._closing_since = self.loop.time()
        if self.transport.is_closing():
            return
        # A connection closed with unread bytes is reset, and loses the response: so for a moment
        # incoming bytes are read and dropped.
        with suppress(OSError, RuntimeError):
            self.transport.write_eof()
        self.transport.resume_reading()

    def _give_up(self) -> None:
        self._is_done = True
        self._unset_keepalive_if_required()
        answering = self._answering
        if answering is not None:
            answering.disconnected = True
            _state_of_cycle(answering).is_abandoned = True
            answering.message_event.set()
        # Wakes a task that waits to write.
        self.flow.resume_writing()


def _state_of_cycle(cycle: RequestResponseCycle) -> RequestState:
    return request_state_of(cast(Scope, cycle.scope))


class _CycleTransport:
    """The transport of one response.

    It sends the headers with the first bytes of the body, in one packet. It lingers on close, so
    that ``Connection: close`` loses no response.
    """

    def __init__(self, transport: asyncio.Transport, protocol: BoundedProtocol) -> None:
        self._transport = transport
        self._protocol = protocol
        self._head: bytes | None = None
        self._has_head = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._has_head:
            self._has_head = True
            self._head = data
            # The body may come later, or have no bytes.
            self._protocol.loop.call_soon(self._send_head)
        elif self._head is not None:
            head, self._head = self._head, None
            self._transport.write(head + data)
        elif data:
            self._transport.write(data)

    def close(self) -> None:
        self._send_head()
        self._protocol.linger()

    def _send_head(self) -> None:
        if self._head is not None:
            head, self._head = self._head, None
            self._transport.write(head)
