"""procrastinate's connector, with bounded connections and a LISTEN that reconnects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from procrastinate import PsycopgConnector
from procrastinate.connector import Notify

from service.postgres.listener import listen_forever
from service.postgres.pool import ConnectionPool
from service.postgres.retry import Retry
from service.postgres.sessions import WorkerSessions, worker_conninfo
from service.settings import read_settings

# With so few connections, one is for a heartbeat and one for all else.
FEWEST_WITHOUT_LISTEN = 2


class PricingConnector(PsycopgConnector):
    """Opens without a connection: the first statement makes one.

    ``size`` is the size of its pool; default: what PRICING_WORKER_CONNECTIONS leaves.
    """

    def __init__(self, *, size: int | None = None) -> None:
        super().__init__(conninfo=worker_conninfo)
        self.sessions = WorkerSessions()
        self.retry = Retry()
        self._size = size

    async def open_async(self, pool: Any = None) -> None:
        if self._async_pool is None:
            self.retry = Retry()
            self.sessions.reopen()
            own = ConnectionPool(self.sessions.connect, self._size or _pool_size())
            # The engine calls only ``connection`` and ``close`` of a pool.
            await super().open_async(cast(Any, own) if pool is None else pool)
            # The engine closes a pool only if this is false, and ours must be closed.
            self._pool_externally_set = pool is not None

    def abandon_pending(self) -> None:
        """End every wait for Postgres at once: the shutdown deadline has passed."""
        self.sessions.abandon_pending("the worker stops")
        self._connections.shut_down("the worker stops")
        self.retry.expire()

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        lost = self._connections.drop_idle
        await listen_forever(self.sessions.connect, channels, on_notification, lost)

    @property
    def _connections(self) -> ConnectionPool:
        return cast(ConnectionPool, self.pool)

    @property
    def has_room_to_listen(self) -> bool:
        """Whether one of the connections is left for LISTEN."""
        return read_settings().worker_connections > FEWEST_WITHOUT_LISTEN


def _pool_size() -> int:
    """The connections without LISTEN's and without the one reserved for heartbeats."""
    connections = read_settings().worker_connections
    return connections - 1 - (connections > FEWEST_WITHOUT_LISTEN)
