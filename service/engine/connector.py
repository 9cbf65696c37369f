"""How procrastinate reaches Postgres here: bounded connections, and a LISTEN that is kept up."""

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

# With so few, one is for a heartbeat and one for all else.
FEWEST_WITHOUT_LISTEN = 2


class PricingConnector(PsycopgConnector):
    """Opens without waiting for the server: whoever needs it waits, and says so.

    ``size``: of its pool, instead of what PRICING_WORKER_CONNECTIONS leaves.
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
            # It lends connections and can be closed: nothing else of a pool is asked of it.
            await super().open_async(cast(Any, own) if pool is None else pool)
            # We made it, so closing it is ours as well.
            self._pool_externally_set = pool is not None

    def abandon_pending(self) -> None:
        """End every wait for Postgres, now: a stop has no more time."""
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
        """Whether a connection can be spared for LISTEN."""
        return read_settings().worker_connections > FEWEST_WITHOUT_LISTEN


def _pool_size() -> int:
    """What is left beside LISTEN, and beside a heartbeat that finds the others in use."""
    connections = read_settings().worker_connections
    return connections - 1 - (connections > FEWEST_WITHOUT_LISTEN)
